#include "platform/names.h"

#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <map>
#include <mutex>
#include <thread>

namespace thalweg::platform {
namespace {

using Answer = Result<std::vector<std::string>>;

// Names that are being looked up at a time; when that many servers do not answer, the next one is no help.
constexpr std::size_t kQuestionsMax = 16;

struct Waiter {
  Executor executor;
  OneShot<Answer> answer;
};

// Signals belong to the shard that waits for them.
void start_alone(std::move_only_function<void()> call) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(call));
  pthread_setname_np(thread.native_handle(), "names");
  thread.detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

Result<std::vector<std::string>> look_up_host(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto failure = [](int error) { return fail(ErrorCode::kNetworkException, ::gai_strerror(error)); };
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) return failure(error);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::vector<std::string> addresses;
  std::array<char, NI_MAXHOST> text;
  for (const addrinfo* at = found; at; at = at->ai_next) {
    if (at->ai_family != AF_INET && at->ai_family != AF_INET6) continue;
    const int error = ::getnameinfo(at->ai_addr, at->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
    if (error != 0) return failure(error);
    addresses.emplace_back(text.data());
  }
  if (addresses.empty()) return fail(ErrorCode::kNetworkException, "no addresses");
  return addresses;
}

struct Names::State {
  explicit State(HostLookup l) : lookup(std::move(l)) {}

  // On a thread of its own. Under the lock the executors of those who wait are there.
  void ask(const std::string& host) {
    const Answer answer = lookup(host);
    const std::scoped_lock lock(mutex);
    for (const Waiter& waiter : questions[host])
      boost::asio::post(waiter.executor, [answer, to = waiter.answer] { to.set(answer); });
    questions.erase(host);
  }

  const HostLookup lookup;
  std::mutex mutex;
  bool stopped = false;
  std::map<std::string, std::vector<Waiter>> questions;  // being looked up, with who wants to know
};

Names::Names(HostLookup lookup) : state_(std::make_shared<State>(std::move(lookup))) {}
Names::~Names() { stop(); }

Task<Answer> Names::find(Executor executor, Clock& clock, std::string host, Instant deadline) {
  OneShot<Answer> answer;
  {
    const std::scoped_lock lock(state_->mutex);
    auto& questions = state_->questions;
    const bool asked = questions.contains(host);
    if (state_->stopped || (!asked && questions.size() >= kQuestionsMax))
      co_return fail(ErrorCode::kNetworkException, "too many other names are being looked up");
    questions[host].push_back({std::move(executor), answer});
    if (!asked) start_alone([state = state_, host] { state->ask(host); });
  }
  const auto timer = clock.call_at(deadline, [answer] {
    answer.set(fail(ErrorCode::kNetworkException, "the name servers did not answer in time"));
  });
  co_return co_await answer.wait();
}

void Names::stop() {
  std::map<std::string, std::vector<Waiter>> dropped;
  const std::scoped_lock lock(state_->mutex);
  state_->stopped = true;
  dropped.swap(state_->questions);
}

}  // namespace thalweg::platform

// The toolkit under a broker that dies: client_workload BROKERS MESSAGES. And its replay of dead letters, to be held
// against that of the command line: client_workload BROKERS replay QUEUE GROUP [MOST], which prints how many it sent.
//
// Sends numbers to toolkit-in, has a StreamProcessor copy them to toolkit-out, and handles those; one in a hundred
// fails once, one in five hundred always, and goes to the dead letters. Ends when every number was handled or is a dead
// letter, and prints `N sent, N handled, N dead, N lost`. The broker may be killed and started meanwhile.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "thalweg/client/processor.h"

using namespace thalweg::client;

namespace {

constexpr auto kEndsWithin = std::chrono::minutes(4);

struct Tally {
  explicit Tally(int n) : messages(n) {}
  const int messages;
  std::mutex mutex;
  std::set<int> handled, dead, failed_once;

  void add(std::set<int>& to, int number) {
    const std::lock_guard lock(mutex);
    to.insert(number);
  }
  std::size_t settled() {
    const std::lock_guard lock(mutex);
    return handled.size() + dead.size();
  }
};

bool hopeless(int number) { return number % 500 == 499; }

Result<> handle(Tally& tally, const std::string& text) {
  const int number = std::atoi(text.c_str());
  if (hopeless(number)) return fail("always");
  {
    const std::lock_guard lock(tally.mutex);
    if (number % 100 == 42 && tally.failed_once.insert(number).second) return fail("once");
  }
  tally.add(tally.handled, number);
  return {};
}

int send_all(const std::string& brokers, int messages) {
  auto producer = AsyncProducer::open({.brokers = brokers, .on_error = [](const Error&) {}});
  if (!producer) return 0;
  std::atomic<int> sent{0};
  for (int i = 0; i < messages; ++i) {
    const auto count = [&](const Message&, const Result<Delivery>& result) { sent += result.has_value(); };
    (void)producer->send({.topic = "toolkit-in", .key = std::to_string(i % 97), .value = std::to_string(i)}, count,
                         60s);
    if (i % 100 == 99) (void)producer->flush(60s);  // spread over the kills
  }
  (void)producer->close(120s);
  return sent;
}

int replay(int argc, char** argv) {
  const auto sent = DeadLetterQueue::replay(
      {.brokers = argv[1]},
      {.queue = argv[3], .limit = argc > 5 ? std::strtoul(argv[5], nullptr, 10) : SIZE_MAX, .group = argv[4]});
  if (!sent) return std::fprintf(stderr, "%s\n", sent.error().message.c_str()), 1;
  std::printf("%zu\n", *sent);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 4 && std::string(argv[2]) == "replay") return replay(argc, argv);
  if (argc != 3) return std::fprintf(stderr, "usage: client_workload BROKERS MESSAGES\n"), 2;
  const std::string brokers = argv[1];
  Tally tally(std::atoi(argv[2]));
  const auto config = [&](const std::string& group) {
    return ConsumerConfig{.brokers = brokers,
                          .group = group,
                          .commit_interval = 200ms,
                          .session_timeout = 6s,
                          .on_error = [](const Error&) {}};
  };
  auto copier = StreamProcessor::open({.input = config("toolkit-copier")});
  auto consumer = Consumer::open(config("toolkit-handlers"));
  auto letters = Consumer::open(config("toolkit-letters"));
  if (!copier || !consumer || !letters) return 2;
  copier->on("toolkit-in", [](const std::string& value, Outbox& out) { return out.send("toolkit-out", value); })
      .retry({.attempts = 1'000'000, .backoff = Backoff::fixed(100ms)});
  consumer->on("toolkit-out", [&](const std::string& value) { return handle(tally, value); })
      .retry({.attempts = 3, .backoff = Backoff::fixed(20ms)})
      .dead_letters();
  letters->on("dlq.toolkit-out", [&](const std::string& value) { tally.add(tally.dead, std::atoi(value.c_str())); });

  int sent = 0;
  {
    std::jthread copying([&](std::stop_token stop) { (void)copier->run(stop); });
    std::jthread handling([&](std::stop_token stop) { (void)consumer->run(stop); });
    std::jthread reading([&](std::stop_token stop) { (void)letters->run(stop); });
    sent = send_all(brokers, tally.messages);
    const auto deadline = std::chrono::steady_clock::now() + kEndsWithin;
    while (tally.settled() < static_cast<std::size_t>(tally.messages) && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(20ms);
  }
  int lost = 0;
  for (int i = 0; i < tally.messages; ++i) lost += hopeless(i) ? !tally.dead.contains(i) : !tally.handled.contains(i);
  std::printf("%d sent, %zu handled, %zu dead, %d lost\n", sent, tally.handled.size(), tally.dead.size(), lost);
  return lost == 0 && sent == tally.messages ? 0 : 1;
}

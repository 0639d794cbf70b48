#include "platform/shard_threads.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <deque>
#include <thread>

#include "metrics/metrics.h"
#include "platform/blocking_pool.h"
#include "platform/descriptors.h"
#include "platform/os_clock.h"
#include "platform/os_disk.h"
#include "platform/os_network.h"
#include "platform/os_random.h"
#include "platform/worker_threads.h"

namespace thalweg::platform {
namespace asio = boost::asio;
namespace {

std::vector<int> usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cores;
  if (::sched_getaffinity(0, sizeof set, &set) == 0)
    for (int i = 0; i < CPU_SETSIZE; ++i)
      if (CPU_ISSET(i, &set)) cores.push_back(i);
  if (cores.empty()) cores.push_back(0);
  return cores;
}

void pin_to(std::thread& thread, int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  ::pthread_setaffinity_np(thread.native_handle(), sizeof set, &set);
}

// Of its loop, and of its listeners.
constexpr unsigned kDescriptorsPerShard = 6;

// One thread runs it (hint 1); others only post.
class Context : public asio::io_context {
 public:
  Context() : io_context(1) {}
  using execution_context::shutdown;
};

struct Seams {
  Seams(Context& context, unsigned id, OsDisk& disk, Names& names, Ports& ports, Descriptors& descriptors)
      : clock(context.get_executor()),
        network(context.get_executor(), id, clock, names, ports, descriptors),
        shard{id, context.get_executor(), clock, disk, network, random, metrics} {}
  OsClock clock;
  OsNetwork network;
  OsRandom random;
  Metrics metrics;
  const Shard shard;
};

}  // namespace

struct ShardThreads::Machinery {
  explicit Machinery(Options o)
      : options(o),
        descriptors(Descriptors::of_process(kDescriptorsPerShard * std::max(o.shards, 1u))),
        pool(o.helpers),
        names(o.lookup),
        disk(pool, descriptors->files_max()) {}

  const Options options;
  const std::unique_ptr<Descriptors> descriptors;
  std::deque<Context> contexts;
  BlockingPool pool;
  WorkerThreads workers{pool};
  Names names;
  OsDisk disk;
  Ports ports;
  std::deque<Seams> seams;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> guards;
  std::unique_ptr<asio::signal_set> signals;
  std::vector<std::thread> threads;
};

ShardThreads::ShardThreads(Options options) {
  ::signal(SIGPIPE, SIG_IGN);  // sendfile has no MSG_NOSIGNAL
  if (options.shards == 0) options.shards = static_cast<unsigned>(usable_cores().size());
  machinery_ = std::make_unique<Machinery>(options);
  auto& m = *machinery_;
  for (unsigned i = 0; i < options.shards; ++i) {
    auto& context = m.contexts.emplace_back();
    m.seams.emplace_back(context, i, m.disk, m.names, m.ports, *m.descriptors);
    m.guards.push_back(asio::make_work_guard(context));
  }
}

ShardThreads::~ShardThreads() {
  stop();
  join();
  drop_suspended();
}

Task<Result<>> ShardThreads::known_host(std::string host, Instant deadline) {
  co_return co_await machinery_->seams.front().network.known_host(std::move(host), deadline);
}

std::size_t ShardThreads::size() const { return machinery_->seams.size(); }
Workers& ShardThreads::workers() { return machinery_->workers; }
const Shard& ShardThreads::operator[](std::size_t i) const { return machinery_->seams[i].shard; }

void ShardThreads::start() {
  auto& m = *machinery_;
  CHECK(m.threads.empty());
  const auto cores = usable_cores();
  for (std::size_t i = 0; i < m.contexts.size(); ++i) {
    auto& thread = m.threads.emplace_back([&context = m.contexts[i]] { context.run(); });
    ::pthread_setname_np(thread.native_handle(), ("shard-" + std::to_string(i)).c_str());
    if (m.options.pin) pin_to(thread, cores[i % cores.size()]);
  }
}

void ShardThreads::stop() {
  for (auto& context : machinery_->contexts) context.stop();
}

void ShardThreads::join() {
  for (auto& thread : machinery_->threads) thread.join();
  machinery_->threads.clear();
}

void ShardThreads::drop_suspended() {
  auto& m = *machinery_;
  CHECK(m.threads.empty());
  m.pool.stop();
  m.names.stop();
  m.signals.reset();
  // A coroutine on one shard may own one on another, so each pass can put something into a context that was empty
  // already.
  for (int pass = 0; pass < 3; ++pass)
    for (auto& context : m.contexts) context.shutdown();
}

void ShardThreads::on_stop_signal(std::move_only_function<void(int)> call) {
  auto& m = *machinery_;
  m.signals = std::make_unique<asio::signal_set>(m.contexts.front(), SIGINT, SIGTERM);
  // A terminal that is closed; nohup has it ignored, and then it stays so.
  struct sigaction hangup{};
  if (::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) m.signals->add(SIGHUP);
  struct Wait {
    asio::signal_set& signals;
    std::shared_ptr<std::move_only_function<void(int)>> call;
    void operator()(const boost::system::error_code& error, int signal) const {
      if (error) return;
      (*call)(signal);
      signals.async_wait(*this);
    }
  };
  m.signals->async_wait(Wait{*m.signals, std::make_shared<std::move_only_function<void(int)>>(std::move(call))});
}

void run_on(const Shard& shard, Task<> task) {
  std::promise<void> promise;
  auto done = promise.get_future();
  asio::co_spawn(shard.executor, std::move(task), [&promise](std::exception_ptr failure) {
    if (failure)
      promise.set_exception(failure);
    else
      promise.set_value();
  });
  done.get();
}

}  // namespace thalweg::platform

// All that is real: one io_context and thread per shard with its seams, and the helpers for calls that block.
//
// Order at the end: stop(), join(), drop_suspended(), then destroy what ran on the shards, then this. drop_suspended()
// destroys every coroutine that still waits, so objects that coroutines refer to outlive them.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "platform/names.h"
#include "runtime/shard.h"
#include "runtime/workers.h"

namespace thalweg::platform {

class ShardThreads {
 public:
  struct Options {
    unsigned shards = 0;   // 0: one per core that this process may use
    bool pin = false;      // each thread to one core
    unsigned helpers = 4;  // threads for each kind of call that blocks, see BlockingPool
    HostLookup lookup = look_up_host;
  };
  explicit ShardThreads(Options options);
  ~ShardThreads();

  std::size_t size() const;
  // The same object until the end; shared by all who run there.
  const Shard& operator[](std::size_t i) const;
  // For long work of all shards.
  Workers& workers();

  void start();
  // Makes every shard return from its work soon. From any thread, also from a shard.
  void stop();
  void join();
  // REQUIRES: joined, or never started
  void drop_suspended();

  // Whether there is an address for the host, or the reason why not. On shard 0.
  Task<Result<>> known_host(std::string host, Instant deadline);

  // Calls on shard 0 with SIGINT, SIGTERM or SIGHUP, each time one arrives. Call before start().
  void on_stop_signal(std::move_only_function<void(int)> call);

 private:
  struct Machinery;
  std::unique_ptr<Machinery> machinery_;
};

// Runs a coroutine on a running shard and waits for what it returns. For main() and tests; never call it on a shard.
template <class T>
T run_on(const Shard& shard, Task<T> task) {
  std::promise<T> promise;
  auto result = promise.get_future();
  boost::asio::co_spawn(shard.executor, std::move(task), [&promise](std::exception_ptr failure, T value) {
    if (failure)
      promise.set_exception(failure);
    else
      promise.set_value(std::move(value));
  });
  return result.get();
}
void run_on(const Shard& shard, Task<> task);

}  // namespace thalweg::platform

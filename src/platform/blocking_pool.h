// A few threads for calls that block: fdatasync, cold reads, name resolution. Shared by all shards; thread-safe.
#pragma once

#include <boost/asio/async_result.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/task.h"

namespace thalweg::platform {

class BlockingPool {
 public:
  explicit BlockingPool(unsigned threads);
  ~BlockingPool() { stop(); }

  // Runs `job` on a helper and brings its result back to the awaiting coroutine's executor. What the job refers to must
  // live until it ends, also when the coroutine is destroyed: capture owners by value.
  template <class F>
  Task<std::invoke_result_t<F&>> run(F job) {
    using R = std::invoke_result_t<F&>;
    co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(R)>(
        Start<F>{this, std::move(job)}, boost::asio::use_awaitable);
  }
  // Waits for what is running, drops what is not. Idempotent.
  void stop();

 private:
  using Job = std::move_only_function<void()>;
  template <class F>
  struct Start {
    BlockingPool* pool;
    F job;
    template <class Handler>
    void operator()(Handler handler) {
      auto executor = boost::asio::get_associated_executor(handler);
      pool->push([h = std::move(handler), executor, j = std::move(job)]() mutable {
        auto result = j();
        boost::asio::post(executor, [h = std::move(h), r = std::move(result)]() mutable { h(std::move(r)); });
      });
    }
  };
  void push(Job job);
  void work();

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace thalweg::platform

// A few threads for calls that block, fdatasync and cold reads, and for long work of the processor. Shared by all
// shards; thread-safe.
//
// Each lane has its own threads and its own queue, so that a vote of the quorum never waits behind consumers who read
// old records, and a produce never behind the removal of a large file. Threads start when they are first needed.
#pragma once

#include <array>
#include <boost/asio/async_result.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "runtime/task.h"

namespace thalweg::platform {

enum class Lane {
  kUrgent,  // small writes that everything waits for: the metadata log
  kSync,    // data on its way to the disk
  kRead,    // data that is not in memory
  kOther,   // files to remove
  kWork,    // Workers: computes, and gives shards precedence
};

class BlockingPool {
 public:
  // `threads` for each of kSync and kRead; the others have one or two. `queue_max`: how many jobs may wait in kRead and
  // in kOther. The others are bounded by who asks: a log has one sync under way, and so has the quorum.
  explicit BlockingPool(unsigned threads, std::size_t queue_max = 4096);
  ~BlockingPool() { stop(); }

  // Runs `job` on a helper and brings its result back to the awaiting coroutine's executor. What the job refers to must
  // live until it ends, also when the coroutine is destroyed: capture owners by value. A job that gives a Result is
  // refused when too many wait already (kKafkaStorageError); others are not.
  template <class F>
  Task<std::invoke_result_t<F&>> run(Lane lane, F job) {
    using R = std::invoke_result_t<F&>;
    if constexpr (std::is_constructible_v<R, std::unexpected<Error>>)
      if (is_full(lane)) co_return std::unexpected(busy());
    co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(R)>(
        Start<F>{this, lane, std::move(job)}, boost::asio::use_awaitable);
  }
  // Waits for what is running, drops what is not. Idempotent.
  void stop();

 private:
  using Job = std::move_only_function<void()>;
  template <class F>
  struct Start {
    BlockingPool* pool;
    Lane lane;
    F job;
    template <class Handler>
    void operator()(Handler handler) {
      auto executor = boost::asio::get_associated_executor(handler);
      pool->push(lane, [h = std::move(handler), executor, j = std::move(job)]() mutable {
        auto result = j();
        boost::asio::post(executor, [h = std::move(h), r = std::move(result)]() mutable { h(std::move(r)); });
      });
    }
  };
  struct Queue {
    unsigned threads_max = 0;
    std::size_t jobs_max = 0;
    std::condition_variable ready;
    std::deque<Job> jobs;
    std::size_t idle = 0;  // threads that wait for a job
    std::vector<std::thread> threads;
  };
  Queue& queue_of(Lane lane) { return queues_[static_cast<std::size_t>(lane)]; }
  bool is_full(Lane lane);
  static Error busy();
  void push(Lane lane, Job job);
  void start_thread(Queue& queue);
  bool yields_to_shards(const Queue& queue) const { return &queue == &queues_[static_cast<std::size_t>(Lane::kWork)]; }
  void work(Queue& queue);

  std::mutex mutex_;
  std::array<Queue, 5> queues_;
  bool stopping_ = false;
};

}  // namespace thalweg::platform

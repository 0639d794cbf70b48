#include "platform/blocking_pool.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <limits>

namespace thalweg::platform {

BlockingPool::BlockingPool(unsigned threads, std::size_t queue_max) {
  constexpr unsigned kOthers = 2;
  queue_of(Lane::kUrgent).threads_max = 1;
  queue_of(Lane::kSync).threads_max = queue_of(Lane::kRead).threads_max = threads;
  queue_of(Lane::kOther).threads_max = std::min(threads, kOthers);
  queue_of(Lane::kWork).threads_max = kOthers;
  for (Queue& queue : queues_) queue.jobs_max = std::numeric_limits<std::size_t>::max();
  queue_of(Lane::kRead).jobs_max = queue_of(Lane::kOther).jobs_max = queue_max;
}

bool BlockingPool::is_full(Lane lane) {
  const std::scoped_lock lock(mutex_);
  return queue_of(lane).jobs.size() >= queue_of(lane).jobs_max;
}

Error BlockingPool::busy() {
  return {ErrorCode::kKafkaStorageError, "too many requests wait for the disk already; try again"};
}

void BlockingPool::push(Lane lane, Job job) {
  Queue& queue = queue_of(lane);
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return;  // the job is destroyed, and with it the coroutine that waits for it
    queue.jobs.push_back(std::move(job));
    if (queue.jobs.size() > queue.idle && queue.threads.size() < queue.threads_max) start_thread(queue);
  }
  queue.ready.notify_one();
}

// Signals belong to the shard that waits for them.
void BlockingPool::start_thread(Queue& queue) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  queue.threads.emplace_back([this, &queue] {
    constexpr int kNice = 10;
    if (yields_to_shards(queue)) ::setpriority(PRIO_PROCESS, id_t(::gettid()), kNice);  // on Linux of the thread alone
    work(queue);
  });
  pthread_setname_np(queue.threads.back().native_handle(), "blocking");
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void BlockingPool::work(Queue& queue) {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      ++queue.idle;
      queue.ready.wait(lock, [&] { return stopping_ || !queue.jobs.empty(); });
      --queue.idle;
      if (stopping_) return;
      job = std::move(queue.jobs.front());
      queue.jobs.pop_front();
    }
    job();
  }
}

void BlockingPool::stop() {
  std::vector<Job> dropped;
  std::vector<std::thread> threads;
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    for (Queue& queue : queues_) {
      for (Job& job : queue.jobs) dropped.push_back(std::move(job));
      for (std::thread& thread : queue.threads) threads.push_back(std::move(thread));
      queue.jobs.clear();
      queue.threads.clear();
      queue.ready.notify_all();
    }
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace thalweg::platform

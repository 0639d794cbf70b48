#include "platform/blocking_pool.h"

#include <pthread.h>

#include <csignal>

namespace thalweg::platform {

BlockingPool::BlockingPool(unsigned threads) {
  // Signals belong to the shard that waits for them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { work(); });
    pthread_setname_np(threads_.back().native_handle(), "blocking");
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void BlockingPool::push(Job job) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return;  // the job is destroyed, and with it the coroutine that waits for it
    jobs_.push_back(std::move(job));
  }
  ready_.notify_one();
}

void BlockingPool::work() {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

void BlockingPool::stop() {
  std::deque<Job> dropped;
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    dropped.swap(jobs_);
  }
  ready_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace thalweg::platform

// Workers on threads of the process's pool.
#pragma once

#include "platform/blocking_pool.h"
#include "runtime/workers.h"

namespace thalweg::platform {

class WorkerThreads : public Workers {
 public:
  // The pool outlives it.
  explicit WorkerThreads(BlockingPool& pool) : pool_(pool) {}

 private:
  Task<> carry_out(std::move_only_function<void()> work) override {
    co_await pool_.run(Lane::kWork, [work = std::move(work)]() mutable {
      work();
      return true;
    });
  }

  BlockingPool& pool_;
};

}  // namespace thalweg::platform

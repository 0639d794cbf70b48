// Threads for work that is long and pure: values in, a value out, nothing of a shard touched. A shard that would be
// held for more than a millisecond or two by what a stranger sent hands the work over here, and goes on when it is
// done.
//
// Not for what blocks (files have a pool of their own behind `Disk`), and not for what could be done in slices
// (yielding.h) at less cost than a hop between threads. How much may be under way is for those to bound who hand over.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "runtime/task.h"

namespace thalweg {

class Workers {
 public:
  virtual ~Workers() = default;

  // What work() returns, on the caller's executor. `work` holds values and shared owners only: when the coroutine is
  // destroyed meanwhile, the work is done all the same, or never begun.
  template <class F>
  Task<std::invoke_result_t<F&>> run(F work) {
    using R = std::invoke_result_t<F&>;
    const auto made = std::make_shared<std::optional<R>>();
    co_await carry_out([work = std::move(work), made]() mutable { made->emplace(work()); });
    co_return std::move(**made);
  }

 private:
  // Once, somewhere, before it returns.
  virtual Task<> carry_out(std::move_only_function<void()> work) = 0;
};

}  // namespace thalweg

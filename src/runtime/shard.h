// A shard: a thread, its executor, the outside world as it may use it, its counters. Constructors take Shard& first;
// nobody looks anything up. State has one owner shard, and others reach it only through call().
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <functional>
#include <type_traits>

#include "runtime/clock.h"
#include "runtime/disk.h"
#include "runtime/network.h"
#include "runtime/random.h"
#include "runtime/task.h"

namespace thalweg {

class Metrics;  // metrics/metrics.h, for those who count

namespace detail {
template <class R>
struct Unwrap {
  using type = R;
  static constexpr bool is_task = false;
};
template <class T>
struct Unwrap<Task<T>> {
  using type = T;
  static constexpr bool is_task = true;
};

template <class C, class Method, class... A>
using CallResult = typename Unwrap<std::invoke_result_t<Method, C&, A...>>::type;

template <class C, class Method, class... A>
Task<CallResult<C, Method, A...>> invoke_on(C* object, Method method, A... args) {
  if constexpr (Unwrap<std::invoke_result_t<Method, C&, A...>>::is_task)
    co_return co_await std::invoke(method, *object, std::move(args)...);
  else
    co_return std::invoke(method, *object, std::move(args)...);
}
}  // namespace detail

struct Shard {
  unsigned id = 0;
  Executor executor;
  Clock& clock;
  Disk& disk;
  Network& network;
  Random& random;
  Metrics& metrics;

  // Runs object.method(args...) on this shard and brings the result back to the caller's; in place when the caller is
  // here already. Arguments travel by value. The method may be a plain function or a coroutine; what it returns must be
  // default constructible (Result<T> of such a T is). `object` must outlive the call: whoever owns it stops callers
  // first.
  template <class C, class Method, class... A>
  Task<detail::CallResult<C, Method, A...>> call(C& object, Method method, A... args) const {
    if (co_await boost::asio::this_coro::executor == executor)
      co_return co_await detail::invoke_on(&object, method, std::move(args)...);
    co_return co_await boost::asio::co_spawn(executor, detail::invoke_on(&object, method, std::move(args)...),
                                             boost::asio::use_awaitable);
  }
  // Runs a function here soon; the way to hand something over without waiting. From any thread.
  void post(std::move_only_function<void()> function) const { boost::asio::post(executor, std::move(function)); }
};

// Starts a coroutine on the shard; nobody waits for it.
inline void spawn(const Shard& shard, Task<> task) { spawn(shard.executor, std::move(task)); }

}  // namespace thalweg

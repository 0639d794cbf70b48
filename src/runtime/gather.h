// Runs several tasks at once on the caller's executor and waits for all of them; results come in the tasks' order.
#pragma once

#include <optional>
#include <vector>

#include "runtime/task.h"

namespace thalweg {

namespace detail {
template <class T>
struct Gathering {
  std::vector<std::optional<T>> results;
  std::size_t missing = 0;
  OneShot<bool> done;
};

template <class T>
Task<> gather_one(std::shared_ptr<Gathering<T>> all, std::size_t index, Task<T> task) {
  all->results[index].emplace(co_await std::move(task));
  if (--all->missing == 0) all->done.set(true);
}
}  // namespace detail

template <class T>
Task<std::vector<T>> gather(std::vector<Task<T>> tasks) {
  std::vector<T> results;
  results.reserve(tasks.size());
  if (tasks.size() == 1) {  // the common case needs no second coroutine
    results.push_back(co_await std::move(tasks.front()));
    co_return results;
  }
  auto all = std::make_shared<detail::Gathering<T>>();
  all->results.resize(tasks.size());
  all->missing = tasks.size();
  const auto executor = co_await boost::asio::this_coro::executor;
  for (std::size_t i = 0; i < tasks.size(); ++i) spawn(executor, detail::gather_one(all, i, std::move(tasks[i])));
  if (!tasks.empty()) co_await all->done.wait();
  for (auto& result : all->results) results.push_back(std::move(*result));
  co_return results;
}

}  // namespace thalweg

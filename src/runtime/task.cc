#include "runtime/task.h"

#include <boost/asio/async_result.hpp>

#include <cstdio>

namespace thalweg {
namespace asio = boost::asio;

void spawn(const Executor& executor, Task<> task) {
  asio::co_spawn(executor, std::move(task), [](std::exception_ptr failure) {
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const Stopped&) {
    } catch (const std::exception& e) {
      std::fprintf(stderr, "FATAL a coroutine ended with an exception: %s\n", e.what());
      std::fflush(stderr);
      std::abort();
    }
  });
}

namespace {
struct Initiate {
  std::move_only_function<void()>* resume;
  template <class Handler>
  void operator()(Handler handler) {
    auto executor = asio::get_associated_executor(handler);
    *resume = [h = std::move(handler), executor]() mutable { asio::post(executor, std::move(h)); };
  }
};
}  // namespace

Task<> Parking::park() {
  CHECK(!resume_);
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(Initiate{&resume_}, asio::use_awaitable);
}

void Parking::resume() {
  if (auto resume = std::exchange(resume_, {})) resume();
}

}  // namespace thalweg

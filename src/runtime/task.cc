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
    } catch (const std::exception& e) {
      std::fprintf(stderr, "FATAL a coroutine ended with an exception: %s\n", e.what());
      std::fflush(stderr);
      std::abort();
    }
  });
}

// Knows every parked coroutine of an execution context. A parked coroutine owns what will wake it and is owned by it in
// turn; without this nobody could ever destroy such a pair that is not woken.
class ParkingLot : public asio::execution_context::service {
 public:
  static inline asio::execution_context::id id;
  explicit ParkingLot(asio::execution_context& context) : service(context) { ring_.next_ = ring_.previous_ = &ring_; }

  void add(Parking& parking) {
    parking.previous_ = ring_.previous_;
    parking.next_ = &ring_;
    ring_.previous_->next_ = &parking;
    ring_.previous_ = &parking;
  }

 private:
  void shutdown() override {
    while (ring_.next_ != &ring_) {
      Parking& oldest = *ring_.next_;
      oldest.unlink();
      // Moved out first: destroying it may destroy `oldest`.
      const auto dropped = std::exchange(oldest.resume_, {});
    }
  }
  Parking ring_;
};

namespace {
struct Initiate {
  Parking* parking;
  std::move_only_function<void()>* resume;
  template <class Handler>
  void operator()(Handler handler) {
    auto executor = asio::get_associated_executor(handler);
    auto& context = asio::query(executor, asio::execution::context);
    *resume = [h = std::move(handler), executor]() mutable { asio::post(executor, std::move(h)); };
    asio::use_service<ParkingLot>(context).add(*parking);
  }
};
}  // namespace

Task<> Parking::park() {
  CHECK(!resume_);
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(Initiate{this, &resume_}, asio::use_awaitable);
}

void Parking::resume() {
  if (!resume_) return;
  unlink();
  auto resume = std::exchange(resume_, {});
  resume();
}

void Parking::unlink() {
  if (!next_) return;
  next_->previous_ = previous_;
  previous_->next_ = next_;
  next_ = previous_ = nullptr;
}

}  // namespace thalweg

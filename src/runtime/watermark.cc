#include "runtime/watermark.h"

namespace thalweg {

void Watermark::advance(Offset to) {
  if (to <= value_) return;
  value_ = to;
  wake_reached();
}

void Watermark::reset(Offset to) {
  value_ = to;
  wake_reached();
}

void Watermark::fail() {
  failed_ = true;
  const auto waiters = waiters_;
  while (waiters && !waiters->empty()) {
    auto node = waiters->extract(waiters->begin());
    node.mapped()->wake();
  }
}

void Watermark::wake_reached() {
  // A waiter that is called may register again, so each is taken out before it is called.
  const Offset limit = value_;
  const auto waiters = waiters_;
  while (waiters && !waiters->empty() && waiters->begin()->first <= limit) {
    auto node = waiters->extract(waiters->begin());
    node.mapped()->wake();
  }
}

Task<bool> Watermark::reached(Offset target, Instant deadline) {
  if (value_ >= target) co_return true;
  if (failed_) co_return false;
  // Judged when it happens: before this coroutine runs on, a watermark that has failed may be open again.
  const OneShot<bool> outcome;
  const auto registration = once_above(target - 1, [this, outcome] { outcome.set(!failed_); });
  const auto timer = clock_.call_at(deadline, [outcome] { outcome.set(false); });
  co_return co_await outcome.wait();
}

std::unique_ptr<Watermark::Registration> Watermark::once_above(Offset seen, std::move_only_function<void()> listener) {
  if (value_ > seen || failed_) {
    listener();
    return std::make_unique<Registration>();
  }
  if (!waiters_) waiters_ = std::make_shared<Waiters>();
  auto waiter = std::make_shared<Waiter>(std::move(listener));
  const auto at = waiters_->emplace(seen + 1, waiter);
  return std::make_unique<Registration>(waiters_, at, waiter);
}

Watermark::Registration::~Registration() {
  const auto waiters = waiters_.lock();
  const auto waiter = waiter_.lock();
  if (!waiters || !waiter || waiter->called) return;
  waiters->erase(at_);
}

}  // namespace thalweg

#include "runtime/stop_signal.h"

#include <utility>

namespace thalweg {

void StopSignal::give() {
  const auto listeners = listeners_;  // a listener may end our owner
  if (std::exchange(listeners->given, true)) return;
  while (!listeners->all.empty()) listeners->all.extract(listeners->all.begin()).mapped()();
}

std::unique_ptr<StopSignal::Registration> StopSignal::once_given(std::function<void()> listener) {
  const std::uint64_t id = ++listeners_->last_id;
  if (given())
    listener();
  else
    listeners_->all.emplace(id, std::move(listener));
  return std::make_unique<Registration>(listeners_, id);
}

Task<bool> StopSignal::sleep_until(Clock& clock, Instant when) {
  const OneShot<bool> woken;
  const auto stop = once_given([woken] { woken.set(false); });
  const auto timer = clock.call_at(when, [woken] { woken.set(true); });
  co_return co_await woken.wait();
}

StopSignal::Registration::~Registration() {
  if (const auto listeners = listeners_.lock()) listeners->all.erase(id_);
}

}  // namespace thalweg

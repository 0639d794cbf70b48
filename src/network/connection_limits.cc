#include "network/connection_limits.h"

namespace thalweg::network {

Task<bool> ConnectionLimits::admit(std::string ip) {
  if (closed_) co_return false;
  if (taken_ < total_) {
    ++taken_;
  } else {
    OneShot<bool> place;
    waiting_.push_back(place);
    if (!co_await place.wait()) co_return false;
  }
  const auto at = by_ip_.find(ip);
  if (closed_ || (at == by_ip_.end() ? 0 : at->second) >= per_ip_) {
    pass_on();
    co_return false;
  }
  ++by_ip_[std::move(ip)];
  co_return true;
}

void ConnectionLimits::release(std::string ip) {
  const auto at = by_ip_.find(ip);
  CHECK(at != by_ip_.end());
  if (--at->second == 0) by_ip_.erase(at);
  pass_on();
}

// A place that is given up goes straight to whoever waits longest, so nobody can overtake.
void ConnectionLimits::pass_on() {
  if (waiting_.empty()) {
    --taken_;
    return;
  }
  waiting_.front().set(true);
  waiting_.pop_front();
}

void ConnectionLimits::close() {
  closed_ = true;
  for (const auto& waiter : std::exchange(waiting_, {})) waiter.set(false);
}

}  // namespace thalweg::network

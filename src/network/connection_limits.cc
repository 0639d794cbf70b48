#include "network/connection_limits.h"

#include <algorithm>

namespace thalweg::network {

Task<bool> ConnectionLimits::admit(std::string ip) {
  co_await keep_the_rate();
  if (closed_.given()) co_return false;
  if (taken_ < bounds_.total) {
    ++taken_;
  } else {
    OneShot<bool> place;
    waiting_.push_back(place);
    if (!co_await place.wait()) co_return false;
  }
  if (closed_.given() || is_full(ip)) {
    pass_on();
    co_return false;
  }
  ++by_ip_[std::move(ip)];
  co_return true;
}

Task<> ConnectionLimits::keep_the_rate() {
  const Instant now = owner_.clock.now();
  Instant mine = Instant::max();
  if (bounds_.rate > 0) {
    constexpr Instant kSecond = std::chrono::seconds(1);
    const Instant apart = kSecond / bounds_.rate;
    mine = std::max(next_, now - kSecond + apart);
    next_ = mine + apart;
  }
  if (mine > now) co_await closed_.sleep_until(owner_.clock, mine);
}

bool ConnectionLimits::is_full(const std::string& ip) const {
  const auto own = bounds_.of_ip.find(ip);
  const auto at = by_ip_.find(ip);
  return (at == by_ip_.end() ? 0 : at->second) >= (own == bounds_.of_ip.end() ? bounds_.per_ip : own->second);
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
  closed_.give();
  for (const auto& waiter : std::exchange(waiting_, {})) waiter.set(false);
}

}  // namespace thalweg::network

#include "platform/os_clock.h"

namespace thalweg::platform {

OsClock::~OsClock() {
  *alive_ = false;
  entries_.clear();  // handles that outlive the clock then unlink nothing
}

Instant OsClock::now() const { return std::chrono::steady_clock::now().time_since_epoch(); }

Timestamp OsClock::wall() const {
  return std::chrono::duration_cast<Millis>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::unique_ptr<Clock::Timer> OsClock::call_at(Instant when, std::move_only_function<void()> call) {
  auto entry = std::make_unique<Entry>();
  entry->when = when;
  entry->call = std::move(call);
  entries_.insert(*entry);
  if (when < armed_) arm(when);
  return entry;
}

// A cancelled deadline leaves the kernel timer as it is: firing once for nothing is cheaper than setting it anew each
// time.
void OsClock::arm(Instant when) {
  armed_ = when;
  timer_.expires_at(std::chrono::steady_clock::time_point(when));
  timer_.async_wait([this, alive = alive_](boost::system::error_code error) {
    if (!error && *alive) fire();
  });
}

void OsClock::fire() {
  armed_ = Instant::max();
  const Instant due = now();
  while (!entries_.empty() && entries_.begin()->when <= due) {
    Entry& entry = *entries_.begin();
    entries_.erase(entries_.begin());
    // Moved out first: the call may destroy its own handle.
    auto call = std::move(entry.call);
    call();
  }
  if (!entries_.empty() && entries_.begin()->when < armed_) arm(entries_.begin()->when);
}

}  // namespace thalweg::platform

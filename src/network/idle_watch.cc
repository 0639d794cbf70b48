#include "network/idle_watch.h"

#include "base/log.h"

namespace thalweg::network {

IdleWatch::IdleWatch(Clock& clock, ConnectionPtr connection, Instant idle_max, std::function<bool()> waits_for_us,
                     Gauge& expired)
    : clock_(clock),
      connection_(std::move(connection)),
      idle_max_(idle_max),
      waits_for_us_(std::move(waits_for_us)),
      expired_(expired),
      last_active_(clock.now()) {
  look_at(due());
}

void IdleWatch::mark_active() {
  last_active_ = clock_.now();
  transferred_ = connection_->transferred();
}

Instant IdleWatch::due() const {
  return idle_max_ > Instant::max() - last_active_ ? Instant::max() : last_active_ + idle_max_;
}

void IdleWatch::look_at(Instant when) {
  if (when == Instant::max()) return;
  timer_ = clock_.call_at(when, [this] { close_if_idle(); });
}

void IdleWatch::close_if_idle() {
  if (waits_for_us_() || connection_->transferred() != transferred_) mark_active();
  if (due() > clock_.now()) return look_at(due());
  log::debug("idle connection closed", field("peer", to_string(connection_->peer())));
  expired_.add(1);
  connection_->close();
}

}  // namespace thalweg::network

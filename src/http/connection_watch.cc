#include "http/connection_watch.h"

#include "base/log.h"

namespace thalweg::http {

void ConnectionWatch::within(Instant span) {
  timer_ = clock_.call_at(later(clock_.now(), span), [this] { expire(); });
}

void ConnectionWatch::paced(std::uint64_t bytes, Instant span) { look_after(bytes, span); }

void ConnectionWatch::look_after(std::uint64_t bytes, Instant span) {
  timer_ = clock_.call_at(later(clock_.now(), span), [this, bytes, span, before = connection_->transferred()] {
    if (connection_->transferred() - before < bytes) return expire();
    look_after(bytes, span);
  });
}

void ConnectionWatch::expire() {
  log::debug("connection closed: its client is too slow", field("peer", to_string(connection_->peer())));
  expired_.add(1);
  connection_->close();
}

}  // namespace thalweg::http

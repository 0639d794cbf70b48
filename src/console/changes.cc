#include "console/changes.h"

#include <fmt/format.h>

#include <utility>

#include "base/log.h"
#include "broker/metadata_publisher.h"

namespace thalweg::console {

Changes::Changes(broker::Broker& broker)
    : broker_(broker), file_(broker.shard0().disk, broker.config().metadata_log_dir) {}

Timestamp Changes::now() const { return broker_.shard0().clock.wall(); }

SeenUpTo Changes::seen_now() const { return {.index = log_.seen(), .at = now()}; }

void Changes::look_back() {
  before_ = file_.look_back();
  if (before_) broker_.put_by(Offset{before_->index});
}

void Changes::start() {
  runs_ = true;
  synced_ = broker_.shard0().clock.now();
  is_something_there_ = file_.begin(broker_.publisher().current_image()->cluster_id(), now());
  spawn(broker_.shard0(), watch());
}

Task<> Changes::watch() {
  auto& clock = broker_.shard0().clock;
  co_await recall();
  do {
    look(broker_.publisher().current_image());
    if (clock.now() - synced_ >= kSynced) {
      synced_ = clock.now();
      file_.append({}, seen_now(), now());
      co_await file_.sync();
    }
    co_await moved_by(later(synced_, kSynced));
  } while (co_await stopping_.sleep_until(clock, later(clock.now(), kSettles)));
  ended_.set(true);
}

// The log goes on with what was there before, and the cluster as it was seen last.
Task<> Changes::recall() {
  auto past = broker_.publisher().take_put_by();
  if (!is_something_there_) past = nullptr;
  const bool is_past_known = past != nullptr;
  if (past) log_.go_on_from(std::move(past), before_->at);
  auto recalled = co_await file_.recall(ChangeLog::kKept, is_past_known);
  if (recalled.damaged > 0)
    log::warn("some of what was remembered of changes is damaged, and passed over", field("lines", recalled.damaged));
  look(broker_.publisher().current_image());
  if (is_something_there_) {
    log_.add_earlier(std::move(recalled.changes), recalled.since);
    say_started(is_past_known, recalled.damaged);
  }
  recalled_ = true;
  for (const auto& one : std::exchange(waiting_, {})) one.set(true);
}

void Changes::say_started(bool is_past_known, std::size_t damaged) {
  const auto self = to_string(broker_.config().node_id);
  std::string sentence = fmt::format("server {} was {}, and has started again", self,
                                     before_ && before_->stopped ? "stopped" : "killed, or lost its power");
  if (!is_past_known) sentence += "; what changed in the cluster meanwhile is not known";
  if (damaged > 0)
    sentence += fmt::format("; {} {} of what it remembered cannot be read", damaged, damaged == 1 ? "line" : "lines");
  keep({.at = now(),
        .after = before_ && before_->at < now() ? std::optional(before_->at) : std::nullopt,
        .source = ChangeSource::kServer,
        .kind = ResourceKind::kBroker,
        .name = self,
        .sentence = std::move(sentence),
        .by = {},
        .refused = {},
        .gone = false},
       seen_now());
}

// Returns when the metadata have moved since the last look, at the deadline, and when it is to stop.
Task<> Changes::moved_by(Instant deadline) {
  const auto wake = [this] { woken_.notify(); };
  const auto moved = broker_.publisher().published().once_above(Offset{log_.seen()}, wake);
  const auto timer = broker_.shard0().clock.call_at(deadline, wake);
  const auto stop = stopping_.once_given(wake);
  co_await woken_.wait();
}

void Changes::look(metadata::ImagePtr image) {
  const auto before = log_.seen();
  const auto found = log_.look(std::move(image), now());
  if (log_.seen() != before) file_.append(found, seen_now(), now());
}

void Changes::add(Change change) { keep(std::move(change), std::nullopt); }

void Changes::keep(Change change, std::optional<SeenUpTo> seen) {
  const Change& kept = log_.add(std::move(change));
  file_.append({&kept, 1}, seen, now());
}

Task<ChangeList> Changes::list(metadata::ImagePtr image) {
  if (!recalled_) {
    const OneShot<bool> recalled;
    waiting_.push_back(recalled);
    co_await recalled.wait();
  }
  look(std::move(image));
  co_return log_.list(now());
}

Task<> Changes::stop() {
  stopping_.give();
  if (!std::exchange(runs_, false)) co_return;
  co_await ended_.wait();
  look(broker_.publisher().current_image());
  auto seen = seen_now();
  seen.stopped = true;
  file_.append({}, seen, now());
  co_await file_.sync();
}

}  // namespace thalweg::console

#include "replication/replication.h"

#include <algorithm>
#include <utility>

namespace thalweg::replication {
namespace {

bool contains(const std::vector<BrokerId>& ids, BrokerId id) { return std::ranges::find(ids, id) != ids.end(); }

}  // namespace

Replication::Replication(BrokerId self, const metadata::Partition& state, std::size_t in_sync_min, Local local,
                         Offset high_watermark, ReplicationTimes times, Instant now)
    : self_(self),
      times_(times),
      epoch_start_(local.end),
      leader_epoch_(state.leader_epoch),
      partition_epoch_(state.partition_epoch),
      in_sync_min_(in_sync_min),
      local_(local),
      high_watermark_(high_watermark) {
  take_image(state, in_sync_min, now);
  move_high_watermark();
}

// Whoever is new here has its full time from now.
void Replication::take_image(const metadata::Partition& state, std::size_t in_sync_min, Instant now) {
  for (const BrokerId id : isr_) {
    const auto follower = followers_.find(id);
    if (follower == followers_.end() || contains(state.isr, id)) continue;
    Follower& gone = follower->second;
    gone.leaves = now - gone.left > times_.leaves_within ? 1 : gone.leaves + 1;
    gone.left = gone.good_since = now;
  }
  isr_ = state.isr;
  std::erase_if(followers_, [&](const auto& entry) { return !contains(state.replicas, entry.first); });
  for (const BrokerId id : state.replicas)
    if (id != self_)
      followers_.try_emplace(id,
                             Follower{.asked = now, .caught_up = now, .looked = now, .good_since = now, .left = now});
  in_sync_min_ = std::min(in_sync_min, followers_.size() + 1);
  if (state.partition_epoch > partition_epoch_) pending_.reset();
  partition_epoch_ = std::max(partition_epoch_, state.partition_epoch);
}

Replication::Step Replication::on_image(const metadata::Partition& state, std::size_t in_sync_min, Local local,
                                        const Eligible& eligible, Instant now) {
  local_ = local;
  take_image(state, in_sync_min, now);
  return step(eligible, now);
}

Replication::Step Replication::on_config(std::size_t in_sync_min, const Eligible& eligible, Instant now) {
  in_sync_min_ = std::min(in_sync_min, followers_.size() + 1);
  return step(eligible, now);
}

Replication::Step Replication::on_local(Local local, const Eligible& eligible, Instant now) {
  local_ = local;
  return step(eligible, now);
}

// Caught up is who has what the leader has, or had when it asked before: a busy log is never reached. A fetch from the
// same place as the one before says nothing new of that: it brings a claim while the other one's answer is on its way.
Replication::Step Replication::on_fetch(const Fetched& fetch, Local local, const Eligible& eligible, Instant now) {
  local_ = local;
  const auto found = followers_.find(fetch.from);
  if (found == followers_.end()) return step(eligible, now);
  Follower& follower = found->second;
  if (fetch.broker_epoch < follower.broker_epoch) return step(eligible, now);  // of a process that is gone
  const bool at_end = fetch.position >= local.end;
  const bool had_all = follower.end_when_asked.value >= 0 && fetch.position >= follower.end_when_asked;
  const bool moved = fetch.position != follower.position;
  if (at_end)
    follower.caught_up = now;
  else if (had_all)
    follower.caught_up = std::max(follower.caught_up, follower.looked);
  const bool stays = !moved && now - follower.looked >= times_.back_min;
  if (!at_end && ((moved && !had_all) || stays)) follower.good_since = now;
  follower.reached_end |= had_all || at_end;
  if (at_end || moved) {
    follower.end_when_asked = local.end;
    follower.looked = now;
  }
  follower.rests = false;
  follower.broker_epoch = fetch.broker_epoch;
  follower.claim = std::min(fetch.claim, fetch.position);
  follower.position = fetch.position;
  follower.log_start = fetch.log_start;
  follower.asked = now;
  return step(eligible, now);
}

Replication::Step Replication::on_refused(std::int32_t partition_epoch, const Eligible& eligible, Instant now) {
  if (!pending_ || pending_->partition_epoch != partition_epoch) return step(eligible, now);
  pending_.reset();
  quiet_until_ = now + times_.refused_wait;
  move_high_watermark();
  return {high_watermark_, std::nullopt, quiet_until_};
}

Replication::Step Replication::on_timer(const Eligible& eligible, Instant now) { return step(eligible, now); }

// Who is not in sync may come in at any moment, without anything happening here: that has to be looked at.
bool Replication::rest(BrokerId from, std::int64_t broker_epoch, Offset position) {
  const auto found = followers_.find(from);
  if (found == followers_.end() || !in_isr(from)) return false;
  Follower& follower = found->second;
  if (follower.broker_epoch != broker_epoch || !follower.claim || follower.position != position) return false;
  follower.rests = true;
  return true;
}

void Replication::stir(BrokerId from, Instant heard) {
  const auto found = followers_.find(from);
  if (found == followers_.end() || !std::exchange(found->second.rests, false)) return;
  Follower& follower = found->second;
  follower.asked = std::max(follower.asked, heard);
  follower.caught_up = std::max(follower.caught_up, heard);
  follower.looked = std::max(follower.looked, heard);
}

Replication::Step Replication::step(const Eligible& eligible, Instant now) {
  Step step;
  // First what is wanted: a newcomer counts from the moment it is proposed.
  if (!pending_ && now >= quiet_until_) pending_ = step.propose = wanted(eligible, now);
  move_high_watermark();
  step.high_watermark = high_watermark_;
  step.again = next_look(eligible, now);
  return step;
}

bool Replication::in_isr(BrokerId id) const { return contains(isr_, id); }

bool Replication::is_alone() const {
  const auto others = [this](const std::vector<BrokerId>& ids) {
    return std::ranges::any_of(ids, [this](BrokerId id) { return id != self_; });
  };
  return !others(isr_) && !(pending_ && others(pending_->isr));
}

bool Replication::is_forsaken(Instant now) const {
  return !followers_.empty() && std::ranges::all_of(followers_, [&](const auto& entry) {
    return !entry.second.rests && now - entry.second.asked >= times_.silence_max;
  });
}

void Replication::move_high_watermark() {
  if (below_min()) return;
  Offset least = local_.acknowledged;
  for (const auto& [id, follower] : followers_) {
    if (!in_isr(id) && !(pending_ && contains(pending_->isr, id))) continue;
    if (!follower.claim) return;
    least = std::min(least, *follower.claim);
  }
  high_watermark_ = std::max(high_watermark_, least);
}

Offset Replication::low_watermark(Offset own) const {
  // An eligible replica that is away may lead next, with a log that begins where it did.
  if (below_min()) return kNoOffset;
  for (const auto& [id, follower] : followers_)
    if (in_isr(id) || (pending_ && contains(pending_->isr, id))) own = std::min(own, follower.log_start);
  return own;
}

Instant Replication::leaves_at(const Follower& follower) const {
  if (follower.rests) return Instant::max();
  return std::min(follower.caught_up + times_.lag_max, follower.asked + times_.silence_max);
}

// When a follower that is not in the ISR may come in, as far as one can tell now.
std::optional<Instant> Replication::joins_at(BrokerId id, const Follower& follower, const Eligible& eligible,
                                             Instant now) const {
  if (!follower.claim || *follower.claim < high_watermark_ || *follower.claim < epoch_start_) return std::nullopt;
  // Whoever leads next has deleted what was deleted.
  if (follower.log_start != kNoOffset && follower.log_start < local_.start) return std::nullopt;
  // With too few in sync the high watermark stands still: to have reached that alone would let in whoever comes, and
  // put it out again later (KAFKA-19996).
  if (below_min() && !follower.reached_end) return std::nullopt;
  if (now >= leaves_at(follower) || !eligible || !eligible(id, follower.broker_epoch)) return std::nullopt;
  if (follower.leaves == 0 || below_min()) return now;
  const int doubled = std::min(follower.leaves - 1, 10);
  return follower.good_since + std::min(times_.back_min * (1 << doubled), times_.back_max);
}

std::optional<Replication::Wanted> Replication::wanted(const Eligible& eligible, Instant now) const {
  std::vector<BrokerId> isr;
  for (const BrokerId id : isr_) {
    const auto follower = followers_.find(id);
    if (id == self_ || (follower != followers_.end() && now < leaves_at(follower->second))) isr.push_back(id);
  }
  for (const auto& [id, follower] : followers_) {
    if (in_isr(id)) continue;
    const auto joins = joins_at(id, follower, eligible, now);
    if (joins && *joins <= now) isr.push_back(id);
  }
  if (isr == isr_) return std::nullopt;
  Wanted wanted{isr, partition_epoch_, leader_epoch_};
  for (const BrokerId id : isr) wanted.broker_epochs.push_back(in_isr(id) ? -1 : broker_epoch_of(id));
  return wanted;
}

std::int64_t Replication::broker_epoch_of(BrokerId id) const {
  const auto follower = followers_.find(id);
  return follower == followers_.end() ? -1 : follower->second.broker_epoch;
}

std::vector<Replication::FollowerState> Replication::followers() const {
  std::vector<FollowerState> all;
  for (const auto& [id, f] : followers_)
    all.push_back({id, f.broker_epoch, f.claim, f.position, f.log_start, f.caught_up, f.asked});
  return all;
}

// Nobody to watch, or an answer to wait for: no timer.
std::optional<Instant> Replication::next_look(const Eligible& eligible, Instant now) const {
  if (pending_) return std::nullopt;
  std::optional<Instant> next;
  const auto look_at = [&](Instant when) {
    when = std::max(when, quiet_until_);
    next = next ? std::min(*next, when) : when;
  };
  for (const auto& [id, follower] : followers_) {
    if (follower.rests) continue;  // whoever lets it rest looks
    if (in_isr(id)) {
      look_at(leaves_at(follower));
    } else if (const auto joins = joins_at(id, follower, eligible, now)) {
      look_at(*joins);
    }
  }
  return next;
}

}  // namespace thalweg::replication

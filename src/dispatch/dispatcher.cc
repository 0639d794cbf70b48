#include "dispatch/dispatcher.h"

#include <algorithm>

#include "base/check.h"

namespace thalweg::dispatch {

Dispatcher::Dispatcher(Rules rules) : rules_(std::move(rules)) {
  CHECK(rules_.attempts >= 1 && rules_.in_hand >= 1 && rules_.run_most >= 1);
}

Dispatcher::Partition& Dispatcher::partition(Slot slot) {
  const auto found = partitions_.find(slot);
  CHECK(found != partitions_.end());
  return found->second;
}

const Dispatcher::Partition& Dispatcher::partition(Slot slot) const {
  const auto found = partitions_.find(slot);
  CHECK(found != partitions_.end());
  return found->second;
}

Slot Dispatcher::assign(std::optional<Batching> batching) {
  const Slot slot{next_slot_++};
  partitions_[slot].batching = batching;
  return slot;
}

Token Dispatcher::add(Slot slot, Offset offset, std::uint64_t key_hash, std::uint32_t bytes, Instant now) {
  Partition& p = partition(slot);
  const std::uint64_t sequence = p.progress.add(offset, bytes);
  // Batches are of a partition: spread over keys they would never fill.
  const std::uint64_t key = rules_.order == Order::kKey && !p.batching ? key_hash : 0;
  Lane& lane = p.lanes[key];
  if (lane.queue.empty()) lane.oldest = now;
  lane.queue.push_back(sequence);
  lane.bytes += bytes;
  if (lane.state == State::kCollecting) settle_into(slot, p, key, lane, now);
  return {slot, sequence};
}

std::size_t Dispatcher::room(Slot slot) const {
  const Partition& p = partition(slot);
  if (p.revoked || (rules_.order == Order::kPartition && p.backing_off > 0)) return 0;
  const std::size_t kept = p.progress.unsettled_span();
  // A batch that could never fill would only ever run by age.
  const std::size_t most = p.batching ? std::max(rules_.in_hand, 2 * p.batching->count) : rules_.in_hand;
  return kept < most ? most - kept : 0;
}

bool Dispatcher::batch_is_full(const Partition& p, const Lane& lane, Instant now) const {
  const Batching& limits = *p.batching;
  return lane.failed_batch > 0 || lane.queue.size() >= limits.count || lane.bytes >= limits.bytes ||
         now >= lane.oldest + limits.age;
}

// A lane that has just stopped doing something else: it becomes ready, collects, or is forgotten.
void Dispatcher::settle_into(Slot slot, Partition& p, std::uint64_t key, Lane& lane, Instant now) {
  lane.state = State::kCollecting;
  cancel_timer(slot, key, lane);
  if (lane.queue.empty()) {
    p.lanes.erase(key);
    return;
  }
  if (p.revoked) return;
  if (!p.batching || batch_is_full(p, lane, now)) {
    make_ready(slot, key, lane);
    return;
  }
  lane.timer = lane.oldest + p.batching->age;
  timers_.insert({*lane.timer, {slot, key}});
}

void Dispatcher::make_ready(Slot slot, std::uint64_t key, Lane& lane) {
  lane.state = State::kReady;
  ready_.emplace_back(slot, key);
}

void Dispatcher::cancel_timer(Slot slot, std::uint64_t key, Lane& lane) {
  if (!lane.timer) return;
  timers_.erase({*lane.timer, {slot, key}});
  lane.timer.reset();
}

std::size_t Dispatcher::run_length(const Partition& p, const Lane& lane) const {
  if (!p.batching) return std::min(lane.queue.size(), lane.attempt > 1 ? std::size_t{1} : rules_.run_most);
  if (lane.failed_batch > 0) return lane.failed_batch;
  std::size_t count = 0, bytes = 0;
  while (count < lane.queue.size() && count < p.batching->count && (count == 0 || bytes < p.batching->bytes))
    bytes += p.progress.bytes(lane.queue[count++]);
  return count;
}

std::optional<Run> Dispatcher::take(Instant) {
  while (!ready_.empty()) {
    const auto [slot, key] = ready_.front();
    ready_.pop_front();
    const auto found = partitions_.find(slot);
    if (found == partitions_.end() || found->second.revoked) continue;
    Partition& p = found->second;
    Lane& lane = p.lanes.at(key);
    CHECK(lane.state == State::kReady && !lane.queue.empty());
    Run run{.slot = slot, .lane = key, .whole = p.batching.has_value(), .attempt = lane.attempt};
    const std::size_t length = run_length(p, lane);
    run.tokens.reserve(length);
    for (std::size_t i = 0; i < length; ++i) run.tokens.push_back({slot, lane.queue[i]});
    lane.state = State::kRunning;
    ++p.busy;
    return run;
  }
  return std::nullopt;
}

std::optional<Offset> Dispatcher::committable(Slot slot) const { return partition(slot).progress.committable(); }
std::uint64_t Dispatcher::first_kept(Slot slot) const { return partition(slot).progress.first(); }
bool Dispatcher::idle(Slot slot) const { return partition(slot).busy == 0; }

bool Dispatcher::revoke(Slot slot) {
  Partition& p = partition(slot);
  p.revoked = true;
  return p.busy == 0;
}

void Dispatcher::forget(Slot slot) {
  CHECK(idle(slot) && partition(slot).revoked);
  std::erase_if(timers_, [&](const auto& timer) { return timer.second.first == slot; });
  std::erase_if(ready_, [&](const LaneRef& lane) { return lane.first == slot; });
  partitions_.erase(slot);
}

}  // namespace thalweg::dispatch

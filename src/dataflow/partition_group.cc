#include "dataflow/partition_group.h"

#include <algorithm>

#include "base/check.h"

namespace thalweg::streams::detail {

PartitionGroup::PartitionGroup(std::vector<std::unique_ptr<Head>> heads, milliseconds max_idle)
    : max_idle_(max_idle), empty_(heads.size()) {
  for (auto& head : heads) inputs_.push_back({.queue = RecordQueue(inputs_.size(), std::move(head))});
}

void PartitionGroup::add(std::size_t input, std::span<RawRecord> records) {
  if (records.empty()) return;
  Input& to = inputs_[input];
  if (to.queue.empty()) {
    --empty_;
    unseen_.push_back(input);
  }
  to.queue.add(records);
  to.at_end = false;
  to.waited_for.reset();
}

void PartitionGroup::at_end(std::size_t input, std::int64_t position, Timestamp now) {
  Input& at = inputs_[input];
  at.at_end = true;
  at.queue.set_next(position);
  if (at.queue.empty()) wait_for(at, now);
}

// From when it is known that there is nothing: what is there already has been waited for long enough.
void PartitionGroup::wait_for(Input& input, Timestamp now) const {
  if (input.waited_for) return;
  const auto idle = std::max(max_idle_, milliseconds(0));
  input.waited_for = idle > Timestamp::max() - now ? Timestamp::max() : now + idle;  // "for ever" is a long time
}

std::optional<Timestamp> PartitionGroup::ready_at(Timestamp now) const {
  if (empty_ == inputs_.size()) return std::nullopt;
  if (empty_ == 0 || max_idle_ < milliseconds(0)) return now;
  Timestamp ready = Timestamp::min();
  for (const Input& input : inputs_) {
    if (!input.queue.empty()) continue;
    if (!input.waited_for) return std::nullopt;
    ready = std::max(ready, *input.waited_for);
  }
  return ready;
}

Result<> PartitionGroup::look(const PassedOver& passed_over) {
  const auto later = [this](std::size_t a, std::size_t b) {
    return std::pair(inputs_[a].queue.timestamp(), a) > std::pair(inputs_[b].queue.timestamp(), b);
  };
  for (; !unseen_.empty(); unseen_.pop_back()) {
    if (auto ok = inputs_[unseen_.back()].queue.look(passed_over); !ok) return ok;
    by_time_.push_back(unseen_.back());
    std::ranges::push_heap(by_time_, later);
  }
  std::ranges::pop_heap(by_time_, later);
  return {};
}

Result<std::optional<PartitionGroup::Next>> PartitionGroup::next(Timestamp now, const PassedOver& passed_over) {
  const auto ready = ready_at(now);
  if (!ready || *ready > now) return std::nullopt;
  if (auto ok = look(passed_over); !ok) return std::unexpected(ok.error());
  const std::size_t number = by_time_.back();
  by_time_.pop_back();
  Input& from = inputs_[number];
  Next next{from.queue.take(), number};
  stream_time_ = std::max(stream_time_, next.timestamp);
  if (!from.queue.empty()) {
    unseen_.push_back(number);
  } else {
    ++empty_;
    if (from.at_end) wait_for(from, now);
  }
  return next;
}

void PartitionGroup::set_partition_time(std::size_t input, std::int64_t time) {
  inputs_[input].queue.set_partition_time(time);
  stream_time_ = std::max(stream_time_, time);
}

}  // namespace thalweg::streams::detail

#include "console/reset_plan.h"

#include <algorithm>

#include "console/plan.h"

namespace thalweg::console {

std::optional<Offset> reset_target(const ResetOffsets& wanted, const ResetFrom& from) {
  const auto within = [&](std::int64_t offset) {
    return Offset{std::clamp(offset, from.start.value, std::max(from.start.value, from.end.value))};
  };
  switch (wanted.to) {
    case ResetTo::kEarliest:
      return from.start;
    case ResetTo::kLatest:
      return from.end;
    case ResetTo::kTime:
      return from.at_time == kNoOffset ? from.end : within(from.at_time.value);
    case ResetTo::kOffset:
      return within(wanted.offset.value_or(0));
    case ResetTo::kShift: {
      if (!from.committed) return std::nullopt;
      std::int64_t shifted = 0;
      const std::int64_t by = wanted.shift.value_or(0);
      if (__builtin_add_overflow(from.committed->value, by, &shifted)) return by < 0 ? from.start : from.end;
      return within(shifted);
    }
  }
  return std::nullopt;
}

void ResetSums::add(const ResetFrom& from, Offset to) {
  lag_after += std::max<std::int64_t>(0, from.end - to);
  // Without a commit a group would begin where auto.offset.reset says, so nothing is read twice or passed over.
  if (!from.committed) return;
  const Offset stands{std::clamp(from.committed->value, from.start.value, std::max(from.start.value, from.end.value))};
  if (to < stands) read_again += stands - to;
  if (to > stands) skipped += to - stands;
}

Outcome<> check_reset(const ResetOffsets& wanted) {
  if (wanted.to == ResetTo::kTime && !wanted.time) return std::unexpected(invalid("/time", "there, with time"));
  if (wanted.to == ResetTo::kTime && (*wanted.time < 0 || *wanted.time > kTimeMax))
    return std::unexpected(invalid("/time", "milliseconds since 1970, before the year 10000"));
  if (wanted.to == ResetTo::kOffset && !wanted.offset) return std::unexpected(invalid("/offset", "there, with offset"));
  if (wanted.to == ResetTo::kOffset && *wanted.offset < 0) return std::unexpected(invalid("/offset", "zero or more"));
  if (wanted.to == ResetTo::kShift && !wanted.shift) return std::unexpected(invalid("/shift", "there, with shift"));
  if (wanted.partitions && (!wanted.topics || wanted.topics->size() != 1))
    return std::unexpected(invalid("/topics", "one topic, whose partitions are meant"));
  return {};
}

}  // namespace thalweg::console

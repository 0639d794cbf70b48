// Where a group goes on in each partition when its offsets are reset, and what that means in records. Pure. The rules
// are those of kafka-consumer-groups --reset-offsets.
#pragma once

#include <optional>
#include <vector>

#include "base/types.h"
#include "console/api_types.h"

namespace thalweg::console {

// One partition as it is.
struct ResetFrom {
  thalweg::TopicPartition partition;
  std::optional<Offset> committed;
  Offset start, end;  // of the log, as readers see it
  // With ResetTo::kTime: the first record that is at least so young; kNoOffset where there is none.
  Offset at_time = kNoOffset;
};

// Where the group goes on: within the log. Nothing where it cannot be said: to shift, something has to be committed.
std::optional<Offset> reset_target(const ResetOffsets& wanted, const ResetFrom& from);

// What resetting means, over all partitions.
struct ResetSums {
  std::int64_t read_again = 0, skipped = 0, lag_after = 0;

  // Below the start of the log there is nothing to be read again, and beyond its end nothing to be passed over.
  void add(const ResetFrom& from, Offset to);
};

// The target of a whole reset is of one kind: which members it needs. 400.
Outcome<> check_reset(const ResetOffsets& wanted);

}  // namespace thalweg::console

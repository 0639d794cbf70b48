// What a filter says of partition, offset and time, so that whoever reads can go there instead of looking at every
// record. Taken from the conditions that all have to hold; what is not understood bounds nothing.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/time.h"
#include "base/types.h"
#include "filter/program.h"

namespace thalweg::filter {

struct Facts {
  std::optional<std::vector<std::int64_t>> partitions;  // in order, each once; nothing: any
  // Matches have first <= offset <= last, and a timestamp that is not below `not_before`.
  std::int64_t first_offset = 0, last_offset = std::numeric_limits<std::int64_t>::max();
  std::optional<Timestamp> not_before;

  bool allows(PartitionId partition) const;
};

// REQUIRES: the program was checked
Facts facts_of(const Program& program);

}  // namespace thalweg::filter

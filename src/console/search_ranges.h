// Where a search begins and ends in each partition, by what the logs say when it begins: those here, and those of the
// brokers that lead the others.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "console/leader_reader.h"
#include "filter/facts.h"

namespace thalweg::console {

// What is asked for of each partition; what the filter says of offsets and times bounds it too.
struct SearchBounds {
  search::Order order = search::Order::kNewestFirst;
  bool committed = true;
  Offset first{0};
  std::optional<Timestamp> from, until;
};

struct SearchRanges {
  std::vector<search::Part> parts;  // by partition
  // Partitions of which nobody says where they begin and end now, and why.
  std::map<std::int32_t, Error> unreached;
};

// The partitions ascend.
Task<SearchRanges> find_ranges(const Call& call, Uuid topic_id, std::vector<PartitionId> partitions,
                               const filter::Facts& facts, SearchBounds bounds, LeaderReader& leaders);

}  // namespace thalweg::console

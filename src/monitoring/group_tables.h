// Groups beside the partitions they read: how many records behind, and how old the oldest unread one is.
#pragma once

#include <string>
#include <vector>

#include "group/group_machine.h"
#include "metadata/image.h"
#include "metrics/exposition.h"
#include "monitoring/lag_ages.h"
#include "monitoring/sliced_map.h"
#include "replica/partitions.h"

namespace thalweg::monitoring {

// The figures of all shards, found by partition.
class PartitionFigures {
 public:
  using Figures = replica::Partitions::Figures;
  // In slices.
  Task<> add(std::vector<Figures> figures);
  // The led one, else any; nullptr if no shard has it.
  const Figures* find(const replica::PartitionKey& key) const { return all_.find(key); }
  // In slices.
  Task<> clear() { return all_.clear(); }

 private:
  struct Hash {
    std::size_t operator()(const replica::PartitionKey& k) const noexcept {
      return std::hash<Uuid>()(k.topic_id) + std::size_t(k.partition.value) * 0x9e3779b97f4a7c15ULL;
    }
  };
  SlicedMap<replica::PartitionKey, Figures, Hash> all_;
};

// -1: the end is not known. A position beyond the end is none behind.
std::int64_t lag_of(const PartitionFigures::Figures* partition, Offset committed);

struct GroupTables {
  SeriesTable members, topics, partitions;
  std::size_t ages_left_out = 0;
};
// `each` also fills the table of single partitions. In slices; what is given stays with the caller.
Task<GroupTables> group_tables(const std::vector<group::GroupFigures>* groups, const PartitionFigures* partitions,
                               metadata::ImagePtr image, LagAges* ages, Timestamp now, bool each);

}  // namespace thalweg::monitoring

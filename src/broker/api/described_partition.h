// What Metadata and DescribeTopicPartitions say alike of a partition.
#pragma once

#include "metadata/image.h"

namespace thalweg::broker {

// LEADER_NOT_AVAILABLE, and no leader, when nobody who is alive leads it.
template <class Described>
Described described_partition(const metadata::Image& image, const metadata::Partition& partition, PartitionId id) {
  const auto is_away = [&](BrokerId replica) {
    const auto* broker = image.broker(replica);
    return !broker || broker->fenced;
  };
  Described out;
  out.partition_index = id;
  out.leader_id = partition.leader;
  out.leader_epoch = partition.leader_epoch;
  out.replica_nodes = partition.replicas;
  out.isr_nodes = partition.isr;
  for (const BrokerId replica : partition.replicas)
    if (is_away(replica)) out.offline_replicas.push_back(replica);
  if (is_away(partition.leader)) {
    out.error_code = ErrorCode::kLeaderNotAvailable;
    out.leader_id = kNoBroker;
  }
  return out;
}

}  // namespace thalweg::broker

// From which replica a consumer reads that has said in which rack it is (KIP-392). Pure.
// Source: RackAwareReplicaSelector, ReplicaManager.findPreferredReadReplica.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "base/types.h"

namespace thalweg::replication {

// A replica that is in sync and has what is asked for.
struct ReadableReplica {
  BrokerId id;
  std::string rack;
  Offset end;           // of its log
  Instant caught_up{};  // when it last was; the latest is the best
};

// The replica to read from, of the leader's rack rather than any other; nothing: the leader. Of several in the
// consumer's rack it is the one that has most, and was caught up last.
std::optional<BrokerId> replica_in_rack(std::string_view consumer_rack, std::string_view leader_rack,
                                        std::span<const ReadableReplica> others);

}  // namespace thalweg::replication

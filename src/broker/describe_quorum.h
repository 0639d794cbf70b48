// What DescribeQuorum answers (KIP-595, KIP-642, KIP-853), from what the leader of the metadata quorum sees. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/types.h"
#include "base/uuid.h"
#include "protocol/describe_quorum_request.h"
#include "protocol/describe_quorum_response.h"
#include "runtime/network.h"

namespace thalweg::broker {

struct QuorumView {
  struct Member {
    BrokerId node;
    Uuid directory;  // zero: not known
    bool voter = false;
    Offset log_end{0};                 // one behind the last entry it is known to have; -1 when nothing is known
    std::int64_t last_fetch = -1;      // when it was heard, in milliseconds since 1970; -1: not in this epoch
    std::int64_t last_caught_up = -1;  // when it had all that the leader had
    std::map<std::string, Endpoint> listeners;  // by name
  };
  BrokerId leader;
  LeaderEpoch epoch;
  Offset high_watermark;  // one behind the last committed entry
  std::vector<Member> members;
};

// UNKNOWN_TOPIC_OR_PARTITION for whatever is asked beside the one partition of the metadata log.
protocol::DescribeQuorumResponse describe_quorum(const QuorumView& view,
                                                 const protocol::DescribeQuorumRequest& request);

}  // namespace thalweg::broker

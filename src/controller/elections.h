// Leadership and in-sync sets on request: of an operator (ElectLeaders) or of a partition's leader (AlterPartition).
#pragma once

#include <cstdint>

#include "controller/decision.h"
#include "controller/standing.h"
#include "protocol/alter_partition_request.h"
#include "protocol/alter_partition_response.h"
#include "protocol/elect_leaders_request.h"
#include "protocol/elect_leaders_response.h"

namespace thalweg::controller {

Decision<protocol::ElectLeadersResponse> elect_leaders(const Standing& standing, const Options& options,
                                                       const protocol::ElectLeadersRequest& request);
// One error for all that was asked.
protocol::ElectLeadersResponse refused_elections(const protocol::ElectLeadersRequest& request, const Error& error);
// The new state goes into the reply. NEW_LEADER_ELECTED: it was changed, and that ended a reassignment which moved the
// leadership away from whoever asks, or it asked for that. Ours: a leader whose log is offline says so (LogOffline) and
// names the in-sync replicas without itself; it leaves them, is not eligible, and another one leads. INELIGIBLE_REPLICA
// while nobody else could.
Decision<protocol::AlterPartitionResponse> alter_partition(const Standing& standing, const Options& options,
                                                           const protocol::AlterPartitionRequest& request,
                                                           std::int16_t version);

}  // namespace thalweg::controller

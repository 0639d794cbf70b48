// In which log directory a replica lies (KIP-858): its broker says.
#pragma once

#include "controller/decision.h"
#include "controller/standing.h"
#include "protocol/assign_replicas_to_dirs_request.h"
#include "protocol/assign_replicas_to_dirs_response.h"

namespace thalweg::controller {

// A replica that goes to a directory which is not online leaves the in-sync set. One that turns up in another directory
// while the one it was in is not online has begun anew: what it had is lost.
Decision<protocol::AssignReplicasToDirsResponse> assign_replicas_to_dirs(
    const Standing& standing, const Options& options, const protocol::AssignReplicasToDirsRequest& request);

}  // namespace thalweg::controller

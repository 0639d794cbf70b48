// The metadata quorum as its leader sees it, for DescribeQuorum.
#pragma once

#include "broker/describe_quorum.h"
#include "raft/quorum.h"
#include "runtime/clock.h"

namespace thalweg::broker {

// REQUIRES: this node, `self`, leads
QuorumView view_of(raft::Quorum& quorum, BrokerId self, const Clock& clock);

}  // namespace thalweg::broker

// The metadata quorum as its leader sees it, for DescribeQuorum, and its nodes, for DescribeCluster.
#pragma once

#include "broker/describe_quorum.h"
#include "config/listeners.h"
#include "raft/quorum.h"
#include "runtime/clock.h"

namespace thalweg::broker {

// REQUIRES: this node, `self`, leads
QuorumView view_of(raft::Quorum& quorum, BrokerId self, const Clock& clock);

// Which nodes may be the controller, and where they are reached.
struct ControllersView {
  struct Controller {
    BrokerId node;
    Endpoint endpoint;
  };
  BrokerId leader = kNoBroker;
  std::vector<Controller> controllers;  // by id
};
// By the quorum's table of members; where that does not know a voter's address yet, by controller.quorum.voters. Of
// nodes that may vote, those that have an address of this listener.
ControllersView controllers_of(const raft::Quorum& quorum, const std::vector<config::Voter>& voters,
                               const std::string& listener);

}  // namespace thalweg::broker

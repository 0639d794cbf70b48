// This node as a member of the metadata quorum: what broker.cc begins and broker_stop.cc ends.
#pragma once

#include <memory>
#include <vector>

#include "broker/broker.h"
#include "broker/peer_watch.h"
#include "broker/quorum_participant.h"

namespace thalweg::broker {

struct Broker::Membership {
  std::unique_ptr<QuorumParticipant> participant;
  std::unique_ptr<PeerWatch> watch;
  std::vector<Open> open;  // by shard, used there
  bool servers_stop = false, deserted = false;
};

}  // namespace thalweg::broker

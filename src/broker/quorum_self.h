// What this node is among the nodes of a cluster, as it says to the others. Owner: shard 0.
#pragma once

#include <cstdint>
#include <string>

#include "base/uuid.h"
#include "broker/founding.h"
#include "protocol/thalweg_quorum_request.h"
#include "raft/membership.h"

namespace thalweg::broker {

struct QuorumSelf {
  Seen seen;
  Uuid directory;  // of the metadata directory
  raft::MemberId member = raft::kNoMember;
  std::int64_t incarnation = 0;  // grows with every process of this disk
  bool may_vote = true;
  bool new_node = false;      // has joined nothing under this node id yet
  raft::Endpoints endpoints;  // of the listener that carries the quorum
};

// A request that says who we are, and nothing more yet.
inline protocol::ThalwegQuorumRequest introduction(const QuorumSelf& self) {
  protocol::ThalwegQuorumRequest request;
  if (!self.seen.cluster_id.empty()) request.cluster_id = self.seen.cluster_id;
  request.node = self.seen.node;
  request.directory = self.directory;
  request.member = std::int64_t(self.member);
  request.incarnation = self.incarnation;
  request.own = std::int8_t(self.seen.own);
  request.by_hand = self.seen.by_hand;
  request.voters = self.seen.voters;
  request.may_vote = self.may_vote;
  request.new_node = self.new_node;
  for (const auto& [name, endpoint] : self.endpoints) {
    auto& out = request.endpoints.emplace_back();
    out.name = name;
    out.host = endpoint.host;
    out.port = endpoint.port;
  }
  return request;
}

}  // namespace thalweg::broker

// AddRaftVoter, RemoveRaftVoter and UpdateRaftVoter, as the leader of the metadata quorum answers them (KIP-853;
// Kafka's KafkaRaftClient). Whether a change may be made says raft/voter_requests.h; this is what stands before it.
//
// Errors, in Kafka's order:
//   INCONSISTENT_CLUSTER_ID  the request is for another cluster
//   INVALID_REQUEST          no voter is named, or not where it listens for controllers
//   UNSUPPORTED_VERSION      controller.quorum.voters is set on this node: the file says who votes, as with Kafka's
//                            kraft.version 0
//   those of raft/voter_requests.h
//   REQUEST_TIMED_OUT        another change was under way for all the time, or this one is not committed yet
// A refusal that tells who votes is given only by a node that still leads.
// An answer that got lost is not told from one that never was: asked again, who was added is a DUPLICATE_VOTER, and who
// was removed a VOTER_NOT_FOUND.
//
// UpdateRaftVoter comes from a voter whose addresses have changed. Ours say so with every message to their leader
// (QuorumReceiver); what they say later counts. Errors, in Kafka's order:
//   INCONSISTENT_CLUSTER_ID
//   FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, NOT_LEADER_OR_FOLLOWER   with whom to ask instead
//   INVALID_REQUEST    no voter is named, or it does not speak the kraft.version that is in force, or not where it
//                      listens for controllers
//   VOTER_NOT_FOUND    no voter is on this disk of this node; with controller.quorum.voters the disk does not matter
//   REQUEST_TIMED_OUT  another change is under way, or this one is not committed yet
//
// Owner: shard 0.
#pragma once

#include <chrono>
#include <string>

#include "config/broker_config.h"
#include "protocol/add_raft_voter_request.h"
#include "protocol/add_raft_voter_response.h"
#include "protocol/remove_raft_voter_request.h"
#include "protocol/remove_raft_voter_response.h"
#include "protocol/update_raft_voter_request.h"
#include "protocol/update_raft_voter_response.h"
#include "raft/quorum.h"
#include "runtime/shard.h"

namespace thalweg::broker {

class RaftVoterChanges {
 public:
  // All outlive it.
  RaftVoterChanges(const Shard& shard, const config::BrokerConfig& config, raft::Quorum& quorum)
      : shard_(shard), config_(config), quorum_(quorum) {}

  // kNotController when this node does not lead, or hands over because it is the voter that is removed.
  Task<Result<protocol::AddRaftVoterResponse>> add(protocol::AddRaftVoterRequest request, std::string cluster_id);
  Task<Result<protocol::RemoveRaftVoterResponse>> remove(protocol::RemoveRaftVoterRequest request,
                                                         std::string cluster_id);

  // Never an error: the answer says where to ask instead.
  Task<Result<protocol::UpdateRaftVoterResponse>> update(protocol::UpdateRaftVoterRequest request,
                                                         std::string cluster_id);

  // A broker was unregistered: it is given no vote any more unless somebody asks for it.
  Task<> removed(BrokerId node);

  // RemoveRaftVoter says no time; AddRaftVoter says one, of which more than this is not waited.
  static constexpr Instant kRemovedWithin = std::chrono::seconds(5), kAddedWithinMax = std::chrono::seconds(60);
  static constexpr Instant kConfirmedWithin = std::chrono::seconds(2);  // that this node still leads
  static constexpr Instant kBusyPause = std::chrono::milliseconds(20), kRefusedWithin = std::chrono::milliseconds(5);

 private:
  ErrorCode refusal_to_update(const protocol::UpdateRaftVoterRequest& request, const std::string& cluster_id) const;
  const raft::Member* voter_of(const protocol::UpdateRaftVoterRequest& request) const;
  using Change = Task<Result<>> (raft::Quorum::*)(raft::VoterKey, Instant);
  Task<Result<>> make(Change change, raft::VoterKey voter, Instant deadline);
  Task<Result<>> begin(Change change, raft::VoterKey voter, Instant deadline);
  static Task<> make_for(RaftVoterChanges* self, Change change, raft::VoterKey voter, Instant deadline,
                         OneShot<Result<>> outcome);

  const Shard& shard_;
  const config::BrokerConfig& config_;
  raft::Quorum& quorum_;
};

}  // namespace thalweg::broker

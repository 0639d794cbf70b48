// Somebody who takes votes from nodes of a cluster and gives them back (RemoveRaftVoter, AddRaftVoter; KIP-853), at
// whichever broker, and knows afterwards who has to vote. What has a vote, and by which disk, he reads in
// DescribeQuorum.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "leader_route.h"
#include "protocol/describe_quorum_response.h"

namespace thalweg::simulation {

class VoteOperator {
 public:
  VoteOperator(const Shard& shard, History& history, int changes)
      : shard_(shard), history_(history), route_(shard), changes_(changes) {}

  Task<> run();
  bool done() const { return done_; }
  int answered() const { return answered_; }
  // Whether the node has to vote; nothing: nobody has said.
  std::optional<bool> has_vote(BrokerId node) const;

 private:
  enum class Told { kYes, kNo, kUnsure };
  using Seen = protocol::DescribeQuorumResponse::PartitionData;

  Task<> change(BrokerId node, bool vote, Uuid directory);
  Task<Told> ask(BrokerId node, bool vote, Uuid directory, bool unsure);
  template <class Response, class Request>
  Task<Told> send(Request request, std::int16_t version, ErrorCode is_so_already, bool unsure);
  Task<Result<Seen>> look();

  const Shard& shard_;
  History& history_;
  ToTheLeader route_;
  const int changes_;
  std::map<BrokerId, std::optional<bool>> votes_;  // of whom a change was asked for
  int answered_ = 0;
  bool done_ = false;
};

}  // namespace thalweg::simulation

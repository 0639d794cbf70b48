// Whether a vote may be given or taken because somebody asks for it (AddRaftVoter, RemoveRaftVoter; KIP-853). Pure:
// what the leader sees of its members in, the member in question out. membership_plan.h is what happens without anybody
// asking.
//
// Errors are those of Kafka's AddVoterHandler and RemoveVoterHandler, in their order. Two refusals are ours, where
// Kafka would write down a set of voters that cannot decide anything: the last voter stays, and so does one without
// whom those that are heard are no majority any more.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "raft/quorum.h"

namespace thalweg::raft {

// What may be said of the quorum when it is asked for a change.
struct VotersSeen {
  std::span<const MemberProgress> members;  // all of them
  MemberId leader = kNoMember;              // who looks; it hears itself
  Offset last{0};                           // of the leader's log
  Instant heard_since{0};                   // who was not heard since then is taken for gone
};

// The learner that is given a vote.
//   kDuplicateVoter   the node has a vote already, by this disk or another one
//   kInvalidRequest   it is only a broker
//   kRequestTimedOut  no learner is on this disk, or it is not heard, or it has not kept up: it may later
Result<MemberId> new_voter(const VoterKey& wanted, const VotersSeen& seen);

// The voter that becomes a learner.
//   kVoterNotFound   no voter is on this disk of this node
//   kInvalidRequest  the voters that would be left could not decide anything
Result<MemberId> voter_to_dismiss(const VoterKey& wanted, const VotersSeen& seen);

}  // namespace thalweg::raft

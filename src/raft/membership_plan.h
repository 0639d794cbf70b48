// What becomes of the quorum's members without anybody asking: who is given a vote, and whose seat another one takes.
// Pure: states in, one change out. See voter_keeper.h for who feeds it.
//
// The rules, the first that applies:
//   1. A node with a new disk takes the seat of its old one, once the new one is ready and the old one is silent:
//      {remove old, add new}. Nobody votes twice for one node, and the number of voters stays.
//   2. A disk of a node that has a newer one, and no vote, is forgotten when it is silent.
//   3. The voters grow to the number that is wanted, two at a time: 1, 3, 5. Two voters are worse than one, because
//      both are needed. From an even number, which only people make, one at a time.
//   4. A voter that has been silent for silent_max is replaced by a learner that is ready.
//   5. A learner that nobody wants any more is forgotten when it has been silent for silent_max: it is no broker of
//      the cluster, and is not to vote.
// Ready: may vote, was not dismissed, is heard, and has kept within kLagMax entries of the leader's log for
// ready_after. Nobody is removed for being one too many, and nothing shrinks by itself: fewer voters are a wish of
// people.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "raft/quorum.h"

namespace thalweg::raft {

inline constexpr std::int64_t kLagMax = 100;

struct PlanTimes {
  Millis ready_after{10'000};  // of keeping up
  Millis silent_max{600'000};  // then the seat goes to another node
};

struct MemberState {
  MemberId id = kNoMember;
  bool may_vote = true;
  bool dismissed = false;  // somebody has asked that it has no vote
  bool voter = false;
  bool registered = true;               // its node is a broker of the cluster
  std::optional<Instant> silent_since;  // nothing: it is heard
  std::optional<Instant> close_since;   // within kLagMax entries of the leader's log ever since; nothing: it is not
};

// `members`: all of them, by id, in no change that is still under way. `wanted`: how many are to vote; an even number
// counts as the odd one below. The same answer for the same members, whoever leads.
std::optional<std::vector<MemberChange>> next_change(std::span<const MemberState> members, int wanted, Instant now,
                                                     PlanTimes times = {});

// Who is to lead instead of `leader`: the voter that has most of the log, of those heard since `heard_since`.
std::optional<MemberId> heir_of(std::span<const MemberProgress> members, MemberId leader, Instant heard_since);

}  // namespace thalweg::raft

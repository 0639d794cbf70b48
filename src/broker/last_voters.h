// Whether the metadata quorum can still decide anything, for a node that stops and waits for its controller: where the
// processes of so many voters are gone that the others are no majority, as their ports say, nothing is waited for that
// only a controller gives. Nodes that are all stopped at once are such: the last ones would wait for nothing.
//
// Who does not answer, as opposed to refuse, may be there: then the wait has its own end.
//
// Owner: shard 0.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>

#include "broker/liveness_probe.h"
#include "raft/quorum.h"
#include "runtime/shard.h"

namespace thalweg::broker {

class LastVoters {
 public:
  // Where a member listens for the quorum.
  using Find = std::function<std::optional<Endpoint>(raft::MemberId)>;
  static constexpr Instant kLookEach = std::chrono::milliseconds(100);

  // All outlive it, or stop() comes first.
  LastVoters(const Shard& shard, const raft::Quorum& quorum, Find find);
  ~LastVoters() { stop(); }
  LastVoters(const LastVoters&) = delete;

  // Looks until stop(); calls `too_few` once, when it is so.
  void watch(std::function<void()> too_few);
  void stop();

 private:
  void look();
  void note_gone(raft::MemberId voter);

  const Shard& shard_;
  const raft::Quorum& quorum_;
  const Find find_;
  std::function<void()> too_few_;
  std::set<raft::MemberId> gone_;
  LivenessProbe probe_;
  std::unique_ptr<Clock::Timer> timer_;
};

// A set of voters can decide while more than half of it is not gone; in a change of voters, both sets.
bool can_decide(const raft::Membership& membership, const std::set<raft::MemberId>& gone);

}  // namespace thalweg::broker

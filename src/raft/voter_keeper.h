// Looks after the quorum's voters on its leader: who keeps up is given a vote, whose seat is empty for long is
// replaced. What is to be done says next_change() (membership_plan.h); this class feeds it with what the leader sees,
// for as long as this node leads, and asks for one change after another.
//
// Owner: shard 0. Everything it knows is soft: a new leader waits for the times anew.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "raft/membership_plan.h"
#include "raft/quorum.h"
#include "runtime/shard.h"

namespace thalweg::raft {

struct VoterKeeperOptions {
  int voters = 3;         // thalweg.quorum.voters
  Millis interval{1000};  // between two looks
  Millis silence{2000};   // who was not heard for so long is silent
  Millis change_timeout{10'000};
  PlanTimes times;
  // What this node says of itself (`id` and `node` are not read); it goes into the table when this node leads. Others
  // tell the leader over the wire, which calls update_member(). Without a directory: nothing to say.
  Member own;
  // Whether the node is a broker of the cluster. Who is none, and is not to vote, may be forgotten.
  std::function<bool(BrokerId)> is_broker = [](BrokerId) { return true; };
};

class VoterKeeper {
 public:
  // Both outlive the keeper; stop() before the quorum stops.
  VoterKeeper(const Shard& shard, Quorum& quorum, VoterKeeperOptions options);
  VoterKeeper(const VoterKeeper&) = delete;

  void start();
  void stop();
  // What it saw at its last look; empty unless this node leads. For `cluster health`, which says what is waited for.
  std::vector<MemberState> members() const;

 private:
  void schedule();
  void look();
  MemberState state_of(const MemberProgress& progress, Offset last, Instant now) const;
  // Whether the table has to learn something of this node.
  std::optional<Member> news_of_self() const;
  static Task<> update(VoterKeeper* self, std::shared_ptr<bool> alive, Member own);
  static Task<> change(VoterKeeper* self, std::shared_ptr<bool> alive, std::vector<MemberChange> changes);

  const Shard& shard_;
  Quorum& quorum_;
  const VoterKeeperOptions options_;
  LeaderEpoch epoch_{-1};  // in which this node led at the last look
  Instant leads_since_{0};
  std::map<MemberId, MemberState> seen_;
  bool changing_ = false;
  std::unique_ptr<Clock::Timer> timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // a change may be waited for longer than we live
};

}  // namespace thalweg::raft

// The rules of replication, as conversations with one leader. Broker 1 leads; 2 and 3 follow.
#include "replication/replication.h"

#include <gtest/gtest.h>

#include <random>

namespace thalweg::replication {
namespace {

using namespace std::chrono_literals;
constexpr BrokerId k1{1}, k2{2}, k3{3};

class Leader {
 public:
  explicit Leader(std::vector<BrokerId> isr, std::size_t min = 1, std::int64_t end = 0, std::int64_t high_watermark = 0,
                  std::vector<BrokerId> replicas = {k1, k2, k3})
      : min_(min), local_{Offset{end}, Offset{end}} {
    state_.replicas = std::move(replicas);
    state_.isr = std::move(isr);
    state_.leader = k1;
    state_.leader_epoch = LeaderEpoch{5};
    state_.partition_epoch = 10;
    replication_.emplace(k1, state_, min_, local_, Offset{high_watermark}, ReplicationTimes{}, now_);
    synced();
  }

  Replication::Step append(std::int64_t end) {
    local_.end = Offset{end};
    return keep(replication_->on_local(local_, eligible_, now_));
  }
  Replication::Step synced() {
    local_.acknowledged = local_.end;
    return keep(replication_->on_local(local_, eligible_, now_));
  }
  Replication::Step fetch(BrokerId from, std::int64_t position, std::int64_t claim = -1, std::int64_t epoch = 1) {
    return keep(replication_->on_fetch({from, epoch, Offset{position}, Offset{claim < 0 ? position : claim}}, local_,
                                       eligible_, now_));
  }
  void delete_before(std::int64_t start) { local_.start = Offset{start}; }
  Replication::Step fetch_with_start(BrokerId from, std::int64_t position, std::int64_t start) {
    return keep(
        replication_->on_fetch({from, 1, Offset{position}, Offset{position}, Offset{start}}, local_, eligible_, now_));
  }
  Replication::Step image(std::vector<BrokerId> isr, bool new_epoch = true) {
    state_.isr = std::move(isr);
    if (new_epoch) ++state_.partition_epoch;
    return keep(replication_->on_image(state_, min_, local_, eligible_, now_));
  }
  Replication::Step set_min(std::size_t min) { return keep(replication_->on_config(min_ = min, eligible_, now_)); }
  // The last proposal.
  Replication::Step refuse() { return refuse(proposed_); }
  Replication::Step refuse(std::int32_t partition_epoch) {
    return keep(replication_->on_refused(partition_epoch, eligible_, now_));
  }
  // Time passes; the timer is honoured. What the last call said.
  Replication::Step wait(Instant by) {
    Replication::Step last{replication_->high_watermark(), {}, again_};
    const Instant until = now_ + by;
    while (again_ && *again_ <= until && !last.propose) {
      now_ = std::max(now_, *again_);
      last = keep(replication_->on_timer(eligible_, now_));
    }
    now_ = until;
    return last;
  }
  void forbid(BrokerId id) { forbidden_ = id; }
  std::int64_t high_watermark() const { return replication_->high_watermark().value; }
  Replication& machine() { return *replication_; }
  Instant now() const { return now_; }

 private:
  Replication::Step keep(Replication::Step step) {
    EXPECT_GE(step.high_watermark, last_) << "the high watermark fell";
    EXPECT_EQ(step.high_watermark, replication_->high_watermark());
    last_ = step.high_watermark;
    again_ = step.again;
    if (step.propose) {
      proposed_ = step.propose->partition_epoch;
      EXPECT_EQ(step.propose->broker_epochs.size(), step.propose->isr.size());
      EXPECT_EQ(step.propose->leader_epoch, state_.leader_epoch);
    }
    return step;
  }

  metadata::Partition state_;
  std::size_t min_;
  Replication::Local local_;
  Instant now_ = 100s;
  BrokerId forbidden_ = kNoBroker;
  std::int32_t proposed_ = -1;
  Replication::Eligible eligible_ = [this](BrokerId id, std::int64_t) { return id != forbidden_; };
  std::optional<Replication> replication_;
  std::optional<Instant> again_;
  Offset last_{0};
};

std::vector<BrokerId> wanted(const Replication::Step& step) {
  return step.propose ? step.propose->isr : std::vector<BrokerId>{};
}
const std::vector<BrokerId> kNothing;

TEST(Replication, AloneInTheIsrTheHighWatermarkIsWhatTheOwnDiskSays) {
  Leader leader({k1}, 1, 0, 0, {k1});
  EXPECT_TRUE(leader.machine().is_alone());
  leader.append(3);
  EXPECT_EQ(leader.high_watermark(), 0);
  const auto step = leader.synced();
  EXPECT_EQ(leader.high_watermark(), 3);
  EXPECT_FALSE(step.again) << "nobody to watch, so no timer";
  // min.insync.replicas above the number of replicas means: all of them.
  leader.set_min(3);
  leader.append(4);
  leader.synced();
  EXPECT_EQ(leader.high_watermark(), 4);
}

TEST(Replication, R1R3TheHighWatermarkIsTheLeastOfWhatIsOnTheDisksOfTheIsr) {
  Leader leader({k1, k2, k3});
  leader.append(10);
  leader.synced();
  leader.fetch(k2, 10);
  EXPECT_EQ(leader.high_watermark(), 0) << "3 was not heard in this epoch";
  leader.fetch(k3, 10, 4);
  EXPECT_EQ(leader.high_watermark(), 4) << "what 3 has in memory does not count";
  leader.fetch(k3, 10, 10);
  EXPECT_EQ(leader.high_watermark(), 10);
  leader.append(12);
  leader.fetch(k2, 12);
  leader.fetch(k3, 12);
  EXPECT_EQ(leader.high_watermark(), 10) << "the leader's own disk";
  leader.synced();
  EXPECT_EQ(leader.high_watermark(), 12);
}

TEST(Replication, WhoIsNotInTheIsrDoesNotHoldTheHighWatermark) {
  Leader leader({k1, k2});
  leader.append(5);
  leader.synced();
  leader.fetch(k2, 5);
  EXPECT_EQ(leader.high_watermark(), 5);
  leader.fetch(k3, 1);
  leader.fetch(BrokerId{9}, 2);  // no replica at all
  leader.append(7);
  leader.synced();
  leader.fetch(k2, 7);
  EXPECT_EQ(leader.high_watermark(), 7);
}

TEST(Replication, R4ItDoesNotMoveWhileTheIsrIsBelowTheMinimum) {
  Leader leader({k1}, 2);
  leader.append(5);
  leader.synced();
  EXPECT_EQ(leader.high_watermark(), 0);
  EXPECT_EQ(leader.machine().low_watermark(Offset{3}), kNoOffset)
      << "who may lead next is away, and has deleted nothing";
  leader.set_min(1);
  EXPECT_EQ(leader.high_watermark(), 5);
  EXPECT_EQ(leader.machine().low_watermark(Offset{3}), Offset{3});
}

TEST(Replication, R6ANewcomerHasAllThatIsCommittedAndAllThatWasThereWhenTheEpochBegan) {
  Leader leader({k1, k2}, 1, 8, 3);  // the epoch begins at 8, and 3 are known to be committed
  EXPECT_EQ(wanted(leader.fetch(k3, 5)), kNothing) << "committed, but not yet what earlier leaders left";
  EXPECT_EQ(wanted(leader.fetch(k3, 8, 7)), kNothing) << "not on disk";
  EXPECT_EQ(wanted(leader.fetch(k3, 8)), (std::vector{k1, k2, k3}));
  leader.append(20);
  leader.synced();
  leader.fetch(k2, 20);
  EXPECT_EQ(leader.high_watermark(), 8) << "it counts from the moment it is proposed";
  leader.image({k1, k2, k3});
  leader.fetch(k3, 20);
  EXPECT_EQ(leader.high_watermark(), 20);
}

TEST(Replication, R6ANewcomerHasDeletedWhatWasDeleted) {
  Leader leader({k1, k2}, 1, 8, 3);
  leader.delete_before(5);
  EXPECT_EQ(wanted(leader.fetch_with_start(k3, 8, 4)), kNothing) << "it would lead with records that are deleted";
  EXPECT_EQ(wanted(leader.fetch_with_start(k3, 8, 5)), (std::vector{k1, k2, k3}));
}

// KAFKA-19996: with too few in sync the high watermark stands still, and to have reached that is nothing.
TEST(Replication, R6BelowTheMinimumANewcomerHasReachedTheEnd) {
  Leader leader({k1}, 2);
  leader.append(100);
  leader.synced();
  EXPECT_EQ(leader.high_watermark(), 0);
  EXPECT_EQ(wanted(leader.fetch(k2, 10)), kNothing) << "above the high watermark, and far behind";
  leader.append(150);
  EXPECT_EQ(wanted(leader.fetch(k2, 99)), kNothing);
  EXPECT_EQ(wanted(leader.fetch(k2, 150)), (std::vector{k1, k2}));
}

TEST(Replication, R5AnAnswerToAnOlderProposalSaysNothingOfThisOne) {
  Leader leader({k1});
  leader.append(4);
  leader.synced();
  leader.fetch(k2, 4);  // proposed under partition epoch 10
  EXPECT_TRUE(leader.image({k1}).propose) << "the controller has changed something else; proposed again, under 11";
  leader.append(8);
  leader.synced();
  leader.refuse(10);  // late
  EXPECT_TRUE(leader.machine().proposed());
  EXPECT_EQ(leader.high_watermark(), 4) << "2 may be in the ISR already";
}

TEST(Replication, AProposalNamesTheProcessesThatAreNew) {
  Leader leader({k1, k2});
  leader.fetch(k2, 0, -1, 6);
  const auto step = leader.fetch(k3, 0, -1, 7);
  ASSERT_TRUE(step.propose);
  EXPECT_EQ(step.propose->broker_epochs, (std::vector<std::int64_t>{-1, -1, 7}));
}

TEST(Replication, ItsHighWatermarkIsKnownOnceWhatEarlierLeadersLeftIsCommitted) {
  Leader leader({k1, k2}, 1, 8, 3);
  EXPECT_FALSE(leader.machine().high_watermark_is_known());
  leader.fetch(k2, 8, 5);
  EXPECT_FALSE(leader.machine().high_watermark_is_known());
  leader.fetch(k2, 8, 8);
  EXPECT_TRUE(leader.machine().high_watermark_is_known());
}

TEST(Replication, R6WhoMayNotBeInSyncIsNotProposed) {
  Leader leader({k1, k2});
  leader.forbid(k3);
  EXPECT_EQ(wanted(leader.fetch(k3, 0)), kNothing);
  leader.forbid(kNoBroker);
  EXPECT_EQ(wanted(leader.fetch(k3, 0)), (std::vector{k1, k2, k3}));
}

TEST(Replication, R2AFetchOfAProcessThatIsGoneChangesNothing) {
  Leader leader({k1, k2});
  leader.append(5);
  leader.synced();
  leader.fetch(k2, 2, -1, 8);
  leader.fetch(k2, 5, -1, 7);  // delayed, of the broker's life before
  EXPECT_EQ(leader.high_watermark(), 2);
}

TEST(Replication, R5R6OneProposalAtATimeAndOnlyAHigherPartitionEpochEndsIt) {
  Leader leader({k1});
  EXPECT_EQ(wanted(leader.fetch(k2, 0)), (std::vector{k1, k2}));
  EXPECT_EQ(wanted(leader.fetch(k3, 0)), kNothing);
  leader.append(4);
  leader.synced();
  EXPECT_EQ(wanted(leader.image({k1}, false)), kNothing) << "says nothing of the proposal";
  EXPECT_EQ(leader.high_watermark(), 0) << "2 may be in the ISR already";
  leader.fetch(k3, 4);
  EXPECT_EQ(wanted(leader.image({k1, k2})), (std::vector{k1, k2, k3}));
}

TEST(Replication, R5ARefusedProposalCountsForNothingAndIsMadeAgainLater) {
  Leader leader({k1});
  leader.append(4);
  leader.fetch(k2, 4);
  leader.fetch(k2, 4, 2);  // says less than before; cut, and on its way again
  leader.synced();
  EXPECT_EQ(leader.high_watermark(), 2);
  leader.refuse();
  EXPECT_EQ(leader.high_watermark(), 4) << "alone again";
  EXPECT_EQ(wanted(leader.fetch(k2, 4)), kNothing) << "not at once";
  EXPECT_EQ(wanted(leader.wait(1s)), (std::vector{k1, k2}));
}

TEST(Replication, R7R9WhoIsSilentGoesAfterTwoSecondsAndWhoLagsAfterThirty) {
  Leader leader({k1, k2, k3});
  leader.append(100);
  leader.synced();
  EXPECT_EQ(wanted(leader.wait(1900ms)), kNothing) << "a new leader grants the full time";
  leader.fetch(k2, 100);
  leader.fetch(k3, 10);
  EXPECT_EQ(wanted(leader.wait(1999ms)), kNothing);
  leader.fetch(k3, 11);
  EXPECT_EQ(wanted(leader.wait(2ms)), (std::vector{k1, k3})) << "2 did not ask any more";
  leader.image({k1, k3});
  for (int second = 0; second < 26; ++second) {
    leader.append(100 + 10 * second);
    EXPECT_EQ(wanted(leader.fetch(k3, 12 + second)), kNothing);
    EXPECT_EQ(wanted(leader.wait(1s)), kNothing) << second;
  }
  leader.fetch(k3, 60);
  EXPECT_EQ(wanted(leader.wait(1s)), (std::vector{k1})) << "3 asks and asks, and gets nowhere";
}

TEST(Replication, ABusyLogIsNeverReachedAndItsFollowersAreInSyncAllTheSame) {
  Leader leader({k1, k2}, 1, 0, 0, {k1, k2});
  std::int64_t end = 0;
  for (int i = 0; i < 100; ++i) {
    const std::int64_t before = end;
    leader.append(end += 10);
    EXPECT_EQ(wanted(leader.fetch(k2, before)), kNothing);
    leader.append(end += 10);
    leader.fetch(k2, end - 10);
    EXPECT_EQ(wanted(leader.wait(1s)), kNothing) << i;
  }
}

// Claims come by fetches of their own, while the answer to the one before is on its way.
TEST(Replication, R7WhoRestsIsInSyncUntilItIsStirredAndThenJudgedByWhenItAskedLast) {
  Leader leader({k1, k2, k3});
  leader.append(10);
  leader.synced();
  leader.fetch(k2, 10);
  leader.fetch(k3, 10);
  EXPECT_TRUE(leader.machine().rest(k2, 1, Offset{10}));
  EXPECT_TRUE(leader.machine().rest(k3, 1, Offset{10}));
  EXPECT_EQ(leader.wait(2s).again, std::nullopt) << "there is nothing to look at";
  EXPECT_EQ(wanted(leader.wait(1h)), kNothing);
  leader.machine().stir(k2, leader.now());
  leader.machine().stir(k3, leader.now() - 1500ms);
  leader.append(11);
  EXPECT_EQ(wanted(leader.wait(600ms)), (std::vector{k1, k2})) << "3 was not heard for two seconds";
}

TEST(Replication, NobodyRestsWhoIsNotInSyncOrSaysSomethingElseByNow) {
  Leader leader({k1, k2});
  leader.append(10);
  leader.synced();
  EXPECT_FALSE(leader.machine().rest(k2, 1, Offset{10})) << "not heard in this epoch";
  leader.fetch(k2, 10);
  EXPECT_FALSE(leader.machine().rest(k2, 0, Offset{10})) << "a process that is gone";
  EXPECT_FALSE(leader.machine().rest(k2, 1, Offset{9})) << "it asks from another place";
  EXPECT_TRUE(leader.machine().rest(k2, 1, Offset{10}));
  EXPECT_EQ(wanted(leader.fetch(k3, 10)), (std::vector{k1, k2, k3}));
  EXPECT_FALSE(leader.machine().rest(k3, 1, Offset{10})) << "it is not in sync yet";
  leader.image({k1, k2, k3});
  EXPECT_TRUE(leader.machine().rest(k3, 1, Offset{10}));
  leader.fetch(k2, 10);
  EXPECT_EQ(wanted(leader.wait(2s)), (std::vector{k1, k3})) << "what it says itself counts again";
}

TEST(Replication, R8WhoLeftComesBackToABusyLogAlsoWithManyClaims) {
  Leader leader({k1, k2}, 1, 0, 0, {k1, k2});
  EXPECT_EQ(wanted(leader.wait(3s)), (std::vector{k1}));
  leader.image({k1});
  std::int64_t end = 0;
  Instant waited{};
  for (bool back = false; !back; waited += 10ms) {
    ASSERT_LT(waited, 3s);
    const std::int64_t position = end;
    for (int claim = 0; claim < 3; ++claim) {
      leader.append(++end);
      leader.synced();
      back |= leader.fetch(k2, position, position).propose.has_value();
    }
    back |= leader.fetch(k2, end, end).propose.has_value() || leader.wait(10ms).propose.has_value();
  }
  EXPECT_GE(waited, 900ms);
}

TEST(Replication, R7WhoAsksAgainAndAgainFromTheSamePlaceLags) {
  Leader leader({k1, k2}, 1, 0, 0, {k1, k2});
  leader.fetch(k2, 0);
  for (int second = 0; second < 29; ++second) {
    leader.append(second + 1);
    EXPECT_EQ(wanted(leader.fetch(k2, 0)), kNothing);
    EXPECT_EQ(wanted(leader.wait(1s)), kNothing) << second;
  }
  leader.fetch(k2, 0);
  EXPECT_EQ(wanted(leader.wait(1500ms)), (std::vector{k1}));
}

TEST(Replication, R8WhoLeftComesBackAfterItStayedCaughtUpLongerEachTime) {
  Leader leader({k1, k2}, 1, 0, 0, {k1, k2});
  for (const auto back : {1s, 2s, 4s}) {
    EXPECT_EQ(wanted(leader.wait(3s)), (std::vector{k1}));
    leader.image({k1});
    leader.append(leader.high_watermark() + 5);  // it is behind when it comes again
    leader.synced();
    EXPECT_EQ(wanted(leader.fetch(k2, leader.high_watermark() - 1)), kNothing);
    Instant waited{};
    while (waited < back) {
      EXPECT_EQ(wanted(leader.fetch(k2, leader.high_watermark())), kNothing);
      if (const auto step = leader.wait(250ms); step.propose) break;
      waited += 250ms;
    }
    EXPECT_GE(waited, back - 250ms);
    leader.image({k1, k2});
    leader.fetch(k2, leader.high_watermark());
  }
}

// Whatever happens: what is committed is on the disks of a full ISR as the image knows it.
TEST(Replication, WhatIsCommittedIsOnTheDisksOfTheIsrWhateverHappens) {
  int moves = 0;
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random(seed);
    const auto pick = [&](std::uint64_t below) { return static_cast<std::int64_t>(random() % below); };
    std::vector<BrokerId> isr{k1, k2, k3};
    Leader leader(isr, 2);
    std::optional<Replication::Wanted> proposed;
    std::map<BrokerId, std::int64_t> on_disk{{k1, 0}, {k2, 0}, {k3, 0}};
    std::int64_t end = 0;
    for (int i = 0; i < 300; ++i) {
      const std::int64_t before = leader.high_watermark();
      Replication::Step step;
      switch (pick(7)) {
        case 0:
          step = leader.append(end += 1 + pick(5));
          break;
        case 1:
          on_disk[k1] = end;
          step = leader.synced();
          break;
        case 2:
        case 3: {
          const BrokerId id = pick(2) == 0 ? k2 : k3;
          on_disk[id] = std::min(end, on_disk[id] + pick(8));
          step = leader.fetch(id, std::min(end, on_disk[id] + pick(3)), on_disk[id]);
          break;
        }
        case 4:
          step = leader.wait(std::chrono::milliseconds(pick(4000)));
          break;
        case 5:
          if (!proposed) continue;
          isr = proposed->isr;  // the controller agrees
          proposed.reset();
          step = leader.image(isr);
          break;
        default:
          if (!proposed) continue;
          proposed.reset();
          step = leader.refuse();
      }
      if (step.propose) proposed = step.propose;
      const std::int64_t now = leader.high_watermark();
      if (now == before) continue;
      ++moves;
      EXPECT_GE(isr.size(), 2u);
      for (const BrokerId id : isr) EXPECT_LE(now, on_disk[id]) << "seed " << seed << " broker " << to_string(id);
    }
  }
  EXPECT_GT(moves, 300) << "nothing was at stake";
}

}  // namespace
}  // namespace thalweg::replication

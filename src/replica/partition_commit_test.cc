// Who waits for a commit waits for one leadership: what was cut meanwhile is never called committed, whatever lies at
// the same offsets by then.
#include <gtest/gtest.h>

#include "record/batch.h"
#include "replica/partitions.h"
#include "storage/testing.h"

namespace thalweg::replica {
namespace {

using namespace std::chrono_literals;

// Two partitions of one shard, led from here in epoch 3 with another replica in sync that never fetches.
struct CommitTest : testing::Test {
  using Outcomes = std::vector<Result<>>;
  static constexpr BrokerId kSelf{1}, kOther{2};
  static constexpr PartitionKey kFirst{Uuid{1, 2}, PartitionId{0}}, kSecond{Uuid{1, 2}, PartitionId{1}};

  static metadata::Partition led_by(BrokerId leader, std::int32_t epoch, std::vector<BrokerId> isr = {kSelf, kOther}) {
    metadata::Partition state;
    state.replicas = {kSelf, kOther};
    state.isr = std::move(isr);
    state.leader = leader;
    state.leader_epoch = LeaderEpoch{epoch};
    return state;
  }

  CommitTest() {
    for (const auto& key : {kFirst, kSecond}) {
      const std::string name = std::to_string(key.partition.value);
      auto log = t.run(storage::Log::open(t.shard, {.directory = t.directory + "/orders-" + name,
                                                    .partition = {"orders", key.partition},
                                                    .topic_id = key.topic_id,
                                                    .config = {},
                                                    .sync_every_append = false}));
      CHECK(log);
      partitions.host(key, *log, led_by(kSelf, 3));
    }
  }
  void let_run() {
    t.context.restart();
    t.context.poll();
  }
  Partitions::Wait append(PartitionKey key) {
    const auto appended = t.run(partitions.append({{key, {.records = storage::make_batch()}}})).front();
    CHECK(appended);
    return {key, appended->end(), appended->leader_epoch};
  }
  static Task<> keep(Task<Outcomes> waiting, std::optional<Outcomes>& into) { into = co_await std::move(waiting); }
  void wait_for(std::vector<Partitions::Wait> waits) {
    spawn(t.shard, keep(partitions.committed(std::move(waits), t.clock.now() + 10s), outcomes));
    let_run();
  }
  // Another leader cuts what this one had alone, and writes as much of its own, which is committed.
  void lose_and_refill(PartitionKey key) {
    partitions.update(key, led_by(kOther, 4));
    const auto partition = partitions.find(key);
    ASSERT_TRUE(t.run(partition->truncate_as_follower(Offset{0})));
    const auto batch = storage::make_batch({.value_size = 20});
    std::vector<std::byte> bytes(batch.view().begin(), batch.view().end());
    record::set_base_offset(bytes, Offset{0});
    record::set_leader_epoch(bytes, LeaderEpoch{4});
    ASSERT_TRUE(
        partition->append_as_follower(SharedBytes::take(std::move(bytes)), LeaderEpoch{4}, Offset{1}, Offset{0}));
  }
  ErrorCode code(std::size_t i) const {
    const auto& outcome = outcomes->at(i);
    return outcome ? ErrorCode::kNone : outcome.error().code;
  }

  storage::TestShard t;
  Partitions partitions{t.shard, kSelf};
  std::optional<Outcomes> outcomes;
};

// The second one is cut while the first one is waited for.
TEST_F(CommitTest, ARecordThatWasCutIsNotCommittedByWhatTookItsPlace) {
  wait_for({append(kFirst), append(kSecond)});
  ASSERT_FALSE(outcomes);
  lose_and_refill(kSecond);
  partitions.update(kSecond, led_by(kSelf, 5, {kSelf}));
  ASSERT_EQ(partitions.find(kSecond)->high_watermark().value(), Offset{1}) << "of the other leader's record";
  partitions.update(kFirst, led_by(kSelf, 3, {kSelf}));
  let_run();
  ASSERT_TRUE(outcomes);
  EXPECT_EQ(code(0), ErrorCode::kNone);
  EXPECT_EQ(code(1), ErrorCode::kNotLeaderOrFollower);
}

TEST_F(CommitTest, AFollowersHighWatermarkCommitsNothingOfItsFormerLeadership) {
  const auto wait = append(kFirst);
  lose_and_refill(kFirst);
  wait_for({wait});
  ASSERT_TRUE(outcomes);
  EXPECT_EQ(code(0), ErrorCode::kNotLeaderOrFollower);
}

TEST_F(CommitTest, WhoLeadsLaterDoesNotAnswerForAnEarlierLeadership) {
  const auto wait = append(kFirst);
  lose_and_refill(kFirst);
  partitions.update(kFirst, led_by(kSelf, 5, {kSelf}));
  wait_for({wait});
  ASSERT_TRUE(outcomes);
  EXPECT_EQ(code(0), ErrorCode::kNotLeaderOrFollower);
}

// The log was never anybody else's to cut.
TEST_F(CommitTest, ANewEpochOfTheSameLeadershipAnswersForTheOneBefore) {
  wait_for({append(kFirst)});
  partitions.update(kFirst, led_by(kSelf, 4));
  let_run();
  ASSERT_FALSE(outcomes);
  partitions.update(kFirst, led_by(kSelf, 4, {kSelf}));
  let_run();
  ASSERT_TRUE(outcomes);
  EXPECT_EQ(code(0), ErrorCode::kNone);
}

TEST_F(CommitTest, EachPartitionHasItsOwnAnswer) {
  wait_for({append(kFirst), append(kSecond)});
  partitions.update(kFirst, led_by(kSelf, 3, {kSelf}));
  let_run();
  ASSERT_FALSE(outcomes);
  t.clock.advance(10s);
  let_run();
  ASSERT_TRUE(outcomes);
  EXPECT_EQ(code(0), ErrorCode::kNone);
  EXPECT_EQ(code(1), ErrorCode::kRequestTimedOut);
}

// DeleteRecords: of two that are in sync either may lead next.
struct DeletionTest : CommitTest {
  void fetch(Offset log_start) {
    const auto read = t.run(partitions.find(kFirst)->read(
        {.from = Offset{1},
         .isolation = Isolation::kLogEnd,
         .current_leader_epoch = LeaderEpoch{3},
         .follower = Follower{.id = kOther, .epoch = 7, .durable = Offset{1}, .log_start = log_start}}));
    ASSERT_TRUE(read);
  }
  static Task<> keep_one(Task<Result<Offset>> deleting, std::optional<Result<Offset>>& into) {
    into = co_await std::move(deleting);
  }
  void delete_all() {
    append(kFirst);
    fetch(Offset{0});
    spawn(t.shard, keep_one(partitions.delete_records(kFirst, kNoOffset, t.clock.now() + 10s), low));
    let_run();
    ASSERT_EQ(partitions.find(kFirst)->log().start_offset(), Offset{1});
    ASSERT_FALSE(low);
  }
  std::optional<Result<Offset>> low;
};

TEST_F(DeletionTest, IsAnsweredWhenAllInSyncHaveDeletedTheRecords) {
  delete_all();
  fetch(Offset{0});
  let_run();
  EXPECT_FALSE(low);
  fetch(Offset{1});
  let_run();
  ASSERT_TRUE(low && *low);
  EXPECT_EQ(**low, Offset{1});
}

TEST_F(DeletionTest, WhoLeavesTheInSyncReplicasIsWaitedForNoLonger) {
  delete_all();
  partitions.update(kFirst, led_by(kSelf, 3, {kSelf}));
  let_run();
  EXPECT_TRUE(low && *low);
}

// sarama's functional tests again: what acks=1 has acknowledged is there to be deleted.
TEST_F(DeletionTest, TheOnlyReplicaDeletesWhatItHasTakenOnceThatIsOnItsDisk) {
  const PartitionKey alone{kFirst.topic_id, {7}};
  const auto log = t.run(storage::Log::open(t.shard, {.directory = t.directory + "/orders-7",
                                                      .partition = {"orders", {7}},
                                                      .topic_id = alone.topic_id,
                                                      .config = {}}));
  ASSERT_TRUE(log);
  auto state = led_by(kSelf, 3, {kSelf});
  state.replicas = {kSelf};
  partitions.host(alone, *log, state);
  const auto partition = partitions.find(alone);
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch({.records = 3})}));
  ASSERT_EQ(partition->high_watermark().value(), Offset{0}) << "it is not on disk yet";
  EXPECT_EQ(t.run(partitions.delete_records(alone, Offset{3}, t.clock.now() + 60s)), Offset{3});
}

// With nobody else in sync there is no fetch that would move anything on.
TEST_F(DeletionTest, ALeaderAloneDeletesAgainAndAgain) {
  partitions.update(kFirst, led_by(kSelf, 3, {kSelf}));
  for (const Offset end : {Offset{1}, Offset{2}, Offset{3}}) {
    append(kFirst);
    low.reset();
    spawn(t.shard, keep_one(partitions.delete_records(kFirst, kNoOffset, t.clock.now() + 10s), low));
    let_run();
    ASSERT_TRUE(low && *low);
    EXPECT_EQ(**low, end);
  }
}

TEST_F(DeletionTest, EndsWithTheLeadership) {
  delete_all();
  partitions.update(kFirst, led_by(kOther, 4));
  let_run();
  ASSERT_TRUE(low);
  EXPECT_EQ(low->error().code, ErrorCode::kNotLeaderOrFollower);
}

TEST_F(DeletionTest, TimesOut) {
  delete_all();
  t.clock.advance(10s);
  let_run();
  ASSERT_TRUE(low);
  EXPECT_EQ(low->error().code, ErrorCode::kRequestTimedOut);
}

}  // namespace
}  // namespace thalweg::replica

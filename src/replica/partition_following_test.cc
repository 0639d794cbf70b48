// A partition that another broker leads: what it takes, what it cuts, and where it begins.
#include <gtest/gtest.h>

#include <filesystem>

#include "record/batch.h"
#include "replica/testing_partition.h"

namespace thalweg::replica {
namespace {

struct FollowingTest : PartitionTest {
  FollowingTest() { partition->update(led_by(kOther, LeaderEpoch{4})); }
  // As a leader of this epoch would have it in its log.
  static SharedBytes written(std::int64_t at, std::int32_t epoch, int records = 1) {
    const auto batch = storage::make_batch({.records = records});
    std::vector<std::byte> bytes(batch.view().begin(), batch.view().end());
    record::set_base_offset(bytes, Offset{at});
    record::set_leader_epoch(bytes, LeaderEpoch{epoch});
    return SharedBytes::take(std::move(bytes));
  }
  Result<> append(SharedBytes records, std::int64_t high_watermark, std::int64_t log_start = 0) {
    return partition->append_as_follower(std::move(records), LeaderEpoch{4}, Offset{high_watermark}, Offset{log_start});
  }
  PartitionPtr partition = open(Durability::kMemory);
};

TEST_F(FollowingTest, TakesWhatItsLeaderHasWithItsEpochs) {
  ASSERT_TRUE(append(written(0, 2, 3), 1));
  EXPECT_EQ(partition->high_watermark().value(), Offset{1});
  EXPECT_EQ(*partition->following(), (replication::Position{LeaderEpoch{4}, Offset{3}, LeaderEpoch{2}}));
  ASSERT_TRUE(append(written(3, 4, 2), 99));
  EXPECT_EQ(partition->high_watermark().value(), Offset{5}) << "never beyond its own end";
  ASSERT_TRUE(append({}, 2));
  EXPECT_EQ(partition->high_watermark().value(), Offset{2}) << "a new leader may know less";
  EXPECT_FALSE(append(written(2, 4), 2)) << "it does not go back";
  EXPECT_EQ(partition->log().epochs().entries().size(), 2u);
}

TEST_F(PartitionTest, OnlyAFollowerThatConsumersComeToFillsThePageCache) {
  const auto in_file = [&] { return std::filesystem::file_size(t.directory + "/orders-0/00000000000000000000.log"); };
  const auto partition = open();
  partition->update(led_by(kOther, LeaderEpoch{4}));
  const auto take = [&](std::int64_t at) {
    const auto batch = storage::make_batch(
        {.value_size = 100'000, .options = {.base_offset = Offset{at}, .leader_epoch = LeaderEpoch{4}}});
    ASSERT_TRUE(partition->append_as_follower(batch, LeaderEpoch{4}, Offset{0}, Offset{0}));
  };
  take(0);
  EXPECT_EQ(in_file(), 0u) << "it comes with the sync";
  ASSERT_TRUE(t.run(partition->log().flush()));
  const auto synced = in_file();
  EXPECT_EQ(synced, partition->log().size_bytes());
  partition->set_racks([](BrokerId) { return std::string("a"); });
  take(1);
  EXPECT_GT(in_file(), synced);
}

// KAFKA-18723: what a leader of a later epoch has written was not read by the leader that was asked.
TEST_F(FollowingTest, LeavesOutWhatIsOfALaterEpochThanItsLeaders) {
  ASSERT_TRUE(append(written(0, 5), 0));
  EXPECT_EQ(partition->log().end_offset(), Offset{0});
}

TEST_F(FollowingTest, ItsLogBeginsWhereTheLeadersDoesOnceThatIsCommitted) {
  ASSERT_TRUE(append(written(0, 4, 3), 1, 2));
  EXPECT_EQ(partition->log().start_offset(), Offset{1});
  ASSERT_TRUE(append({}, 3, 2));
  EXPECT_EQ(partition->log().start_offset(), Offset{2});
}

TEST_F(FollowingTest, CutsWhatTheLeaderHasNotAndSaysNothingOfItselfMeanwhile) {
  ASSERT_TRUE(append(written(0, 2, 3), 3));
  ASSERT_TRUE(append(written(3, 4, 2), 5));
  std::optional<Result<>> done;
  const auto cut = [](PartitionPtr p, std::optional<Result<>>& into) -> Task<> {
    into = co_await p->truncate_as_follower(Offset{3});
  };
  spawn(t.shard, cut(partition, done));
  t.context.restart();
  t.context.poll_one();
  if (!done) EXPECT_FALSE(partition->following());
  EXPECT_TRUE(t.run([](PartitionPtr p) -> Task<bool> {
    co_await p->settled();
    co_return true;
  }(partition)));
  ASSERT_TRUE(done && *done);
  EXPECT_EQ(*partition->following(), (replication::Position{LeaderEpoch{4}, Offset{3}, LeaderEpoch{2}}));
  EXPECT_EQ(partition->high_watermark().value(), Offset{3});
  EXPECT_EQ(partition->log().latest_epoch(), LeaderEpoch{2});
}

TEST_F(FollowingTest, StartsOverWhereTheLeaderBegins) {
  ASSERT_TRUE(append(written(0, 2, 3), 3));
  ASSERT_TRUE(t.run(partition->start_over(Offset{50})));
  EXPECT_EQ(*partition->following(), (replication::Position{LeaderEpoch{4}, Offset{50}, kNoLeaderEpoch, true}));
  EXPECT_EQ(partition->high_watermark().value(), Offset{50});
  ASSERT_TRUE(append(written(50, 4), 51, 50));
}

// After DeleteRecords to an offset inside of a batch. The batch comes whole, and all of it is in the file.
TEST_F(FollowingTest, BeginsWithTheBatchInsideOfWhichTheLeadersLogBegins) {
  ASSERT_TRUE(t.run(partition->start_over(Offset{50})));
  EXPECT_FALSE(append(written(46, 4, 8), 54, 50)) << "as it stands, it takes nothing from before its start";
  ASSERT_TRUE(t.run(partition->start_over(Offset{46})));
  ASSERT_TRUE(append(written(46, 4, 8), 54, 50));
  EXPECT_EQ(partition->log().start_offset(), Offset{50});
  EXPECT_EQ(*partition->following(), (replication::Position{LeaderEpoch{4}, Offset{54}, LeaderEpoch{4}}));
  partition->log().check_invariants();
  const auto data = t.run(partition->log().read(Offset{50}, {}));
  ASSERT_TRUE(data);
  EXPECT_EQ(data->first, Offset{46});
  EXPECT_EQ(t.run(partition->log().read(Offset{49}, {})).error().code, ErrorCode::kOffsetOutOfRange);
  ASSERT_TRUE(append(written(54, 4), 55, 50));
}

TEST_F(FollowingTest, IsNoFollowerWhereItLeadsOrNobodyDoes) {
  EXPECT_TRUE(partition->following());
  partition->update(led_by(kNoBroker, LeaderEpoch{5}));
  EXPECT_FALSE(partition->following());
  partition->update(led_by(kSelf, LeaderEpoch{6}));
  EXPECT_FALSE(partition->following());
}

// KIP-207: others may have been told of an end beyond what a new leader knows to be committed.
TEST_F(FollowingTest, ANewLeaderDoesNotTellTheEndBeforeItKnowsIt) {
  ASSERT_TRUE(append(written(0, 2, 3), 1));
  partition->update(led_by(kSelf, LeaderEpoch{5}, {kSelf, kOther}));
  const auto latest = [&] { return t.run(partition->find_offset({.kind = OffsetQuery::Kind::kLatest})); };
  EXPECT_EQ(latest().error().code, ErrorCode::kOffsetNotAvailable);
  ASSERT_TRUE(t.run(partition->read({.from = Offset{3},
                                     .isolation = Isolation::kLogEnd,
                                     .current_leader_epoch = LeaderEpoch{5},
                                     .follower = Follower{.id = kOther, .epoch = 7}})));
  EXPECT_EQ(latest()->offset, Offset{3});
}

}  // namespace
}  // namespace thalweg::replica

// A leader whose disk fails: it leads no longer than it takes to find another, and nobody is put out for not fetching
// from it.
#include <gtest/gtest.h>

#include "base/log.h"
#include "replica/partition.h"
#include "sim/world.h"
#include "storage/testing.h"

namespace thalweg::replica {
namespace {

using namespace std::chrono_literals;

struct OfflineLeaderTest : testing::Test {
  using Wanted = Replication::Wanted;
  static constexpr BrokerId kSelf{1}, kSecond{2}, kThird{3};

  OfflineLeaderTest() {
    log::set_level(log::Level::kNone);
    node.start();
    auto opened = world.run(node, storage::Log::open(node.shard(0), {.directory = "/orders-0",
                                                                     .partition = {"orders", PartitionId{0}},
                                                                     .topic_id = Uuid{1, 2},
                                                                     .config = {}}));
    CHECK(opened && *opened);
    partition = std::make_shared<Partition>(node.shard(0), kSelf, **opened);
    partition->set_isr_changes({.eligible = [](BrokerId, std::int64_t) { return true; },
                                .propose = [this](Wanted wanted) { asked.push_back(std::move(wanted)); }});
    partition->update(state(3, 10, {kSelf, kSecond, kThird}));
  }
  ~OfflineLeaderTest() override {
    partition.reset();
    node.crash(sim::Crash::kKill);
    log::set_level(log::Level::kInfo);
  }
  static metadata::Partition state(std::int32_t epoch, std::int32_t partition_epoch, std::vector<BrokerId> isr,
                                   BrokerId leader = kSelf) {
    metadata::Partition state;
    state.replicas = {kSelf, kSecond, kThird};
    state.isr = std::move(isr);
    state.leader = leader;
    state.leader_epoch = LeaderEpoch{epoch};
    state.partition_epoch = partition_epoch;
    return state;
  }
  void fail_the_disk() {
    node.disk().faults.sync_fails_one_in = 1;
    ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch()}));
    ASSERT_TRUE(world.run_until([&] { return partition->log().is_offline(); }, 1s));
  }
  std::size_t shrinks() const {
    return std::size_t(std::ranges::count_if(
        asked, [](const Wanted& wanted) { return std::ranges::find(wanted.isr, kSelf) != wanted.isr.end(); }));
  }

  sim::World world{1};
  sim::Node& node = world.add_node("b", 1, [](sim::Node&) { return nullptr; });
  PartitionPtr partition;
  std::vector<Wanted> asked;
};

TEST_F(OfflineLeaderTest, PutsNobodyOutAndAsksForAnotherLeader) {
  fail_the_disk();
  world.run_for(1min);
  EXPECT_EQ(shrinks(), 0u) << "nobody can fetch from it, so nobody does";
  ASSERT_FALSE(asked.empty());
  EXPECT_EQ(asked.front(), (Wanted{{kSecond, kThird}, 10, LeaderEpoch{3}, {-1, -1}}));
  EXPECT_GT(asked.size(), 20u) << "again, as nothing has come of it";
}

TEST_F(OfflineLeaderTest, AsksByWhatTheImageSaysAndNoMoreWhenAnotherLeads) {
  fail_the_disk();
  world.run_for(100ms);
  partition->update(state(3, 11, {kSelf, kThird}));
  EXPECT_EQ(asked.back(), (Wanted{{kThird}, 11, LeaderEpoch{3}, {-1}}));
  partition->update(state(4, 12, {kThird}, kThird));
  const std::size_t before = asked.size();
  world.run_for(1min);
  EXPECT_EQ(asked.size(), before);
}

struct StandingDiskTest : OfflineLeaderTest {
  void stop_the_disk(Instant span) {
    node.disk().faults.sync_min = node.disk().faults.sync_max = span;
    ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch()}));
  }
  std::size_t departures() const { return asked.size() - shrinks(); }
};

// Its broker is as alive as ever, so nobody else would see to it.
TEST_F(StandingDiskTest, AsksForAnotherLeaderOnceItHasStoodStillForAsLongAsAFollowerMay) {
  stop_the_disk(1h);
  world.run_for(29s);
  EXPECT_EQ(departures(), 0u);
  world.run_for(10s);
  EXPECT_GT(departures(), 5u) << "again, as nothing has come of it";
  EXPECT_EQ(asked.back(), (Wanted{{kSecond, kThird}, 10, LeaderEpoch{3}, {-1, -1}}));
  EXPECT_TRUE(partition->append_as_leader({.records = storage::make_batch()})) << "until there is another it leads";
  partition->update(state(4, 12, {kSecond, kThird}, kSecond));
  const std::size_t before = asked.size();
  world.run_for(1min);
  EXPECT_EQ(asked.size(), before);
}

TEST_F(StandingDiskTest, LeadsOnWhenItAnswersInTime) {
  stop_the_disk(14s);  // of a new folder several names are synced
  world.run_for(1min);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch()}));
    world.run_for(25s);
  }
  EXPECT_EQ(departures(), 0u) << "it is slow, and no more";
  EXPECT_EQ(partition->log().durable().value(), partition->log().end_offset());
}

// Elected all the same, for example because it was eligible before its disk failed.
TEST_F(OfflineLeaderTest, DoesNotBeginToLead) {
  partition->update(state(4, 11, {kSecond, kThird}, kSecond));
  node.disk().faults.sync_fails_one_in = 1;
  ASSERT_TRUE(partition->append_as_follower(storage::make_batch(), LeaderEpoch{4}, Offset{0}, Offset{0}));
  ASSERT_TRUE(world.run_until([&] { return partition->log().is_offline(); }, 1s));
  partition->update(state(5, 12, {kSelf, kSecond}));
  world.run_for(1min);
  EXPECT_EQ(shrinks(), 0u);
  ASSERT_FALSE(asked.empty());
  EXPECT_EQ(asked.front().isr, (std::vector{kSecond}));
  EXPECT_EQ(partition->append_as_leader({.records = storage::make_batch()}).error().error.code,
            ErrorCode::kKafkaStorageError);
}

}  // namespace
}  // namespace thalweg::replica

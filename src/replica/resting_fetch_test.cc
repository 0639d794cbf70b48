#include "replica/resting_fetch.h"

#include <gtest/gtest.h>

#include <utility>

#include "replica/partitions.h"
#include "storage/testing.h"

namespace thalweg::replica {
namespace {

using namespace std::chrono_literals;
// A leader with a few partitions, and a follower that has all of them.
struct RestingFetchTest : testing::Test {
  static constexpr BrokerId kLeads{1}, kRests{2};
  static constexpr std::int64_t kEpochOfBroker = 7;
  static constexpr std::int32_t kCount = 5;
  static constexpr Uuid kTopic{1, 2};

  RestingFetchTest() {
    state.replicas = state.isr = {kLeads, kRests};
    state.leader = kLeads;
    state.leader_epoch = LeaderEpoch{3};
    for (std::int32_t p = 0; p < kCount; ++p) {
      auto log = t.run(storage::Log::open(t.shard, {.directory = t.directory + "/orders-" + std::to_string(p),
                                                    .partition = {"orders", PartitionId{p}},
                                                    .topic_id = kTopic}));
      CHECK(log);
      partitions.host(key(p), *log, state);
      partition(p).set_isr_changes({.eligible = [](BrokerId, std::int64_t) { return true; },
                                    .propose = [this](Replication::Wanted wanted) { asked.push_back(wanted.isr); }});
    }
    hear();
  }
  static PartitionKey key(std::int32_t p) { return {kTopic, PartitionId{p}}; }
  Partition& partition(std::int32_t p) { return *partitions.find(key(p)); }
  ReadResult read(std::int32_t p, std::int64_t from) {
    auto result = t.run(partition(p).read({.from = Offset{from},
                                           .isolation = Isolation::kLogEnd,
                                           .follower = Follower{.id = kRests, .epoch = kEpochOfBroker},
                                           .replica = kRests}));
    CHECK(result);
    return std::move(*result);
  }
  std::shared_ptr<RestingFetch> session() {
    return std::make_shared<RestingFetch>(t.shard, kRests, kEpochOfBroker,
                                          [this](const PartitionKey& key) { stirred.push_back(key.partition.value); });
  }
  void hear() { fetch->heard(t.clock.now()); }
  void rest(RestingFetch& in, std::int32_t p, std::int64_t from = 0) {
    const auto result = read(p, from);
    ASSERT_TRUE(result.rests_as_of);
    in.rest(partitions, {{key(p), Offset{from}, *result.rests_as_of}});
  }
  void rest_all() {
    for (std::int32_t p = 0; p < kCount; ++p) rest(*fetch, p);
    ASSERT_EQ(fetch->size(), std::size_t(kCount));
    ASSERT_TRUE(stirred.empty());
  }
  void append(std::int32_t p) {
    ASSERT_TRUE(partition(p).append_as_leader({.records = storage::make_batch({.records = 3})}));
  }

  storage::TestShard t;
  Partitions partitions{t.shard, kLeads};
  metadata::Partition state;
  std::vector<std::int32_t> stirred;
  std::vector<std::vector<BrokerId>> asked;
  std::shared_ptr<RestingFetch> fetch = session();
};

TEST_F(RestingFetchTest, OneWordOfTheFollowerKeepsAllInSync) {
  rest_all();
  for (int i = 0; i < 40; ++i) {
    t.clock.advance(500ms);
    hear();
  }
  EXPECT_TRUE(asked.empty());
  EXPECT_TRUE(stirred.empty());
}

TEST_F(RestingFetchTest, AFollowerThatIsSilentLeavesAllOfThemAfterTwoSeconds) {
  rest_all();
  t.clock.advance(1500ms);
  hear();
  t.clock.advance(1900ms);
  EXPECT_TRUE(asked.empty());
  t.clock.advance(200ms);
  EXPECT_EQ(asked, std::vector(std::size_t(kCount), std::vector{kLeads}));
  EXPECT_EQ(stirred.size(), std::size_t(kCount));
  EXPECT_EQ(fetch->size(), 0u);
}

TEST_F(RestingFetchTest, ASessionThatGoesWithoutAWordCountsUntilItIsMissed) {
  rest_all();
  const std::weak_ptr<RestingFetch> gone = std::exchange(fetch, session());
  EXPECT_FALSE(gone.expired());
  t.clock.advance(2100ms);
  EXPECT_EQ(asked.size(), std::size_t(kCount));
  EXPECT_TRUE(gone.expired());
}

TEST_F(RestingFetchTest, RecordsStirTheirPartitionAndNoOther) {
  rest_all();
  append(3);
  EXPECT_EQ(stirred, std::vector{3});
  EXPECT_EQ(fetch->size(), std::size_t(kCount - 1));
  append(3);
  EXPECT_EQ(stirred.size(), 1u) << "once";
  for (int i = 0; i < 5; ++i) {
    t.clock.advance(500ms);
    hear();
  }
  EXPECT_EQ(asked, (std::vector<std::vector<BrokerId>>{{kLeads}})) << "nobody asks for it any more";
}

TEST_F(RestingFetchTest, TheHighWatermarkAndTheStartAreNewsToo) {
  append(1);
  ASSERT_TRUE(t.run(partition(1).log().durable().reached(Offset{3}, 1h)));
  read(1, 3);
  rest(*fetch, 1, 3);
  EXPECT_EQ(partition(1).high_watermark().value(), Offset{3});
  ASSERT_TRUE(partition(1).delete_records(Offset{2}));
  EXPECT_EQ(stirred, std::vector{1});

  stirred.clear();
  append(2);
  rest(*fetch, 2, 3);
  ASSERT_TRUE(stirred.empty());
  ASSERT_TRUE(t.run(partition(2).high_watermark().reached(Offset{3}, 1h))) << "the own disk was the last";
  EXPECT_EQ(stirred, std::vector{2});
}

TEST_F(RestingFetchTest, AnImageStirsAndAnEndOfTheRoleDoes) {
  rest_all();
  partitions.update(key(0), state);
  EXPECT_EQ(stirred, std::vector{0});
  partitions.remove(key(4));
  EXPECT_EQ(stirred, (std::vector{0, 4}));
  state.leader = kRests;
  state.leader_epoch = LeaderEpoch{4};
  partitions.update(key(1), state);
  EXPECT_EQ(stirred, (std::vector{0, 4, 1}));
}

TEST_F(RestingFetchTest, WhatHasMovedOnSinceItWasToldDoesNotRest) {
  const auto told = read(2, 0);
  append(2);
  fetch->rest(partitions, {{key(2), Offset{0}, *told.rests_as_of}, {key(99), Offset{0}, 1}});
  EXPECT_EQ(stirred, (std::vector{2, 99}));
  EXPECT_EQ(fetch->size(), 0u);
}

TEST_F(RestingFetchTest, ALaterSessionOfTheFollowerTakesThePlaceOfTheFirst) {
  rest_all();
  const auto next = session();
  next->heard(t.clock.now());
  const auto told = read(2, 0);
  EXPECT_EQ(stirred, std::vector{2}) << "what it says itself counts";
  next->rest(partitions, {{key(2), Offset{0}, *told.rests_as_of}});
  EXPECT_EQ(next->size(), 1u);
  fetch->rest(partitions, {{key(2), Offset{0}, partition(2).stamp()}});
  EXPECT_EQ(next->size(), 0u);
  EXPECT_EQ(fetch->size(), std::size_t(kCount));
}

TEST_F(RestingFetchTest, AFollowerThatIsNotInSyncIsLookedAt) {
  state.isr = {kLeads};
  partitions.update(key(0), state);
  EXPECT_FALSE(read(0, 0).rests_as_of);
}

}  // namespace
}  // namespace thalweg::replica

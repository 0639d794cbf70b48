#include "replica/partition.h"

#include <gtest/gtest.h>

#include "record/batch.h"
#include "replica/partitions.h"
#include "runtime/yielding.h"
#include "storage/pieces.h"
#include "storage/testing.h"

namespace thalweg::replica {
namespace {

using namespace std::chrono_literals;

constexpr BrokerId kSelf{1}, kOther{2};

metadata::Partition led_by(BrokerId leader, LeaderEpoch epoch, std::vector<BrokerId> isr = {kSelf}) {
  metadata::Partition state;
  state.replicas = {kSelf, kOther};
  state.isr = std::move(isr);
  state.leader = leader;
  state.leader_epoch = epoch;
  return state;
}

enum class Durability { kDisk, kMemory };

struct PartitionTest : testing::Test {
  PartitionPtr open(Durability durability = Durability::kDisk, storage::LogConfig config = {}) {
    auto log = t.run(storage::Log::open(t.shard, {.directory = t.directory + "/orders-0",
                                                  .partition = {"orders", PartitionId{0}},
                                                  .topic_id = Uuid{1, 2},
                                                  .config = config,
                                                  .sync_every_append = durability == Durability::kDisk}));
    CHECK(log);
    auto partition = std::make_shared<Partition>(t.shard, kSelf, *log);
    partition->update(led_by(kSelf, LeaderEpoch{3}));
    return partition;
  }
  static Task<> keep(Task<std::vector<Result<>>> task, std::optional<Result<>>& into) {
    into = (co_await std::move(task)).front();
  }
  storage::TestShard t;
};

TEST_F(PartitionTest, TheHighWatermarkPassesARecordOnlyOnceItIsOnDisk) {
  const auto partition = open();
  const auto appended = partition->append_as_leader({.records = storage::make_batch({.records = 3})});
  ASSERT_TRUE(appended);
  EXPECT_EQ(partition->high_watermark().value(), Offset{0});
  EXPECT_TRUE(t.run(partition->high_watermark().reached(appended->end(), std::chrono::hours(1))));
  EXPECT_GE(partition->log().durable().value(), Offset{3});
}

TEST_F(PartitionTest, AcknowledgesFromMemoryWhenToldTo) {
  const auto partition = open(Durability::kMemory);
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch()}));
  EXPECT_EQ(partition->high_watermark().value(), Offset{1});
}

Task<> count_turns(const bool* done, int* turns) {
  for (; !*done; ++*turns) co_await give_way();
}

TEST_F(PartitionTest, AnotherCodecIsPackedWhileTheShardServesOthers) {
  storage::LogConfig config;
  config.compression_type = storage::CompressionPolicy::kGzip;
  const PartitionKey key{Uuid{1, 2}, PartitionId{0}};
  Partitions partitions(t.shard, kSelf);
  partitions.host(key, open(Durability::kMemory, config)->log_ptr(), led_by(kSelf, LeaderEpoch{3}));
  const SharedBytes large = storage::make_batch({.records = 9, .value_size = 100'000});
  const SharedBytes small = storage::make_batch({.records = 2});
  bool done = false;
  int turns = 0;
  spawn(t.shard, count_turns(&done, &turns));
  const auto appended = t.run(partitions.append({{key, {.records = large}}, {key, {.records = small}}}));
  done = true;
  EXPECT_GE(turns, 9) << "of 64 KiB and more";
  ASSERT_TRUE(appended.at(0) && appended.at(1));
  EXPECT_EQ(appended[0]->first, Offset{0});
  EXPECT_EQ(appended[1]->first, Offset{9});
  auto& log = partitions.find(key)->log();
  const auto data = t.run(log.read(Offset{0}, {}));
  const auto bytes = t.run(storage::gather(data->records));
  for (const auto& batch : *record::split_batches(*bytes)) {
    EXPECT_EQ(batch.codec(), record::Codec::kGzip);
    EXPECT_TRUE(batch.crc_ok());
  }
}

TEST_F(PartitionTest, WhatIsTooLargeInAnotherCodecIsRefused) {
  storage::LogConfig config;
  config.compression_type = storage::CompressionPolicy::kUncompressed;
  const PartitionKey key{Uuid{1, 2}, PartitionId{0}};
  Partitions partitions(t.shard, kSelf);
  partitions.host(key, open(Durability::kMemory, config)->log_ptr(), led_by(kSelf, LeaderEpoch{3}));
  storage::BatchSpec bomb{.records = 1, .value_size = 40 << 20};
  bomb.options.codec = record::Codec::kZstd;
  const auto appended = t.run(partitions.append({{key, {.records = storage::make_batch(bomb)}}}));
  ASSERT_FALSE(appended.front());
  EXPECT_EQ(appended.front().error().error.code, ErrorCode::kMessageTooLarge);
}

TEST_F(PartitionTest, RefusesAppendsAndReadsWhereItDoesNotLead) {
  const auto partition = open();
  partition->update(led_by(kOther, LeaderEpoch{4}));
  EXPECT_EQ(partition->append_as_leader({.records = storage::make_batch()}).error().error.code,
            ErrorCode::kNotLeaderOrFollower);
  EXPECT_EQ(t.run(partition->read({.from = Offset{0}})).error().code, ErrorCode::kNotLeaderOrFollower);
}

TEST_F(PartitionTest, AcksAllNeedsMinInsyncReplicas) {
  storage::LogConfig config;
  config.min_insync_replicas = 2;
  const auto partition = open(Durability::kDisk, config);
  EXPECT_EQ(partition->append_as_leader({.records = storage::make_batch()}).error().error.code,
            ErrorCode::kNotEnoughReplicas);
  EXPECT_TRUE(partition->append_as_leader({.records = storage::make_batch(), .all_in_sync = false}));
}

TEST_F(PartitionTest, AcksAllNeedsNoMoreReplicasInSyncThanThereAre) {
  storage::LogConfig config;
  config.min_insync_replicas = 2;
  const auto partition = open(Durability::kDisk, config);
  auto alone = led_by(kSelf, LeaderEpoch{4});
  alone.replicas = {kSelf};
  partition->update(alone);
  EXPECT_TRUE(partition->append_as_leader({.records = storage::make_batch()}));
}

TEST_F(PartitionTest, JudgesTheLeaderEpochThatAClientBelievesIn) {
  const auto partition = open();
  EXPECT_EQ(t.run(partition->read({.from = Offset{0}, .current_leader_epoch = LeaderEpoch{2}})).error().code,
            ErrorCode::kFencedLeaderEpoch);
  EXPECT_EQ(t.run(partition->read({.from = Offset{0}, .current_leader_epoch = LeaderEpoch{4}})).error().code,
            ErrorCode::kUnknownLeaderEpoch);
  EXPECT_TRUE(t.run(partition->read({.from = Offset{0}, .current_leader_epoch = LeaderEpoch{3}})));
}

TEST_F(PartitionTest, ReadersSeeNothingBeyondTheHighWatermark) {
  const auto partition = open();
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch()}));
  auto read = t.run(partition->read({.from = Offset{0}}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->data.bytes, 0u);
  read = t.run(partition->read({.from = Offset{0}, .isolation = Isolation::kLogEnd}));
  ASSERT_TRUE(read);
  EXPECT_GT(read->data.bytes, 0u);
}

TEST_F(PartitionTest, WhoWaitsIsToldOfWhatCameSinceItLooked) {
  const auto partition = open(Durability::kMemory);
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch()}));
  for (const auto isolation : {Isolation::kLogEnd, Isolation::kHighWatermark, Isolation::kLastStable}) {
    bool called = false;
    const auto registration = partition->once_readable(isolation, Offset{0}, [&] { called = true; });
    EXPECT_TRUE(called) << int(isolation);
  }
}

TEST_F(PartitionTest, LosingTheRoleAnswersThoseWhoWait) {
  const auto partition = open();
  bool called = false;
  const auto registration = partition->once_readable(Isolation::kHighWatermark, Offset{0}, [&] { called = true; });
  EXPECT_FALSE(called);
  partition->update(led_by(kOther, LeaderEpoch{4}));
  EXPECT_TRUE(called);
}

TEST_F(PartitionTest, TheDeadlineIsThatOfOtherReplicasNotOfTheDisk) {
  const PartitionKey key{Uuid{1, 2}, PartitionId{0}};
  Partitions partitions(t.shard, kSelf);
  partitions.host(key, open()->log_ptr(), led_by(kSelf, LeaderEpoch{3}));
  std::optional<Result<>> answer;
  const auto let_run = [&] {
    t.context.restart();
    t.context.poll();
  };
  const auto wait_long_for = [&](Offset end) {
    answer.reset();
    spawn(t.shard, keep(partitions.committed({{key, end, LeaderEpoch{3}}}, t.clock.now() + 1s), answer));
    let_run();
    t.clock.advance(1h);
    let_run();
  };
  wait_long_for(Offset{1});
  EXPECT_FALSE(answer);
  ASSERT_TRUE(t.run(partitions.append({{key, {.records = storage::make_batch()}}})).front());
  ASSERT_TRUE(t.run(partitions.find(key)->high_watermark().reached(Offset{1}, 2h)));
  let_run();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(*answer);
  partitions.update(key, led_by(kSelf, LeaderEpoch{3}, {kSelf, kOther}));
  wait_long_for(Offset{2});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error().code, ErrorCode::kRequestTimedOut);
}

// The newest batch is above the high watermark nearly always while somebody writes.
TEST_F(PartitionTest, TheRecordWithTheLargestTimestampIsLookedForBelowTheHighWatermark) {
  const auto partition = open();
  const auto first = partition->append_as_leader({.records = storage::make_batch({.records = 3})});
  ASSERT_TRUE(first);
  ASSERT_TRUE(t.run(partition->high_watermark().reached(first->end(), 1h)));
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch({.timestamp = 1'700'000'001'000})}));
  ASSERT_EQ(partition->high_watermark().value(), Offset{3}) << "it is not on disk yet";
  const auto found = t.run(partition->find_offset({.kind = OffsetQuery::Kind::kMaxTimestamp}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->offset, Offset{2});
  EXPECT_EQ(found->timestamp, 1'700'000'000'002);
}

// sarama's functional tests: ten records with acks=1 to a topic of one replica, and then the end, which has to be 10.
TEST_F(PartitionTest, TheEndOfTheOnlyReplicaIsToldOnceWhatItHasTakenIsOnItsDisk) {
  const auto partition = open();
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch({.records = 3})}));
  ASSERT_EQ(partition->high_watermark().value(), Offset{0}) << "it is not on disk yet";
  EXPECT_EQ(t.run(partition->find_offset({.kind = OffsetQuery::Kind::kLatest}))->offset, Offset{3});
}

// What one in-sync replica has on its disk is not committed while another has not.
TEST_F(PartitionTest, TheHighWatermarkWaitsForTheOtherInSyncReplicas) {
  const auto partition = open();
  partition->update(led_by(kSelf, LeaderEpoch{4}, {kSelf, kOther}));
  EXPECT_FALSE(partition->is_alone_in_sync());
  const auto appended = partition->append_as_leader({.records = storage::make_batch({.records = 3})});
  ASSERT_TRUE(appended);
  ASSERT_TRUE(t.run(partition->log().durable().reached(Offset{3}, 1h)));
  EXPECT_EQ(partition->high_watermark().value(), Offset{0});
  const auto fetch = [&](std::int64_t from, Offset durable) {
    const auto read = t.run(partition->read({.from = Offset{from},
                                             .isolation = Isolation::kLogEnd,
                                             .current_leader_epoch = LeaderEpoch{4},
                                             .follower = Follower{.id = kOther, .epoch = 7, .durable = durable}}));
    EXPECT_TRUE(read);
    return read ? read->high_watermark : kNoOffset;
  };
  EXPECT_EQ(fetch(0, kNoOffset), Offset{0});
  EXPECT_EQ(fetch(3, Offset{1}), Offset{1}) << "it has three, and one of them on disk";
  EXPECT_EQ(fetch(3, kNoOffset), Offset{3});
  EXPECT_EQ(partition->high_watermark().value(), Offset{3});
  EXPECT_EQ(partition->log().high_watermark(), Offset{3});
}

TEST_F(PartitionTest, AsksForAChangeOfTheIsrWhenAFollowerHasCaughtUpAndWhenItIsSilent) {
  const auto partition = open();
  std::vector<Replication::Wanted> asked;
  partition->set_isr_changes({.eligible = [](BrokerId, std::int64_t epoch) { return epoch == 7; },
                              .propose = [&](Replication::Wanted wanted) { asked.push_back(std::move(wanted)); }});
  auto state = led_by(kSelf, LeaderEpoch{4});
  state.partition_epoch = 10;
  partition->update(state);
  const auto fetch = [&](std::int64_t broker_epoch) {
    EXPECT_TRUE(t.run(partition->read({.from = Offset{0},
                                       .isolation = Isolation::kLogEnd,
                                       .follower = Follower{.id = kOther, .epoch = broker_epoch}})));
  };
  fetch(6);
  EXPECT_TRUE(asked.empty()) << "a broker that is gone";
  fetch(7);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0], (Replication::Wanted{{kSelf, kOther}, 10, LeaderEpoch{4}, {-1, 7}}));
  EXPECT_FALSE(partition->is_alone_in_sync()) << "the controller may have agreed already";
  state.isr = {kSelf, kOther};
  state.partition_epoch = 11;
  partition->update(state);
  t.clock.advance(3s);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[1], (Replication::Wanted{{kSelf}, 11, LeaderEpoch{4}, {-1}}));
  partition->isr_refused(11);
  t.clock.advance(2s);
  EXPECT_EQ(asked.size(), 3u) << "and again";
}

// ---- Following

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

TEST_F(PartitionTest, DeleteRecordsStopsAtTheHighWatermark) {
  const auto partition = open(Durability::kMemory);
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch({.records = 5})}));
  EXPECT_EQ(partition->delete_records(Offset{6}).error().code, ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(partition->delete_records(Offset{2}), Offset{2});
  EXPECT_EQ(partition->delete_records(kNoOffset), Offset{5});
}

TEST_F(PartitionTest, AnswersWhereALeaderEpochEnds) {
  const auto partition = open(Durability::kMemory);
  ASSERT_TRUE(partition->append_as_leader({.records = storage::make_batch({.records = 2})}));
  partition->update(led_by(kSelf, LeaderEpoch{5}));
  const auto old = t.run(partition->end_offset_for_epoch(kNoLeaderEpoch, LeaderEpoch{3}));
  ASSERT_TRUE(old);
  EXPECT_EQ(old->epoch, LeaderEpoch{3});
  EXPECT_EQ(old->end_offset, Offset{2});
}

TEST_F(PartitionTest, CountsWhatIsAppendedAndWhatIsNot) {
  const auto partition = open();
  TopicMetrics topics;
  partition->count_in(topics.of(Uuid{1, 2}, "orders"));
  const auto counts = [&] { return topics.find(Uuid{1, 2}); };
  const auto batch = storage::make_batch(
      {.records = 3,
       .options = {.producer_id = ProducerId{7}, .producer_epoch = ProducerEpoch{0}, .base_sequence = 0}});
  ASSERT_TRUE(partition->append_as_leader({.records = batch}));
  EXPECT_EQ(counts().records_in, 3u);
  EXPECT_EQ(counts().bytes_in, batch.size());
  ASSERT_TRUE(partition->append_as_leader({.records = batch})->duplicate);
  EXPECT_EQ(counts().records_in, 3u) << "it is no new one";
  EXPECT_FALSE(partition->append_as_leader({.records = SharedBytes::copy_of("nonsense")}));
  partition->update(led_by(kOther, LeaderEpoch{4}));
  EXPECT_FALSE(partition->append_as_leader({.records = batch}));
  EXPECT_EQ(counts().produce_requests, 4u);
  EXPECT_EQ(counts().produce_failures, 1u) << "that it leads no more is none, as in Kafka";
}

// Both led here: one that another broker has, too, and one that nobody else can lead.
class SharedAndAlone : public PartitionTest {
 protected:
  void host_two(Partitions& partitions) {
    const auto log = open()->log_ptr();
    partitions.host(shared, log, led_by(kSelf, LeaderEpoch{4}, {kSelf, kOther}));
    auto only_here = led_by(kSelf, LeaderEpoch{4});
    only_here.replicas = {kSelf};
    partitions.host(alone, log, only_here);
  }
  const PartitionKey shared{Uuid{1, 2}, PartitionId{0}}, alone{Uuid{1, 2}, PartitionId{1}};
};

// Whoever leads it by now has gone on without this broker: a producer that comes back here with old metadata is sent
// on, and not told that its sequence is broken.
TEST_F(SharedAndAlone, R11OnABrokerThatReachesNobodyClientsAreSentOn) {
  Partitions partitions(t.shard, kSelf);
  host_two(partitions);
  const auto append = [&](const PartitionKey& key) {
    const auto results = t.run(partitions.append({{key, {.records = storage::make_batch()}}}));
    return results.front() ? ErrorCode::kNone : results.front().error().error.code;
  };
  t.clock.advance(3s);
  EXPECT_EQ(append(shared), ErrorCode::kNone) << "its followers are silent, but a controller answers";
  partitions.set_isolated(true);
  EXPECT_EQ(append(shared), ErrorCode::kNotLeaderOrFollower);
  EXPECT_EQ(append(alone), ErrorCode::kNone) << "nobody else can lead it";
  EXPECT_TRUE(t.run(partitions.find(shared)->read(
      {.from = Offset{0}, .isolation = Isolation::kLogEnd, .follower = Follower{.id = kOther, .epoch = 7}})));
  EXPECT_EQ(append(shared), ErrorCode::kNone) << "a follower asks: it is the controller that is away";
  t.clock.advance(3s);
  EXPECT_EQ(append(shared), ErrorCode::kNotLeaderOrFollower);
  partitions.set_isolated(false);
  EXPECT_EQ(append(shared), ErrorCode::kNone);
}

// A client that has gone on with the next leader comes back by old metadata: it is ahead of this log, and nothing is
// wrong with it.
TEST_F(SharedAndAlone, R13WhoMayHaveBeenReplacedJudgesNobodyByItsLog) {
  Partitions partitions(t.shard, kSelf);
  host_two(partitions);
  const auto append = [&](const PartitionKey& key, std::int32_t sequence) {
    const storage::BatchSpec batch{
        .options = {.producer_id = ProducerId{7}, .producer_epoch = ProducerEpoch{0}, .base_sequence = sequence}};
    const auto results = t.run(partitions.append({{key, {.records = storage::make_batch(batch)}}}));
    return results.front() ? ErrorCode::kNone : results.front().error().error.code;
  };
  const auto read = [&](const PartitionKey& key) {
    const auto results = t.run(partitions.read({{key, {.from = Offset{1000}}}}));
    return results.front() ? ErrorCode::kNone : results.front().error().code;
  };
  EXPECT_EQ(append(shared, 0), ErrorCode::kNone);
  partitions.set_sure_until(t.clock.now() + 700ms);
  EXPECT_EQ(append(shared, 9), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(read(shared), ErrorCode::kOffsetOutOfRange);
  t.clock.advance(700ms);
  EXPECT_EQ(append(shared, 9), ErrorCode::kNotLeaderOrFollower);
  EXPECT_EQ(read(shared), ErrorCode::kNotLeaderOrFollower);
  EXPECT_EQ(append(alone, 9), ErrorCode::kOutOfOrderSequenceNumber) << "nobody else can lead it";
  EXPECT_EQ(read(alone), ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(append(shared, 1), ErrorCode::kNone) << "what is in order waits for the other replicas, as ever";
}

TEST_F(PartitionTest, AreCountedByTheirStates) {
  const auto key = [](int i) { return PartitionKey{Uuid{1, 2}, PartitionId{i}}; };
  const auto log = open()->log_ptr();
  Partitions partitions(t.shard, kSelf);
  constexpr int kMany = 5000;  // more than are looked at in one go
  for (int i = 0; i < kMany; ++i) partitions.host(key(i), log, led_by(kOther, LeaderEpoch{3}));
  partitions.update(key(0), led_by(kSelf, LeaderEpoch{4}));
  partitions.update(key(1), led_by(kSelf, LeaderEpoch{4}, {kSelf, kOther}));
  auto counts = t.run(partitions.count());
  EXPECT_EQ(counts.all, std::size_t(kMany));
  EXPECT_EQ(counts.led, 2u);
  EXPECT_EQ(counts.under_replicated, 1u);
  EXPECT_EQ(counts.at_min_isr, 1u);
  EXPECT_EQ(counts.under_min_isr, 0u);
  EXPECT_EQ(counts.offline, 0u);
  log->take_offline({ErrorCode::kKafkaStorageError, "the disk is gone"});
  EXPECT_EQ(t.run(partitions.count()).offline, std::size_t(kMany));
}

// What comes meanwhile may lay the table out anew.
TEST_F(PartitionTest, AreCountedOnceEachWhileOthersCome) {
  const auto log = open()->log_ptr();
  Partitions partitions(t.shard, kSelf);
  int next = 0;
  const auto host = [&](int count) {
    for (int i = 0; i < count; ++i)
      partitions.host({Uuid{1, 2}, PartitionId{next++}}, log, led_by(kOther, LeaderEpoch{3}));
  };
  host(5000);
  t.shard.post([&] { t.shard.post([&] { host(50'000); }); });  // when the count has begun
  EXPECT_EQ(t.run(partitions.count()).all, 55'000u);
}

}  // namespace
}  // namespace thalweg::replica

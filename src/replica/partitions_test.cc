#include "replica/partitions.h"

#include <gtest/gtest.h>

#include "record/batch.h"
#include "replica/testing_partition.h"
#include "runtime/yielding.h"
#include "storage/pieces.h"

namespace thalweg::replica {
namespace {

using namespace std::chrono_literals;

// Those of one shard; kKey is led here in epoch 3 once it is hosted.
class PartitionsTest : public PartitionTest {
 protected:
  static constexpr PartitionKey kKey{Uuid{1, 2}, PartitionId{0}};
  static Task<> keep(Task<std::vector<Result<>>> task, std::optional<Result<>>& into) {
    into = (co_await std::move(task)).front();
  }
  void host(storage::LogPtr log) { partitions.host(kKey, std::move(log), led_by(kSelf, LeaderEpoch{3})); }

  Partitions partitions{t.shard, kSelf};
};

Task<> count_turns(const bool* done, int* turns) {
  for (; !*done; ++*turns) co_await give_way();
}

TEST_F(PartitionsTest, AnotherCodecIsPackedWhileTheShardServesOthers) {
  storage::LogConfig config;
  config.compression_type = storage::CompressionPolicy::kGzip;
  host(open(Durability::kMemory, config)->log_ptr());
  const SharedBytes large = storage::make_batch({.records = 9, .value_size = 100'000});
  const SharedBytes small = storage::make_batch({.records = 2});
  bool done = false;
  int turns = 0;
  spawn(t.shard, count_turns(&done, &turns));
  const auto appended = t.run(partitions.append({{kKey, {.records = large}}, {kKey, {.records = small}}}));
  done = true;
  EXPECT_GE(turns, 9) << "of 64 KiB and more";
  ASSERT_TRUE(appended.at(0) && appended.at(1));
  EXPECT_EQ(appended[0]->first, Offset{0});
  EXPECT_EQ(appended[1]->first, Offset{9});
  auto& log = partitions.find(kKey)->log();
  const auto data = t.run(log.read(Offset{0}, {}));
  const auto bytes = t.run(storage::gather(data->records));
  for (const auto& batch : *record::split_batches(*bytes)) {
    EXPECT_EQ(batch.codec(), record::Codec::kGzip);
    EXPECT_TRUE(batch.crc_ok());
  }
}

TEST_F(PartitionsTest, WhatIsTooLargeInAnotherCodecIsRefused) {
  storage::LogConfig config;
  config.compression_type = storage::CompressionPolicy::kUncompressed;
  host(open(Durability::kMemory, config)->log_ptr());
  storage::BatchSpec bomb{.records = 1, .value_size = 40 << 20};
  bomb.options.codec = record::Codec::kZstd;
  const auto appended = t.run(partitions.append({{kKey, {.records = storage::make_batch(bomb)}}}));
  ASSERT_FALSE(appended.front());
  EXPECT_EQ(appended.front().error().error.code, ErrorCode::kMessageTooLarge);
}

TEST_F(PartitionsTest, TheDeadlineIsThatOfOtherReplicasNotOfTheDisk) {
  host(open()->log_ptr());
  std::optional<Result<>> answer;
  const auto let_run = [&] {
    t.context.restart();
    t.context.poll();
  };
  const auto wait_long_for = [&](Offset end) {
    answer.reset();
    spawn(t.shard, keep(partitions.committed({{kKey, end, LeaderEpoch{3}}}, t.clock.now() + 1s), answer));
    let_run();
    t.clock.advance(1h);
    let_run();
  };
  wait_long_for(Offset{1});
  EXPECT_FALSE(answer);
  ASSERT_TRUE(t.run(partitions.append({{kKey, {.records = storage::make_batch()}}})).front());
  ASSERT_TRUE(t.run(partitions.find(kKey)->high_watermark().reached(Offset{1}, 2h)));
  let_run();
  ASSERT_TRUE(answer);
  EXPECT_TRUE(*answer);
  partitions.update(kKey, led_by(kSelf, LeaderEpoch{3}, {kSelf, kOther}));
  wait_long_for(Offset{2});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error().code, ErrorCode::kRequestTimedOut);
}

// Both led here: one that another broker has, too, and one that nobody else can lead.
class SharedAndAlone : public PartitionsTest {
 protected:
  SharedAndAlone() {
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

TEST_F(PartitionsTest, AreCountedByTheirStates) {
  const auto key = [](int i) { return PartitionKey{Uuid{1, 2}, PartitionId{i}}; };
  const auto log = open()->log_ptr();
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
TEST_F(PartitionsTest, AreCountedOnceEachWhileOthersCome) {
  const auto log = open()->log_ptr();
  int next = 0;
  const auto host_more = [&](int count) {
    for (int i = 0; i < count; ++i)
      partitions.host({Uuid{1, 2}, PartitionId{next++}}, log, led_by(kOther, LeaderEpoch{3}));
  };
  host_more(5000);
  t.shard.post([&] { t.shard.post([&] { host_more(50'000); }); });  // when the count has begun
  EXPECT_EQ(t.run(partitions.count()).all, 55'000u);
}

}  // namespace
}  // namespace thalweg::replica

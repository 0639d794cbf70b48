#include "storage/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "record/record_walk.h"
#include "runtime/yielding.h"
#include "storage/testing_log.h"

namespace thalweg::storage {
namespace {

TEST_F(LogTest, BeginsEmptyAtZero) {
  const auto log = open();
  EXPECT_EQ(log->start_offset(), Offset{0});
  EXPECT_EQ(log->end_offset(), Offset{0});
  const auto data = read(*log, 0);
  EXPECT_EQ(data.bytes, 0u);
  EXPECT_EQ(data.next, Offset{0});
}

TEST_F(LogTest, AssignsOffsetsAndStampsTheLeaderEpoch) {
  const auto log = open();
  EXPECT_EQ(append(*log, {.records = 3}).first, Offset{0});
  const auto info = append(*log, {.records = 2});
  EXPECT_EQ(info.first, Offset{3});
  EXPECT_EQ(info.last, Offset{4});
  const auto bytes = t.run(gather(read(*log, 3).records));
  const auto batches = record::split_batches(*bytes);
  ASSERT_EQ(batches->size(), 1u);
  EXPECT_EQ(batches->front().base_offset(), Offset{3});
  EXPECT_EQ(batches->front().leader_epoch(), LeaderEpoch{1});
  EXPECT_TRUE(batches->front().crc_ok());
}

TEST_F(LogTest, IsReadableAtOnceAndDurableAfterTheSync) {
  const auto log = open();
  const auto info = append(*log);
  EXPECT_EQ(log->end_watermark().value(), info.end());
  EXPECT_EQ(log->durable().value(), Offset{0});
  EXPECT_TRUE(t.run(log->durable().reached(info.end(), t.clock.now() + std::chrono::seconds(10))));
}

TEST_F(LogTest, GivesTheWholeBatchThatContainsTheOffset) {
  const auto log = open();
  for (int i = 0; i < 10; ++i) append(*log, {.records = 5});
  EXPECT_EQ(bases(read(*log, 7, {.max_bytes = 1})), (std::vector<std::int64_t>{5}));
  EXPECT_EQ(read(*log, 7, {.max_bytes = 1, .at_least_one_batch = false}).bytes, 0u);
  EXPECT_EQ(bases(read(*log, 42)), (std::vector<std::int64_t>{40, 45}));
}

TEST_F(LogTest, StopsBelowTheUpperBoundAtABatch) {
  const auto log = open();
  for (int i = 0; i < 4; ++i) append(*log, {.records = 5});
  const auto data = read(*log, 0, {.upper_bound = {12}});
  EXPECT_EQ(bases(data), (std::vector<std::int64_t>{0, 5}));
  EXPECT_EQ(data.next, Offset{10});
  EXPECT_EQ(read(*log, 10, {.upper_bound = {12}}).bytes, 0u);
}

TEST_F(LogTest, RefusesOffsetsOutsideIt) {
  const auto log = open();
  append(*log);
  EXPECT_EQ(t.run(log->read(Offset{2}, {})).error().code, ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(t.run(log->read(Offset{-1}, {})).error().code, ErrorCode::kOffsetOutOfRange);
}

TEST_F(LogTest, ReadsEveryRecordOnceAcrossSegments) {
  config.segment_bytes = 2000;
  config.index_interval_bytes = 200;
  const auto log = open();
  for (int i = 0; i < 100; ++i) append(*log, {.records = 1 + i % 4, .value_size = std::size_t(20 + i * 3)});
  EXPECT_GT(log->segment_count(), 5u);
  for (const std::size_t max_bytes : {1u, 300u, 1000u, 100000u}) {
    Offset at{0};
    while (at < log->end_offset()) {
      const auto data = read(*log, at.value, {.max_bytes = max_bytes});
      ASSERT_GT(data.bytes, 0u);
      ASSERT_EQ(data.first, at);
      ASSERT_TRUE(data.bytes <= max_bytes || bases(data).size() == 1);
      at = data.next;
    }
    EXPECT_EQ(at, log->end_offset());
  }
}

TEST_F(LogTest, IsTheSameAfterACleanStop) {
  config.segment_bytes = 1500;
  auto log = open();
  for (int i = 0; i < 40; ++i) append(*log, {.records = 3, .value_size = 50});
  log->set_high_watermark(Offset{100});
  const auto end = log->end_offset();
  const auto segments = log->segment_count();
  log = reopen_after_close(log);
  EXPECT_EQ(log->end_offset(), end);
  EXPECT_EQ(log->segment_count(), segments);
  EXPECT_EQ(log->high_watermark(), Offset{100});
  EXPECT_EQ(log->latest_epoch(), LeaderEpoch{1});
  EXPECT_EQ(append(*log).first, end);
  EXPECT_EQ(bases(read(*log, 60, {.max_bytes = 1})), (std::vector<std::int64_t>{60}));
}

TEST_F(LogTest, IsTheSameAfterACrash) {
  config.segment_bytes = 1500;
  Offset end;
  {
    const auto log = open();
    for (int i = 0; i < 40; ++i) append(*log, {.records = 3, .value_size = 50});
    end = log->end_offset();
  }
  const auto log = reopen_after_crash();
  EXPECT_EQ(log->end_offset(), end);
  EXPECT_EQ(log->durable().value(), end);
  EXPECT_EQ(log->latest_epoch(), LeaderEpoch{1});
  Offset at{0};
  while (at < end) at = read(*log, at.value).next;
  EXPECT_EQ(append(*log).first, end);
}

TEST_F(LogTest, AnswersARetriedBatchWithItsOffsets) {
  auto log = open();
  BatchSpec spec{.records = 3};
  spec.options.producer_id = {7};
  spec.options.producer_epoch = {0};
  spec.options.base_sequence = 0;
  const auto first = append(*log, spec);
  EXPECT_FALSE(first.duplicate);
  const auto again = append(*log, spec);
  EXPECT_TRUE(again.duplicate);
  EXPECT_EQ(again.first, first.first);
  EXPECT_EQ(again.log_append_time, record::BatchView::at(make_batch(spec))->max_timestamp());
  EXPECT_EQ(log->end_offset(), Offset{3});
  log = reopen_after_close(log);
  EXPECT_TRUE(append(*log, spec).duplicate);
  log.reset();
  log = reopen_after_crash();
  EXPECT_TRUE(append(*log, spec).duplicate);
  spec.options.base_sequence = 7;
  EXPECT_EQ(log->append_as_leader(make_batch(spec), {.leader_epoch = {1}}).error().error.code,
            ErrorCode::kOutOfOrderSequenceNumber);
}

TEST_F(LogTest, FindsRecordsByTimeInsideCompressedBatches) {
  config.segment_bytes = 600;
  config.message_timestamp_before_max_ms = LogConfig::kForever;
  auto log = open();
  for (int i = 0; i < 20; ++i) {
    BatchSpec spec{.records = 5, .value_size = 30, .timestamp = 1'699'000'000'000 + i * 100};
    spec.options.codec = record::Codec::kGzip;
    append(*log, spec);
  }
  for (int pass = 0; pass < 2; ++pass) {
    const auto found = t.run(log->offset_for_timestamp(1'699'000'000'000 + 702));
    EXPECT_EQ(found->offset, Offset{37});
    EXPECT_EQ(found->timestamp, 1'699'000'000'702);
    EXPECT_EQ(found->leader_epoch, LeaderEpoch{1});
    EXPECT_EQ(t.run(log->offset_for_timestamp(1'699'000'000'000 + 750))->offset, Offset{40});
    EXPECT_EQ(t.run(log->offset_for_timestamp(0))->offset, Offset{0});
    EXPECT_EQ(t.run(log->offset_for_timestamp(1'699'000'000'000 + 5000))->offset, kNoOffset);
    EXPECT_EQ(t.run(log->offset_of_max_timestamp())->offset, Offset{99});
    log = reopen_after_close(log);
  }
}

Task<> count_turns(const bool* done, int* turns) {
  for (; !*done; ++*turns) co_await give_way();
}

TEST_F(LogTest, LookingForATimeLetsOthersHaveTheirTurn) {
  config.max_message_bytes = 64 << 20;
  config.message_timestamp_before_max_ms = LogConfig::kForever;
  const auto log = open();
  BatchSpec spec{.records = 2, .value_size = 10 << 20};
  spec.options.codec = record::Codec::kZstd;  // 20 MiB of one letter
  append(*log, spec);
  bool done = false;
  int turns = 0;
  spawn(t.shard, count_turns(&done, &turns));
  EXPECT_EQ(t.run(log->offset_for_timestamp(spec.timestamp + 1))->offset, Offset{1});
  done = true;
  EXPECT_GE(turns, 4) << "of 2 MiB each";
}

TEST_F(LogTest, FindsTheLargestTimestampBelowABound) {
  config.segment_bytes = 3000;
  config.index_interval_bytes = 300;
  config.message_timestamp_before_max_ms = config.message_timestamp_after_max_ms = LogConfig::kForever;
  const auto log = open();
  std::vector<Timestamp> times;  // by offset
  std::uint64_t random = 7;
  for (int i = 0; i < 60; ++i) {
    random = random * 6364136223846793005ULL + 1442695040888963407ULL;
    const auto first =
        static_cast<Timestamp>(1'699'000'000'000 + i * 10 + static_cast<std::int64_t>(random >> 58) * 20);
    append(*log, {.records = 2, .value_size = 40, .timestamp = first});
    times.insert(times.end(), {first, first + 1});
  }
  ASSERT_GT(log->segment_count(), 2u);
  for (std::size_t bound = 0; bound <= times.size(); bound += 2) {
    const auto largest = std::max_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(bound));
    const auto found = t.run(log->offset_of_max_timestamp(Offset{static_cast<std::int64_t>(bound)}));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->offset.value, bound == 0 ? -1 : largest - times.begin()) << bound;
    EXPECT_EQ(found->timestamp, bound == 0 ? kNoTimestamp : *largest) << bound;
  }
}

// KIP-890: from version 2 on every transaction has an epoch of its own, and a marker of the one before is late.
TEST_F(LogTest, AMarkerOfTheCurrentEpochIsFencedUnderTransactionVersion2) {
  const auto log = open();
  BatchSpec spec;
  spec.options.producer_id = {9};
  spec.options.producer_epoch = {4};
  spec.options.base_sequence = 0;
  spec.options.transactional = true;
  append(*log, spec);
  const auto marker = record::end_transaction_marker(true, {9}, {4}, 0, t.clock.wall());
  AppendOptions options{.leader_epoch = {1}, .origin = AppendOrigin::kCoordinator, .transaction_version = 2};
  const auto refused = log->append_as_leader(marker, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error.code, ErrorCode::kInvalidProducerEpoch);
  options.transaction_version = 1;
  EXPECT_TRUE(log->append_as_leader(marker, options));
}

TEST_F(LogTest, TruncatesToABatchAndGoesOnThere) {
  config.segment_bytes = 500;
  auto log = open();
  for (int i = 0; i < 20; ++i) append(*log, {.records = 2, .value_size = 40});
  ASSERT_TRUE(t.run(log->truncate_to(Offset{11})));
  EXPECT_EQ(log->end_offset(), Offset{10});
  EXPECT_TRUE(log->durable().value() <= Offset{10});
  EXPECT_EQ(append(*log).first, Offset{10});
  ASSERT_TRUE(t.run(log->flush()));
  log = reopen_after_close(log);
  EXPECT_EQ(log->end_offset(), Offset{11});
  ASSERT_TRUE(t.run(log->truncate_fully_and_start_at(Offset{500})));
  EXPECT_EQ(log->start_offset(), Offset{500});
  EXPECT_EQ(append(*log).first, Offset{500});
}

TEST_F(LogTest, EpochsThatWereTruncatedDoNotComeBackFromTheirFileAfterACrash) {
  auto log = open();
  const auto append_in = [&](std::int32_t epoch) {
    return log->append_as_leader(make_batch(), {.leader_epoch = {epoch}}).has_value();
  };
  ASSERT_TRUE(append_in(3) && append_in(3) && append_in(4));
  ASSERT_TRUE(t.run(log->checkpoint()));  // the file knows that 4 begins at offset 2
  ASSERT_TRUE(t.run(log->truncate_to(Offset{2})));
  ASSERT_TRUE(append_in(3) && append_in(3));  // what the new leader has from then
  log.reset();
  log = reopen_after_crash(Offset{2});
  EXPECT_EQ(log->end_offset(), Offset{4});
  EXPECT_EQ(log->latest_epoch(), LeaderEpoch{3});
  EXPECT_EQ(log->epoch_of(Offset{3}), LeaderEpoch{3});
}

TEST_F(LogTest, SnapshotsOfEarlierStopsAreRemoved) {
  config.segment_bytes = 500;
  auto log = open();
  for (int stop = 0; stop < 6; ++stop) {
    append(*log, {.records = 2, .value_size = 40});
    log = reopen_after_close(log);
  }
  const auto files = *t.disk.list(log->directory());
  const auto snapshots = std::ranges::count_if(files, [](const auto& f) { return f.name.ends_with(kSnapshotSuffix); });
  EXPECT_LE(snapshots, static_cast<std::ptrdiff_t>(log->segment_count()) + 1);
  EXPECT_GE(snapshots, 1);
}

TEST_F(LogTest, FollowerTakesBatchesAsTheyAreAndRefusesToGoBack) {
  const auto leader = open();
  for (int i = 0; i < 10; ++i) append(*leader, {.records = 2});
  const auto bytes = t.run(gather(read(*leader, 0).records));
  auto o = options();
  o.directory = t.directory + "/copy-0";
  const auto follower = open(o);
  const auto info = follower->append_as_follower(*bytes);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->last, Offset{19});
  EXPECT_EQ(*t.run(gather(read(*follower, 0).records)), *bytes);
  EXPECT_FALSE(follower->append_as_follower(*bytes));
  EXPECT_EQ(follower->latest_epoch(), LeaderEpoch{1});
}

// What goes past the page cache is read, cut, appended to as a leader's, and found again like everything else.
TEST_F(LogTest, WhatHardlyAnybodyReadsIsALogLikeAnyOther) {
  config.segment_bytes = 1'000'000;
  auto log = open();
  const auto take = [&](int batches) {
    for (int i = 0; i < batches; ++i) {
      const BatchSpec next{.value_size = 100'000, .options = {.base_offset = log->end_offset(), .leader_epoch = {1}}};
      ASSERT_TRUE(log->append_as_follower(make_batch(next), kAnyLeaderEpoch, Readers::kSeldom));
    }
  };
  take(14);
  EXPECT_EQ(log->segment_count(), 2u);
  EXPECT_EQ(bases(read(*log, 12)), (std::vector<std::int64_t>{12, 13}));
  ASSERT_TRUE(t.run(log->truncate_to(Offset{12})));
  take(1);
  append(*log, {.value_size = 100'000});  // it leads now
  EXPECT_EQ(bases(read(*log, 11)), (std::vector<std::int64_t>{11, 12, 13}));
  ASSERT_TRUE(t.run(log->flush()));
  log.reset();
  log = reopen_after_crash();
  EXPECT_EQ(log->end_offset(), Offset{14});
  EXPECT_EQ(bases(read(*log, 11)), (std::vector<std::int64_t>{11, 12, 13}));
}

TEST_F(LogTest, RetentionDeletesClosedSegmentsByTimeAndNeverPastTheHighWatermark) {
  config.segment_bytes = 300;
  config.retention_ms = Millis(1000);
  const auto log = open();
  for (int i = 0; i < 10; ++i) append(*log, {.records = 1, .value_size = 100, .timestamp = t.clock.wall()});
  t.clock.advance(Millis(5000));
  EXPECT_EQ(*log->apply_retention(), 0u);
  log->set_high_watermark(Offset{5});
  EXPECT_GT(*log->apply_retention(), 0u);
  EXPECT_LE(log->start_offset(), Offset{5});
  EXPECT_GT(log->start_offset(), Offset{0});
  log->set_high_watermark(Offset{10});
  EXPECT_GT(*log->apply_retention(), 0u);
  EXPECT_EQ(log->start_offset(), Offset{10});
  EXPECT_EQ(append(*log, {.timestamp = t.clock.wall()}).first, Offset{10});
}

// Clients that leave the header's largest timestamp out, as sarama 1.41.2 does.
TEST_F(LogTest, WhatTheHeaderDoesNotSayIsFoundByTimeAllTheSame) {
  const auto log = open();
  const SharedBytes good = make_batch({.records = 4, .timestamp = 1000});
  std::vector<std::byte> bytes(good.view().begin(), good.view().end());
  record::stamp_time(bytes, BytesView(bytes).subspan(record::kBatchHeaderSize), record::TimestampType::kCreateTime,
                     kNoTimestamp);
  const SharedBytes sent = SharedBytes::take(std::move(bytes));
  record::WalkRoom room;
  const auto facts = record::walk_records(*record::BatchView::at(sent), room);
  ASSERT_TRUE(facts);
  ASSERT_TRUE(log->append_as_leader(sent, {.walked = *facts}));
  EXPECT_EQ(t.run(log->offset_for_timestamp(1002))->offset, Offset{2});
  EXPECT_EQ(t.run(log->offset_of_max_timestamp())->offset, Offset{3});
  EXPECT_EQ(t.run(log->offset_for_timestamp(1004))->offset, kNoOffset);
}

// As Kafka does since KAFKA-6482: who writes records without timestamps gets them deleted, too.
TEST_F(LogTest, RecordsWithoutTimestampsExpireByTheAgeOfTheFile) {
  config.retention_ms = Millis(1000);
  const auto log = open();
  append(*log, {.records = 1, .timestamp = kNoTimestamp});
  log->set_high_watermark(Offset{1});
  const auto age = [&](Millis by) {
    const timespec then{.tv_sec = (t.clock.wall() - by.count()) / 1000, .tv_nsec = 0};
    const timespec times[] = {then, then};
    const std::string file = segment_file(log->directory(), Offset{0}, kLogSuffix);
    ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  };
  age(Millis(1000));
  EXPECT_EQ(*log->apply_retention(), 0u);
  age(Millis(2000));
  EXPECT_GT(*log->apply_retention(), 0u);
  EXPECT_EQ(log->start_offset(), Offset{1});
}

TEST_F(LogTest, RetentionBySizeKeepsAtLeastTheLimit) {
  config.segment_bytes = 300;
  config.retention_bytes = 700;
  const auto log = open();
  for (int i = 0; i < 10; ++i) append(*log, {.records = 1, .value_size = 100});
  log->set_high_watermark(Offset{10});
  EXPECT_GT(*log->apply_retention(), 0u);
  EXPECT_GE(log->size_bytes(), 700u);
  EXPECT_LT(log->size_bytes(), 1000u);
}

TEST_F(LogTest, DeleteRecordsMovesTheStartIntoABatch) {
  const auto log = open();
  for (int i = 0; i < 4; ++i) append(*log, {.records = 5});
  EXPECT_EQ(log->delete_records_before(Offset{7}).error().code, ErrorCode::kOffsetOutOfRange);
  log->set_high_watermark(Offset{20});
  ASSERT_TRUE(log->delete_records_before(Offset{7}));
  EXPECT_EQ(log->start_offset(), Offset{7});
  EXPECT_EQ(t.run(log->read(Offset{6}, {})).error().code, ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(bases(read(*log, 7, {.max_bytes = 1})), (std::vector<std::int64_t>{5}));
}

TEST_F(LogTest, OpenTransactionsHoldTheLastStableOffsetAndAbortedOnesAreListed) {
  auto log = open();
  BatchSpec spec{.records = 2};
  spec.options.producer_id = {9};
  spec.options.producer_epoch = {0};
  spec.options.base_sequence = 0;
  spec.options.transactional = true;
  append(*log);
  append(*log, spec);
  log->set_high_watermark(log->end_offset());
  EXPECT_EQ(log->last_stable_offset(), Offset{1});
  const auto marker = record::end_transaction_marker(false, {9}, {0}, 0, t.clock.wall());
  const auto info = log->append_as_leader(marker, {.leader_epoch = {1}, .origin = AppendOrigin::kCoordinator});
  ASSERT_TRUE(info) << info.error().error.message;
  EXPECT_EQ(log->last_stable_offset(), Offset{1});
  log->set_high_watermark(log->end_offset());
  EXPECT_EQ(log->last_stable_offset(), Offset{4});
  for (int pass = 0; pass < 3; ++pass) {
    const auto data = read(*log, 0, {.upper_bound = log->last_stable_offset(), .aborted_transactions = true});
    ASSERT_EQ(data.aborted.size(), 1u) << pass;
    EXPECT_EQ(data.aborted[0].first_offset, Offset{1});
    if (pass == 0) log = reopen_after_close(log);
    if (pass == 1) {
      log.reset();
      log = reopen_after_crash();
      log->set_high_watermark(log->end_offset());
    }
  }
}

TEST_F(LogTest, TheLastStableOffsetIsNotBelowTheStart) {
  const auto log = open();
  BatchSpec spec{.records = 2};
  spec.options.producer_id = {9};
  spec.options.producer_epoch = {0};
  spec.options.base_sequence = 0;
  spec.options.transactional = true;
  append(*log, spec);
  append(*log, {.records = 3});
  log->set_high_watermark(log->end_offset());
  EXPECT_EQ(log->last_stable_offset(), Offset{0});
  ASSERT_TRUE(log->delete_records_before(Offset{4}));
  EXPECT_EQ(log->last_stable_offset(), Offset{4});
}

TEST_F(LogTest, RefusesTheFolderOfAnotherTopicOnceThereIsSomethingInIt) {
  open();
  auto o = options();
  o.topic_id = Uuid{3, 4};
  EXPECT_EQ((*t.run(Log::open(t.shard, o)))->topic_id(), (Uuid{3, 4}));
  append(*open());
  EXPECT_EQ(t.run(Log::open(t.shard, o)).error().code, ErrorCode::kInconsistentTopicId);
}

}  // namespace
}  // namespace thalweg::storage

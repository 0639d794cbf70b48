#include "storage/log_validator.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "record/builder.h"
#include "record/record.h"
#include "record/record_walk.h"

namespace thalweg::storage {
namespace {

using record::BatchBuilder;
using record::BatchView;
using record::Codec;

constexpr Timestamp kNow = 1'700'000'000'000;

ValidationOptions options() { return {.next_offset = {100}, .leader_epoch = {7}, .now = kNow}; }

SharedBytes batch_of(int count, record::BatchOptions options = {}, Timestamp timestamp = kNow) {
  BatchBuilder builder(options);
  for (int i = 0; i < count; ++i) {
    const std::string value = "value " + std::to_string(i) + std::string(50, 'x');
    builder.append({timestamp, as_bytes("key"), as_bytes(value), {}});
  }
  return builder.build();
}

SharedBytes changed(const SharedBytes& batch, const std::function<void(std::byte*)>& change, bool fix_crc = true) {
  std::vector<std::byte> bytes(batch.view().begin(), batch.view().end());
  change(bytes.data());
  if (fix_crc) store_be(bytes.data() + record::batch_field::kCrc, BatchView::at(bytes)->computed_crc());
  return SharedBytes::take(std::move(bytes));
}

ErrorCode refusal(const SharedBytes& records, const ValidationOptions& o = options()) {
  const auto result = validate_for_append(records, o);
  return result ? ErrorCode::kNone : result.error().error.code;
}

// As a broker does it that does not trust producers.
std::expected<ValidatedBatch, AppendError> walk_and_validate(const SharedBytes& records, ValidationOptions o) {
  const auto batch = check_framing(records);
  if (!batch) return std::unexpected(batch.error());
  record::WalkRoom room;
  o.walked = record::walk_records(*batch, room);
  return validate_for_append(records, o);
}

// The records are walked before the topic's rules are known; those come first all the same.
TEST(LogValidator, RulesThatNeedNoLookInsideAreJudgedBeforeTheRecords) {
  auto o = options();
  o.walked = fail(ErrorCode::kInvalidRecord, "record 0 does not parse");
  EXPECT_EQ(refusal(batch_of(1), o), ErrorCode::kInvalidRecord);
  auto old = o;
  old.produce_version = 6;
  EXPECT_EQ(refusal(batch_of(1, {.codec = Codec::kZstd}), old), ErrorCode::kUnsupportedCompressionType);
  o.message_bytes_max = 10;
  EXPECT_EQ(refusal(batch_of(1), o), ErrorCode::kMessageTooLarge);
  o.walked = fail(ErrorCode::kCorruptMessage, "checksum");
  EXPECT_EQ(refusal(batch_of(1), o), ErrorCode::kMessageTooLarge);
}

SharedBytes with_header_time(const SharedBytes& batch, Timestamp max_timestamp) {
  return changed(batch,
                 [&](std::byte* b) { store_be<std::int64_t>(b + record::batch_field::kMaxTimestamp, max_timestamp); });
}

TEST(LogValidator, AssignsOffsetAndEpochAndSharesTheBody) {
  for (const Codec codec : {Codec::kNone, Codec::kZstd}) {
    const SharedBytes records = batch_of(3, {.codec = codec});
    const auto valid = validate_for_append(records, options());
    ASSERT_TRUE(valid);
    EXPECT_EQ(valid->first, Offset{100});
    EXPECT_EQ(valid->last, Offset{102});
    EXPECT_EQ(valid->max_timestamp, kNow);
    EXPECT_EQ(valid->log_append_time, kNoTimestamp);
    EXPECT_EQ(valid->body.data(), records.data() + record::kBatchHeaderSize);
    const SharedBytes flat = valid->flat();
    const auto batch = BatchView::at(flat);
    EXPECT_TRUE(batch->crc_ok());
    EXPECT_EQ(batch->base_offset(), Offset{100});
    EXPECT_EQ(batch->leader_epoch(), LeaderEpoch{7});
  }
}

TEST(LogValidator, WantsExactlyOneBatchOfFormatTwo) {
  const SharedBytes one = batch_of(1);
  std::vector<std::byte> two(one.view().begin(), one.view().end());
  two.insert(two.end(), one.view().begin(), one.view().end());
  EXPECT_EQ(refusal(SharedBytes::take(two)), ErrorCode::kInvalidRecord);
  EXPECT_EQ(refusal({}), ErrorCode::kInvalidRecord);
  EXPECT_EQ(refusal(changed(one, [](std::byte* b) { b[16] = std::byte{1}; }, false)), ErrorCode::kInvalidRecord);
  EXPECT_EQ(refusal(changed(one, [](std::byte* b) { b[16] = std::byte{9}; }, false)), ErrorCode::kCorruptMessage);
  EXPECT_EQ(refusal(one.slice(0, one.size() - 1)), ErrorCode::kInvalidRecord);
  EXPECT_EQ(refusal(one.slice(0, 5)), ErrorCode::kInvalidRecord);
}

TEST(LogValidator, ABrokenChecksumIsCorrupt) {
  EXPECT_EQ(
      refusal(changed(batch_of(1), [](std::byte* b) { b[70] ^= std::byte{1}; }, false)), ErrorCode::kCorruptMessage);
}

TEST(LogValidator, CountsOffsetsControlBitAndSequenceMustMakeSense) {
  using namespace record;
  const auto broken = [](std::size_t at, auto value) {
    return refusal(changed(batch_of(2), [&](std::byte* b) { store_be(b + at, value); }));
  };
  EXPECT_EQ(broken(batch_field::kRecordCount, std::int32_t{3}), ErrorCode::kInvalidRecord);
  EXPECT_EQ(broken(batch_field::kRecordCount, std::int32_t{0}), ErrorCode::kInvalidRecord);
  EXPECT_EQ(broken(batch_field::kLastOffsetDelta, std::int32_t{-1}), ErrorCode::kInvalidRecord);
  EXPECT_EQ(broken(batch_field::kBaseOffset, std::int64_t{1}), ErrorCode::kInvalidRecord);
  EXPECT_EQ(broken(batch_field::kAttributes, attribute::kControl), ErrorCode::kInvalidRecord);
  EXPECT_EQ(broken(batch_field::kProducerId, std::int64_t{5}), ErrorCode::kInvalidRecord);  // without a sequence
  EXPECT_EQ(broken(batch_field::kAttributes, std::int16_t{6}), ErrorCode::kUnsupportedCompressionType);
}

TEST(LogValidator, CoordinatorsMayWriteMarkers) {
  auto o = options();
  o.origin = AppendOrigin::kCoordinator;
  const SharedBytes marker = record::end_transaction_marker(false, {1}, {0}, 3, kNow);
  EXPECT_EQ(refusal(marker, o), ErrorCode::kNone);
  EXPECT_EQ(refusal(marker), ErrorCode::kInvalidRecord);
}

TEST(LogValidator, SizesAreTestedBeforeAndAfterRecompression) {
  auto o = options();
  const SharedBytes plain = batch_of(100), packed = batch_of(100, {.codec = Codec::kGzip});
  o.message_bytes_max = plain.size() - 1;
  EXPECT_EQ(refusal(plain, o), ErrorCode::kMessageTooLarge);
  EXPECT_EQ(refusal(packed, o), ErrorCode::kNone);
  o.codec = Codec::kNone;
  EXPECT_EQ(refusal(packed, o), ErrorCode::kMessageTooLarge);
  o = options();
  o.segment_bytes_max = plain.size() - 1;
  EXPECT_EQ(refusal(plain, o), ErrorCode::kRecordListTooLarge);
}

TEST(LogValidator, ZstdNeedsProduceVersionSeven) {
  auto o = options();
  o.produce_version = 6;
  EXPECT_EQ(refusal(batch_of(1, {.codec = Codec::kZstd}), o), ErrorCode::kUnsupportedCompressionType);
  EXPECT_EQ(refusal(batch_of(1, {.codec = Codec::kLz4}), o), ErrorCode::kNone);
}

TEST(LogValidator, ACompactedTopicNamesTheRecordsWithoutKey) {
  BatchBuilder builder;
  builder.append({.timestamp = kNow, .key = as_bytes("a")});
  builder.append({.timestamp = kNow});
  builder.append({.timestamp = kNow, .key = as_bytes("b")});
  builder.append({.timestamp = kNow, .value = as_bytes("no key")});
  auto o = options();
  const SharedBytes records = builder.build();
  EXPECT_EQ(refusal(records, o), ErrorCode::kNone);
  o.compacted = true;
  const auto result = validate_for_append(records, o);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().error.code, ErrorCode::kInvalidRecord);
  ASSERT_EQ(result.error().record_errors.size(), 2u);
  EXPECT_EQ(result.error().record_errors[0].batch_index, 1);
  EXPECT_EQ(result.error().record_errors[1].batch_index, 3);
}

TEST(LogValidator, TimestampsOutsideTheRangeAreRefused) {
  auto o = options();
  EXPECT_EQ(refusal(batch_of(1, {}, kNow + 3'600'000), o), ErrorCode::kNone);
  EXPECT_EQ(refusal(batch_of(1, {}, kNow + 3'600'001), o), ErrorCode::kInvalidTimestamp);
  EXPECT_EQ(refusal(batch_of(1, {}, 0), o), ErrorCode::kNone);
  EXPECT_EQ(refusal(batch_of(1, {}, kNoTimestamp), o), ErrorCode::kNone);
  o.timestamp_before_max = Millis(1000);
  EXPECT_EQ(refusal(batch_of(1, {}, kNow - 1000), o), ErrorCode::kNone);
  EXPECT_EQ(refusal(batch_of(1, {}, kNow - 1001), o), ErrorCode::kInvalidTimestamp);
  BatchBuilder hidden;  // the old one is neither the first nor the largest
  hidden.append({.timestamp = kNow});
  hidden.append({.timestamp = kNow - 5000});
  const auto result = validate_for_append(hidden.build(), o);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().record_errors.at(0).batch_index, 1);
}

TEST(LogValidator, TheAnswerNamesTheRecordsOutsideTheRange) {
  BatchBuilder builder;
  builder.append({.timestamp = kNow});
  builder.append({.timestamp = kNow + 3'600'001});
  const auto result = validate_for_append(builder.build(), options());
  ASSERT_FALSE(result);
  ASSERT_EQ(result.error().record_errors.size(), 1u);
  EXPECT_EQ(result.error().record_errors[0].batch_index, 1);
}

TEST(LogValidator, LogAppendTimeStampsTheBatchAndItsChecksum) {
  auto o = options();
  o.timestamp_type = record::TimestampType::kLogAppendTime;
  const auto valid = validate_for_append(batch_of(2, {.codec = Codec::kLz4}, 5), o);
  ASSERT_TRUE(valid);
  EXPECT_EQ(valid->log_append_time, kNow);
  const SharedBytes flat = valid->flat();
  const auto batch = BatchView::at(flat);
  EXPECT_TRUE(batch->crc_ok());
  EXPECT_EQ(batch->timestamp_type(), record::TimestampType::kLogAppendTime);
  EXPECT_EQ(batch->max_timestamp(), kNow);
}

TEST(LogValidator, TheTopicsCodecReplacesTheProducers) {
  for (int from = 0; from < record::kCodecCount; ++from) {
    for (int to = 0; to < record::kCodecCount; ++to) {
      const SharedBytes records = batch_of(
          20, {.codec = static_cast<Codec>(from), .producer_id = {5}, .producer_epoch = {1}, .base_sequence = 40});
      auto o = options();
      o.codec = static_cast<Codec>(to);
      const auto valid = validate_for_append(records, o);
      ASSERT_TRUE(valid);
      EXPECT_EQ(valid->rebuilt, from != to);
      const SharedBytes flat = valid->flat();
      const auto batch = BatchView::at(flat);
      EXPECT_TRUE(batch->crc_ok());
      EXPECT_EQ(batch->codec(), o.codec);
      EXPECT_EQ(batch->record_count(), 20);
      EXPECT_EQ(batch->producer_id(), ProducerId{5});
      EXPECT_EQ(batch->last_sequence(), 59);
      EXPECT_EQ(batch->last_offset(), Offset{119});
      auto reader = record::RecordReader::open(*batch);
      ASSERT_TRUE(reader);
      EXPECT_EQ((*reader->next())->offset, Offset{100});
    }
  }
}

// sarama 1.41.2 sends -1, others whatever they like.
TEST(LogValidator, TheHeaderGetsTheLargestTimestampOfTheRecords) {
  for (int codec = 0; codec < record::kCodecCount; ++codec) {
    BatchBuilder builder({.codec = static_cast<Codec>(codec)});
    for (const Timestamp timestamp : {kNow - 5, kNow, kNow - 9}) builder.append({.timestamp = timestamp});
    const SharedBytes good = builder.build();
    for (const Timestamp claimed : {kNoTimestamp, kNow - 10, kNow + 10, kNow}) {
      const auto valid = walk_and_validate(with_header_time(good, claimed), options());
      ASSERT_TRUE(valid);
      EXPECT_FALSE(valid->rebuilt);
      EXPECT_EQ(valid->stamped, claimed != kNow);
      EXPECT_EQ(valid->max_timestamp, kNow);
      const SharedBytes flat = valid->flat();
      EXPECT_TRUE(BatchView::at(flat)->crc_ok());
      EXPECT_EQ(BatchView::at(flat)->max_timestamp(), kNow);
    }
  }
  const auto none = walk_and_validate(with_header_time(batch_of(2, {}, kNoTimestamp), kNow), options());
  ASSERT_TRUE(none);
  EXPECT_EQ(none->max_timestamp, kNoTimestamp);
}

TEST(LogValidator, ATrustedProducersHeaderIsBelieved) {
  const auto valid = validate_for_append(with_header_time(batch_of(2), kNow - 10), options());
  ASSERT_TRUE(valid);
  EXPECT_FALSE(valid->stamped);
  EXPECT_EQ(valid->max_timestamp, kNow - 10);
}

TEST(LogValidator, TimesAreJudgedByTheRecordsAndNotByTheHeader) {
  const auto code = [](const SharedBytes& records) {
    const auto valid = walk_and_validate(records, options());
    return valid ? ErrorCode::kNone : valid.error().error.code;
  };
  EXPECT_EQ(code(with_header_time(batch_of(1, {}, kNow + 3'600'001), kNow)), ErrorCode::kInvalidTimestamp);
  EXPECT_EQ(code(with_header_time(batch_of(1), kNow + 3'600'001)), ErrorCode::kNone);
  EXPECT_EQ(code(batch_of(1, {}, std::numeric_limits<Timestamp>::min())), ErrorCode::kInvalidTimestamp);
}

TEST(LogValidator, TheAnswerNamesEachRecordWithTheFirstRuleThatItBreaks) {
  BatchBuilder builder;
  builder.append({.timestamp = kNow + 4'000'000});
  builder.append({.timestamp = kNow + 4'000'000, .key = as_bytes("k")});
  builder.append({.timestamp = kNow, .key = as_bytes("k")});
  auto o = options();
  o.compacted = true;
  const auto result = walk_and_validate(builder.build(), o);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().error.code, ErrorCode::kInvalidTimestamp);  // as Kafka, where both rules are broken
  ASSERT_EQ(result.error().record_errors.size(), 2u);
  EXPECT_NE(result.error().record_errors[0].message.find("key"), std::string::npos);
  EXPECT_NE(result.error().record_errors[1].message.find("timestamp"), std::string::npos);
}

TEST(LogValidator, WhatIsTooLargeToReadAgainNamesTheFirstRecordWithoutKey) {
  BatchBuilder builder({.codec = Codec::kZstd});
  const std::string zeros(3 << 20, '\0');
  builder.append({.timestamp = kNow, .key = as_bytes("k")});
  builder.append({.timestamp = kNow, .value = as_bytes(zeros)});
  builder.append({.timestamp = kNow});
  auto o = options();
  o.compacted = true;
  const auto result = walk_and_validate(builder.build(), o);
  ASSERT_FALSE(result);
  ASSERT_EQ(result.error().record_errors.size(), 1u);
  EXPECT_EQ(result.error().record_errors[0].batch_index, 1);
}

TEST(LogValidator, TheBitOfLogAppendTimeIsNotTheProducersToSet) {
  const SharedBytes records = batch_of(3, {.log_append_time = kNow + 77});
  const auto valid = walk_and_validate(records, options());
  ASSERT_TRUE(valid);
  const SharedBytes flat = valid->flat();
  EXPECT_TRUE(BatchView::at(flat)->crc_ok());
  EXPECT_EQ(BatchView::at(flat)->timestamp_type(), record::TimestampType::kCreateTime);
  EXPECT_EQ(BatchView::at(flat)->max_timestamp(), kNow);
  auto o = options();
  o.timestamp_type = record::TimestampType::kLogAppendTime;
  const auto refused = walk_and_validate(records, o);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error.code, ErrorCode::kInvalidTimestamp);
  EXPECT_EQ(refused.error().record_errors.size(), 3u);
}

TEST(LogValidator, AFollowerTakesWholeBatchesInOrderAndLeavesATornOne) {
  const auto at = [](std::int64_t offset) { return batch_of(2, {.base_offset = {offset}}); };
  std::vector<std::byte> bytes;
  for (const auto offset : {10, 15, 17}) {
    const SharedBytes batch = at(offset);
    bytes.insert(bytes.end(), batch.view().begin(), batch.view().end());
  }
  const std::size_t size = bytes.size() / 3;
  auto taken = check_replicated(bytes, {10});
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->batches.size(), 3u);
  taken = check_replicated(BytesView(bytes).first(bytes.size() - 1), {10});
  EXPECT_EQ(taken->batches.size(), 2u);
  EXPECT_EQ(taken->size, 2 * size);
  EXPECT_EQ(check_replicated(bytes, {11}).error().code, ErrorCode::kOffsetOutOfRange);
  bytes[size + 65] ^= std::byte{1};
  EXPECT_EQ(check_replicated(bytes, {10}).error().code, ErrorCode::kCorruptMessage);
}

}  // namespace
}  // namespace thalweg::storage

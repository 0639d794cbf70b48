#include "record/batch.h"

#include <gtest/gtest.h>

#include <random>

#include "record/builder.h"
#include "record/hash.h"

namespace thalweg::record {
namespace {

std::vector<std::byte> bytes_of(const SharedBytes& shared) { return {shared.view().begin(), shared.view().end()}; }

SharedBytes one_record(BatchOptions options = {}) {
  BatchBuilder builder(options);
  builder.append({.timestamp = 1000, .key = as_bytes("k"), .value = as_bytes("v")});
  return builder.build();
}

TEST(Batch, HasKafkasLayout) {
  const SharedBytes bytes = one_record(
      {.base_offset = {5}, .leader_epoch = {9}, .producer_id = {77}, .producer_epoch = {2}, .base_sequence = 11});
  const auto batch = BatchView::at(bytes);
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->base_offset(), Offset{5});
  EXPECT_EQ(batch->leader_epoch(), LeaderEpoch{9});
  EXPECT_EQ(batch->producer_id(), ProducerId{77});
  EXPECT_EQ(batch->last_sequence(), 11);
  EXPECT_EQ(batch->max_timestamp(), 1000);
  EXPECT_EQ(bytes.size(), kBatchHeaderSize + 9);
}

TEST(Batch, SequencesGoOnAtZeroAfterTheLargest) {
  EXPECT_EQ(advance_sequence(2147483647, 1), 0);
  EXPECT_EQ(advance_sequence(2147483646, 4), 2);
  EXPECT_EQ(retreat_sequence(2, 4), 2147483646);
}

TEST(Batch, OffsetAndLeaderEpochChangeWithoutTheCrc) {
  auto bytes = bytes_of(one_record());
  set_base_offset(bytes, {1234567890123});
  set_leader_epoch(bytes, {88});
  const auto batch = BatchView::at(bytes);
  ASSERT_TRUE(batch);
  EXPECT_TRUE(batch->crc_ok());
  EXPECT_EQ(batch->base_offset(), Offset{1234567890123});
  EXPECT_EQ(batch->leader_epoch(), LeaderEpoch{88});
}

TEST(Batch, TimesAreWrittenWithANewCrc) {
  auto bytes = bytes_of(one_record());
  const BytesView body = BytesView(bytes).subspan(kBatchHeaderSize);
  stamp_time(bytes, body, TimestampType::kLogAppendTime, 777'000);
  auto batch = BatchView::at(bytes);
  EXPECT_TRUE(batch->crc_ok());
  EXPECT_EQ(batch->timestamp_type(), TimestampType::kLogAppendTime);
  EXPECT_EQ(batch->max_timestamp(), 777'000);
  stamp_time(bytes, body, TimestampType::kCreateTime, 5);
  EXPECT_TRUE(batch->crc_ok());
  EXPECT_EQ(batch->timestamp_type(), TimestampType::kCreateTime);
  EXPECT_EQ(batch->max_timestamp(), 5);
}

TEST(Batch, AChangedByteBreaksTheCrc) {
  const auto good = bytes_of(one_record());
  for (std::size_t i = batch_field::kAttributes; i < good.size(); ++i) {
    auto bytes = good;
    bytes[i] ^= std::byte{0x10};
    EXPECT_FALSE(BatchView::at(bytes)->crc_ok()) << i;
  }
}

TEST(BatchReader, StopsBeforeATornBatchAndSaysWhatIsLeft) {
  auto bytes = bytes_of(one_record());
  const std::size_t size = bytes.size();
  bytes.insert(bytes.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
  for (std::size_t cut = size; cut < 2 * size; ++cut) {
    const std::vector<std::byte> exact(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut));
    BatchReader reader(exact);
    ASSERT_TRUE(reader.next()->has_value());
    const auto second = reader.next();
    ASSERT_TRUE(second);
    EXPECT_FALSE(second->has_value());
    EXPECT_EQ(reader.rest().size(), cut - size);
    EXPECT_EQ(split_batches(exact).has_value(), cut == size);
  }
  EXPECT_EQ(split_batches(bytes)->size(), 2u);
}

TEST(BatchReader, DoesNotBelieveLengths) {
  auto bytes = bytes_of(one_record());
  store_be<std::int32_t>(bytes.data() + batch_field::kLength, 48);
  EXPECT_EQ(BatchReader(bytes).next().error().code, ErrorCode::kCorruptMessage);
  store_be<std::int32_t>(bytes.data() + batch_field::kLength, -1);
  EXPECT_EQ(BatchView::at(bytes).error().code, ErrorCode::kCorruptMessage);
  store_be<std::int32_t>(bytes.data() + batch_field::kLength, INT32_MAX);
  EXPECT_EQ(BatchView::at(bytes).error().code, ErrorCode::kCorruptMessage);
  EXPECT_FALSE(BatchReader(bytes).next()->has_value());
  bytes[batch_field::kMagic] = std::byte{1};
  store_be<std::int32_t>(bytes.data() + batch_field::kLength, 50);
  EXPECT_EQ(BatchView::at(bytes).error().code, ErrorCode::kUnsupportedForMessageFormat);
}

TEST(BatchReader, RandomBytesAreNeverReadBeyond) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<std::byte> bytes(random() % 200);
    for (auto& b : bytes) b = static_cast<std::byte>(random() % 4 ? random() % 3 : random());
    BatchReader reader(bytes);
    while (true) {
      const auto batch = reader.next();
      if (!batch || !*batch) break;
      (*batch)->crc_ok();
    }
  }
}

TEST(BatchBuilder, CompactionLeavesGapsAndKeepsTheEnd) {
  BatchBuilder builder({.base_offset = {100}});
  builder.append_at({103}, {.timestamp = 5, .key = as_bytes("a")});
  builder.append_at({107}, {.timestamp = 4, .key = as_bytes("b")});
  builder.set_last_offset({110});
  const SharedBytes bytes = builder.build();
  const auto batch = BatchView::at(bytes);
  EXPECT_EQ(batch->last_offset(), Offset{110});
  EXPECT_EQ(batch->record_count(), 2);
  EXPECT_EQ(batch->max_timestamp(), 5);
  auto reader = RecordReader::open(*batch);
  EXPECT_EQ((*reader->next())->offset, Offset{103});
  EXPECT_EQ((*reader->next())->offset, Offset{107});
  EXPECT_FALSE(reader->next()->has_value());
}

TEST(BatchBuilder, ADeleteHorizonTakesThePlaceOfTheBaseTimestamp) {
  BatchBuilder builder({.delete_horizon = 9000});
  builder.append({.timestamp = 5, .key = as_bytes("a")});
  const SharedBytes bytes = builder.build();
  const auto batch = BatchView::at(bytes);
  EXPECT_TRUE(batch->has_delete_horizon());
  EXPECT_EQ(batch->base_timestamp(), 9000);
  EXPECT_EQ((*RecordReader::open(*batch)->next())->timestamp, 5);
}

TEST(Hash, MatchesJavasStringHashCode) {
  EXPECT_EQ(java_string_hash(""), 0);
  EXPECT_EQ(java_string_hash("hello"), 99162322);
  EXPECT_EQ(java_string_hash("polygenelubricants"), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(java_abs(java_string_hash("polygenelubricants")), 0);
  EXPECT_EQ(java_string_hash("\xc3\xa9"), 0xe9);
  EXPECT_EQ(java_string_hash("\xf0\x9f\x98\x80"), 0xd83d * 31 + 0xde00);  // one emoji, two units
  EXPECT_EQ(java_string_hash("\xff"), 0xfffd);
}

TEST(Hash, MatchesKafkasMurmur2) {  // values that every client's test suite shares
  EXPECT_EQ(murmur2(as_bytes("21")), -973932308);
  EXPECT_EQ(murmur2(as_bytes("foobar")), -790332482);
  EXPECT_EQ(murmur2(as_bytes("a-little-bit-long-string")), -985981536);
  EXPECT_EQ(murmur2(as_bytes("a-little-bit-longer-string")), -1486304829);
  EXPECT_EQ(murmur2(as_bytes("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")), -58897971);
  EXPECT_EQ(murmur2(as_bytes("abc")), 479470107);
}

TEST(BatchBuilder, TakesAValueInPieces) {
  BatchBuilder whole, pieces;
  whole.append({.timestamp = 5, .key = as_bytes("k"), .value = as_bytes("one, two and three")});
  const BytesView more[] = {as_bytes(", two"), BytesView(), as_bytes(" and three")};
  pieces.append({.timestamp = 5, .key = as_bytes("k"), .value = as_bytes("one"), .headers = {}, .more_value = more});
  EXPECT_EQ(bytes_of(pieces.build()), bytes_of(whole.build()));
}

// Without the copy that a builder costs which is needed once more.
TEST(BatchBuilder, GivesTheSameBatchAway) {
  for (const Codec codec : {Codec::kNone, Codec::kZstd}) {
    BatchBuilder builder({.base_offset = Offset{7}, .codec = codec});
    const std::string large(300'000, 'x');
    for (const auto& value : {std::string("a"), large, std::string()})
      builder.append({.timestamp = 5, .key = as_bytes("k"), .value = as_bytes(value)});
    const SharedBytes copied = builder.build();
    const std::size_t size = builder.size();
    const SharedBytes given = std::move(builder).build();
    EXPECT_EQ(bytes_of(given), bytes_of(copied));
    if (codec == Codec::kNone) EXPECT_EQ(given.size(), size);
  }
}

}  // namespace
}  // namespace thalweg::record

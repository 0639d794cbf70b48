// The values' own bytes are held against Kafka's classes in protocol/kafka_vectors_test.cc; here is what stands around
// them, and what becomes of records that nobody should have written.
#include "transaction/transaction_records.h"

#include <gtest/gtest.h>

#include <string_view>

namespace thalweg::transaction {
namespace {

using namespace std::string_view_literals;

TransactionMetadata ongoing() {
  TransactionMetadata metadata{.producer_id = ProducerId{7},
                               .previous_producer_id = ProducerId{7},
                               .producer_epoch = ProducerEpoch{3},
                               .previous_producer_epoch = ProducerEpoch{2},
                               .timeout_ms = 0x1000,
                               .state = TransactionState::kOngoing};
  metadata.partitions["t"] = {PartitionId{1}};
  metadata.start = 5;
  metadata.last_update = 6;
  metadata.client_version = 2;
  return metadata;
}
TransactionRecord record_of(TransactionMetadata metadata, std::int16_t version) {
  return {"tx", std::make_shared<const TransactionMetadata>(std::move(metadata)), version};
}
std::string bytes_of(const SharedBytes& bytes) { return std::string(as_text(bytes)); }

TEST(TransactionRecords, AKeyIsItsTypeAndTheId) {
  const auto bytes = encode({.transactional_id = "tx"});
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes_of(bytes->key), "\0\0\0\2tx"sv);
  EXPECT_FALSE(bytes->value) << "a tombstone";
  EXPECT_EQ(*decode(bytes->key, std::nullopt), TransactionRecord{.transactional_id = "tx"});
}

TEST(TransactionRecords, Version0HasNothingOfWhatCameLater) {
  const auto bytes = encode(record_of(ongoing(), 0));
  ASSERT_TRUE(bytes && bytes->value);
  EXPECT_EQ(bytes_of(*bytes->value),
            "\0\0"
            "\0\0\0\0\0\0\0\7"
            "\0\3"
            "\0\0\x10\0"
            "\1"
            "\0\0\0\1\0\1t\0\0\0\1\0\0\0\1"
            "\0\0\0\0\0\0\0\6"
            "\0\0\0\0\0\0\0\5"sv);
  const auto again = decode(bytes->key, bytes->value);
  ASSERT_TRUE(again && *again);
  EXPECT_EQ((*again)->value->previous_producer_epoch, kNoProducerEpoch);
  EXPECT_EQ((*again)->value->client_version, 0);
}

// Tag 0, 2 and 10001, the last of which is ours.
TEST(TransactionRecords, Version1HasTheRestInTags) {
  const auto bytes = encode(record_of(ongoing(), 1));
  ASSERT_TRUE(bytes && bytes->value);
  EXPECT_EQ(bytes_of(*bytes->value),
            "\0\1"
            "\0\0\0\0\0\0\0\7"
            "\0\3"
            "\0\0\x10\0"
            "\1"
            "\2\2t\2\0\0\0\1\0"
            "\0\0\0\0\0\0\0\6"
            "\0\0\0\0\0\0\0\5"
            "\3"
            "\0\10\0\0\0\0\0\0\0\7"
            "\2\2\0\2"
            "\x91\x4e\2\0\2"sv);
  EXPECT_EQ(**decode(bytes->key, bytes->value), record_of(ongoing(), 1));
}

TEST(TransactionRecords, AnEmptyOneHasNoListOfPartitions) {
  const auto bytes = encode(record_of({.producer_id = ProducerId{7}}, 0));
  ASSERT_TRUE(bytes && bytes->value);
  EXPECT_EQ(bytes_of(*bytes->value).substr(17, 4), "\xff\xff\xff\xff"sv);
}

TEST(TransactionRecords, WhatIsNotOursToJudgeIsPassedOverAndWhatCannotBeIsRefused) {
  const auto bytes = encode(record_of(ongoing(), 0));
  ASSERT_TRUE(bytes && bytes->value);
  EXPECT_EQ(*decode(SharedBytes::copy_of("\0\7\0\2tx"sv), bytes->value), std::nullopt) << "a newer broker's key";
  EXPECT_FALSE(decode(SharedBytes::copy_of("\0\0\0\5tx"sv), std::nullopt)) << "cut short";
  auto value = bytes_of(*bytes->value);
  value[16] = 8;
  EXPECT_FALSE(decode(bytes->key, SharedBytes::copy_of(value))) << "no such state";
  value[16] = 1;
  value[value.size() - 8] = '\xff';
  EXPECT_FALSE(decode(bytes->key, SharedBytes::copy_of(value))) << "no such time";
  value[1] = 9;
  EXPECT_FALSE(decode(bytes->key, SharedBytes::copy_of(value))) << "no such version";
}

TEST(TransactionRecords, AnIdThatIsTooLongIsRefused) {
  EXPECT_TRUE(encode({.transactional_id = std::string(kStringMax, 'x')}));
  EXPECT_FALSE(encode({.transactional_id = std::string(kStringMax + 1, 'x')}));
}

}  // namespace
}  // namespace thalweg::transaction

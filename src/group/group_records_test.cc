#include "group/group_records.h"

#include <gtest/gtest.h>

namespace thalweg::group {
namespace {

SharedBytes from_hex(std::string_view hex) {
  std::vector<std::byte> bytes;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string digits;
  for (const char c : hex)
    if (c != ' ') digits += c;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(digit(digits[i]) * 16 + digit(digits[i + 1])));
  return SharedBytes::take(std::move(bytes));
}

// Worked out by hand from the field lists, so that both directions of the generated code are judged.
TEST(GroupRecords, AnOffsetIsKafkasBytes) {
  const OffsetRecord record{
      "g", "t", PartitionId{3},
      protocol::OffsetCommitValue{
          .offset = Offset{42}, .leader_epoch = LeaderEpoch{7}, .metadata = "m", .commit_timestamp = 0x1122334455}};
  const KeyValue expected{from_hex("0001 0001 67 0001 74 00000003"),
                          from_hex("0003 000000000000002a 00000007 0001 6d 0000001122334455")};
  EXPECT_EQ(encode(record).value(), expected);
  const auto again = decode(expected.key, expected.value);
  ASSERT_TRUE(again && *again);
  EXPECT_EQ(std::get<OffsetRecord>(**again), record);
}

TEST(GroupRecords, AnExplicitExpiryIsWrittenInTheOnlyVersionThatHasOne) {
  const OffsetRecord record{
      "g", "t", PartitionId{0},
      protocol::OffsetCommitValue{.offset = Offset{1}, .commit_timestamp = 2, .expire_timestamp = 3}};
  EXPECT_EQ(encode(record)->value, from_hex("0001 0000000000000001 0000 0000000000000002 0000000000000003"));
}

TEST(GroupRecords, AGroupIsKafkasBytes) {
  protocol::GroupMetadataValue value{
      .protocol_type = "c", .generation = 5, .protocol = "r", .leader = "m", .current_state_timestamp = 9};
  value.members.push_back({.member_id = "m",
                           .group_instance_id = std::nullopt,
                           .client_id = "i",
                           .client_host = "/h",
                           .rebalance_timeout = 1,
                           .session_timeout = 2,
                           .subscription = SharedBytes::copy_of("ab"),
                           .assignment = SharedBytes::copy_of("z")});
  const GroupRecord record{"g", value};
  const KeyValue expected{from_hex("0002 0001 67"),
                          from_hex("0003 0001 63 00000005 0001 72 0001 6d 0000000000000009 00000001"
                                   "0001 6d ffff 0001 69 0002 2f68 00000001 00000002 00000002 6162 00000001 7a")};
  EXPECT_EQ(encode(record).value(), expected);
  const auto again = decode(expected.key, expected.value);
  ASSERT_TRUE(again && *again);
  EXPECT_EQ(std::get<GroupRecord>(**again), record);
}

TEST(GroupRecords, AnEmptyGroupHasNeitherProtocolNorLeader) {
  const GroupRecord record{"g", protocol::GroupMetadataValue{.protocol_type = "c",
                                                             .generation = 6,
                                                             .protocol = std::nullopt,
                                                             .leader = std::nullopt,
                                                             .current_state_timestamp = 9}};
  EXPECT_EQ(encode(record)->value, from_hex("0003 0001 63 00000006 ffff ffff 0000000000000009 00000000"));
}

TEST(GroupRecords, NoValueIsATombstone) {
  const auto encoded = encode(GroupRecord{"g", std::nullopt}).value();
  EXPECT_FALSE(encoded.value);
  const auto again = decode(encoded.key, std::nullopt);
  ASSERT_TRUE(again && *again);
  EXPECT_FALSE(std::get<GroupRecord>(**again).value);
}

// The record would be stored under another name, or not be found again.
TEST(GroupRecords, WhatKafkasFormCannotHoldIsAnError) {
  const std::string longest(32767, 'g'), longer(32768, 'g');
  EXPECT_TRUE(encode(GroupRecord{longest, std::nullopt}));
  EXPECT_FALSE(encode(GroupRecord{longer, std::nullopt}));
  EXPECT_FALSE(encode(OffsetRecord{longer, "t", PartitionId{0}, protocol::OffsetCommitValue{}}));
  EXPECT_FALSE(encode(OffsetRecord{"g", "t", PartitionId{0}, protocol::OffsetCommitValue{.metadata = longer}}));
  protocol::GroupMetadataValue value{.protocol_type = "consumer"};
  value.members.push_back({.member_id = longer});
  EXPECT_FALSE(encode(GroupRecord{"g", value}));
  EXPECT_FALSE(size_in_batch(GroupRecord{"g", value}));
}

TEST(GroupRecords, ReadsWhatBrokersBeforeZeroNineWrote) {
  const auto offset =
      decode(from_hex("0000 0001 67 0001 74 00000003"), from_hex("0000 0000000000000001 0000 0000000000000002"));
  ASSERT_TRUE(offset && *offset);
  EXPECT_EQ(std::get<OffsetRecord>(**offset).value->leader_epoch, kNoLeaderEpoch);
}

TEST(GroupRecords, UnknownKeyTypesAreSkippedAndBrokenOnesRefused) {
  const auto newer = decode(from_hex("0003 0001 67"), from_hex("0000 00"));
  ASSERT_TRUE(newer);
  EXPECT_FALSE(*newer);
  EXPECT_FALSE(decode(from_hex("00"), std::nullopt));
  EXPECT_FALSE(decode(from_hex("0002 0009 67"), std::nullopt));
  EXPECT_FALSE(decode(from_hex("0002 0001 67"), from_hex("0003 0001")));
}

}  // namespace
}  // namespace thalweg::group

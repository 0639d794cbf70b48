#include "thalweg/streams/detail/foreign_key.h"

#include <gtest/gtest.h>

namespace thalweg::streams::detail {
namespace {

// What Kafka Streams' Murmur3.hash128 gives.
TEST(ForeignKey, HashesRowsAsKafkaStreamsDoes) {
  struct {
    std::string_view bytes;
    RowHash hash;
  } const rows[] = {
      {"", {0x9d2764a018e32942, 0x8c3cf3b035938518}},
      {"a", {0x3361634e7e0f5188, 0xe9c7dda24eae326b}},
      {"a:1", {0x0cc85fbd6780fc02, 0x7e30770a6ec06d67}},
      {"12345678", {0xddec8f9026074d66, 0x5e35523e4a34fe8c}},
      {"123456789", {0x5a3e531c14a5f700, 0xfaf8cf22625f37e7}},
      {"1234567890abcdef", {0xa41be1d83a884fbf, 0x357fc2b24ff793df}},
      {"1234567890abcdefg", {0xea14c196d6b560cc, 0xc07b26854b16e6ff}},
      {"the quick brown fox jumps over the lazy dog", {0x02c400fed0da43be, 0xdf6165624053a941}},
      {"\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", {0x6ebe68ba46199088, 0xf0ac37881c149afd}},
  };
  for (const auto& row : rows) EXPECT_EQ(row_hash(row.bytes), row.hash) << row.bytes;
}

std::string written(const Subscription& subscription) {
  std::string bytes;
  EXPECT_TRUE(subscription_serde().write(subscription, bytes, {.topic = "t"}));
  return bytes;
}

TEST(ForeignKey, ASubscriptionComesBackAsItWasAndDamagedOnesAreErrors) {
  for (const bool hashed : {true, false}) {
    const Subscription sent{.hash = hashed ? std::optional(row_hash("x")) : std::nullopt,
                            .instruction = Instruction::kAlwaysAnswer,
                            .primary_key = "key",
                            .partition = 7};
    const std::string bytes = written(sent);
    const auto read = subscription_serde().read(bytes, {.topic = "t"});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->hash, sent.hash);
    EXPECT_EQ(read->instruction, sent.instruction);
    EXPECT_EQ(read->primary_key, "key");
    EXPECT_EQ(read->partition, 7);
    const std::size_t least = hashed ? 22 : 6;
    for (std::size_t size = 0; size < least; ++size)
      EXPECT_FALSE(subscription_serde().read(std::string_view(bytes).substr(0, size), {.topic = "t"})) << size;
  }
  std::string later = written({.primary_key = "key"});
  later[0] = static_cast<char>(0x82);
  EXPECT_FALSE(subscription_serde().read(later, {.topic = "t"}));
}

// Writers before Kafka 3.4 did not say the partition.
TEST(ForeignKey, ASubscriptionOfTheFirstVersionHasNoPartition) {
  const auto read = subscription_serde().read(std::string_view("\x80\x03key", 5), {.topic = "t"});
  ASSERT_TRUE(read);
  EXPECT_EQ(read->primary_key, "key");
  EXPECT_EQ(read->partition, -1);
}

TEST(ForeignKey, TheStoreKeepsAllOfOneForeignKeyTogether) {
  const std::string combined = foreign_prefix("ab") + "primary";
  EXPECT_EQ(primary_key_in(combined), "primary");
  EXPECT_TRUE(combined.starts_with(foreign_prefix("ab")));
  EXPECT_FALSE((foreign_prefix("ab") + "c").starts_with(foreign_prefix("a")));
  EXPECT_FALSE(primary_key_in(combined.substr(0, 5)));
}

}  // namespace
}  // namespace thalweg::streams::detail

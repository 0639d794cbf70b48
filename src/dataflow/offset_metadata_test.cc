// Against strings that Kafka Streams 4.3.1 wrote and what it read of them.
#include "dataflow/offset_metadata.h"

#include <gtest/gtest.h>

#include <random>

namespace thalweg::streams::detail {
namespace {

const std::string kStore = "KSTREAM-AGGREGATE-STATE-STORE-0000000001";

TEST(OffsetMetadata, IsByteForByteKafkaStreams) {
  EXPECT_EQ(encode({}), "Av//////////");
  EXPECT_EQ(encode({.partition_time = 1700000000123}), "AgAAAYvP5Wh7");
  EXPECT_EQ(encode({7, {{kStore, 42}}}),
            "AgAAAAAAAAAHAAAAAQAAAChLU1RSRUFNLUFHR1JFR0FURS1TVEFURS1TVE9SRS0wMDAwMDAwMDAxAAAAAAAAACo=");
}

TEST(OffsetMetadata, ReadsWhatKafkaStreamsWrote) {
  EXPECT_EQ(decode_offset_metadata("AgAAAYvP5Wh7"), (OffsetMetadata{1700000000123, {}}));
  // Two entries, in the order of a Java HashMap.
  EXPECT_EQ(
      decode_offset_metadata("AgAAAAAAAAAHAAAAAgAAAAFi//////////8AAAAoS1NUUkVBTS1BR0dSRUdBVEUtU1RBVEUtU1RPUkUtMDAw"
                             "MDAwMDAwMQAAAAAAAAAq"),
      (OffsetMetadata{7, {{"b", -1}, {kStore, 42}}}));
  EXPECT_EQ(decode_offset_metadata("AQAAAAAAAAAH"), (OffsetMetadata{7, {}}));  // version 1
}

TEST(OffsetMetadata, SaysNothingWhereItIsNotOurs) {
  for (const char* text : {"", "not base64!", "AwAAAAAAAAAH", "AgAAAA=="})
    EXPECT_EQ(decode_offset_metadata(text), OffsetMetadata{}) << text;
  // Cut short behind the time: the time counts, as in Kafka Streams.
  EXPECT_EQ(decode_offset_metadata("AgAAAAAAAAAHAAAAAQ=="), (OffsetMetadata{7, {}}));
}

TEST(OffsetMetadata, ComesBackAsItWas) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 1000; ++round) {
    OffsetMetadata metadata{static_cast<std::int64_t>(random()), {}};
    for (auto n = random() % 4; n > 0; --n)
      metadata.kept[std::string(random() % 300, static_cast<char>(random()))] = static_cast<std::int64_t>(random());
    const std::string text = encode(metadata);
    EXPECT_EQ(decode_offset_metadata(text), metadata);
    // Whatever is left of it, or was made of it, is read or says nothing.
    (void)decode_offset_metadata(text.substr(0, random() % (text.size() + 1)));
    std::string changed = text;
    changed[random() % changed.size()] = "AB/+z9"[random() % 6];
    (void)decode_offset_metadata(changed);
  }
}

}  // namespace
}  // namespace thalweg::streams::detail

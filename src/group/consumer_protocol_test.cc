#include "group/consumer_protocol.h"

#include <gtest/gtest.h>

#include "protocol/consumer_protocol_subscription.h"
#include "protocol/wire.h"

namespace thalweg::group {
namespace {

using protocol::ConsumerProtocolSubscription;

SharedBytes subscription(std::int16_t version, const ConsumerProtocolSubscription& value) {
  protocol::Writer writer;
  writer.write(version);
  value.encode(writer, std::min<std::int16_t>(version, ConsumerProtocolSubscription::kMaxVersion));
  return writer.take_bytes();
}

TEST(ConsumerProtocol, ReadsTheTopicsOfEveryVersionAlsoOneNewerThanWeKnow) {
  const ConsumerProtocolSubscription value{.topics = {"b", "a", "b"}, .user_data = SharedBytes::copy_of("x")};
  for (std::int16_t version = 0; version < 6; ++version)
    EXPECT_EQ(subscribed_topics(subscription(version, value)), (std::set<std::string>{"a", "b"})) << version;
}

TEST(ConsumerProtocol, AnythingElseIsNotASubscription) {
  EXPECT_FALSE(subscribed_topics({}));
  EXPECT_FALSE(subscribed_topics(SharedBytes::copy_of("my own assignor's bytes")));
  EXPECT_FALSE(subscribed_topics(SharedBytes::copy_of(std::string_view("\xff\xff\0\0\0\0", 6))));
}

}  // namespace
}  // namespace thalweg::group

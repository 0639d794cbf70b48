// Channels to other nodes, in a simulated network. The peers are brokers.
#include "broker/peer_channels.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "broker/testing.h"
#include "protocol/metadata_request.h"
#include "protocol/metadata_response.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;

class PeerChannelsTest : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kNone);
    node_ = &peer_.world().add_node(
        "other", 1, [this](sim::Node& node) { return std::make_shared<PeerChannels>(node.shard(0), options_); });
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  // The peer is broker 1 at broker:9092.
  void begin() { node_->start(); }
  PeerChannels& channels() { return node_->program<PeerChannels>(); }
  Instant now() { return node_->shard(0).clock.now(); }

  Result<PeerChannels::ChannelPtr> to(PeerKey key, Endpoint endpoint = {"broker", 9092}, Instant within = 10s) {
    auto answer = peer_.world().run(*node_, channels().to(key, std::move(endpoint), now() + within));
    CHECK(answer);
    return std::move(*answer);
  }

  BrokerUnderTest peer_;
  PeerChannelsOptions options_;
  sim::Node* node_ = nullptr;
};

constexpr PeerKey kLive{BrokerId{1}, Purpose::kLiveness}, kForward{BrokerId{1}, Purpose::kForwarding};

TEST_F(PeerChannelsTest, AChannelIsKeptForItsPurpose) {
  begin();
  const auto first = to(kLive);
  ASSERT_TRUE(first);
  EXPECT_EQ(*to(kLive), *first);
  EXPECT_NE(*to(kForward), *first);
  EXPECT_NE(*to({BrokerId{1}, Purpose::kFetch, 1}), *to({BrokerId{1}, Purpose::kFetch, 2}));
}

TEST_F(PeerChannelsTest, ItCarriesRequestsInAVersionThatThePeerSpeaks) {
  begin();
  protocol::MetadataRequest request;
  const auto answer = peer_.world().run(
      *node_, channels().send<protocol::MetadataResponse>(kLive, {"broker", 9092}, request, 13, now() + 5s));
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->brokers.size(), 1u);
}

TEST_F(PeerChannelsTest, ABrokenChannelIsReplaced) {
  begin();
  const auto first = *to(kLive);
  peer_.restart();
  peer_.world().run_for(1s);
  EXPECT_FALSE(first->is_open());
  const auto second = to(kLive);
  ASSERT_TRUE(second);
  EXPECT_NE(*second, first);
}

TEST_F(PeerChannelsTest, WhoAsksWhileItIsConnectedSharesTheAttempt) {
  begin();
  std::vector<std::shared_ptr<std::optional<Result<PeerChannels::ChannelPtr>>>> answers;
  for (int i = 0; i < 5; ++i) {
    answers.push_back(std::make_shared<std::optional<Result<PeerChannels::ChannelPtr>>>());
    spawn(node_->shard(0), [](PeerChannels* channels, Instant deadline, auto into) -> Task<> {
      into->emplace(co_await channels->to(kLive, {"broker", 9092}, deadline));
    }(&channels(), now() + 5s, answers.back()));
  }
  peer_.world().run_for(2s);
  for (const auto& answer : answers) {
    ASSERT_TRUE(*answer && **answer);
    EXPECT_EQ(***answer, ***answers.front());
  }
}

TEST_F(PeerChannelsTest, WhereNobodyListensAttemptsComeFurtherAndFurtherApart) {
  begin();
  const Instant begun = now();
  std::vector<Instant> took;
  for (int i = 0; i < 8; ++i) {
    const Instant before = now();
    EXPECT_EQ(to(kLive, {"broker", 1}).error().code, ErrorCode::kNetworkException);
    took.push_back(now() - before);
  }
  EXPECT_LT(took.front(), 5ms);
  EXPECT_GE(took.back(), 100ms);
  EXPECT_LT(now() - begun, 1s);
  EXPECT_TRUE(to(kLive)) << "another endpoint is another matter";
}

TEST_F(PeerChannelsTest, ADeadlineEndsTheWaitAndNotTheAttempt) {
  begin();
  peer_.world().network.part("other", "broker");
  const Instant begun = now();
  EXPECT_EQ(to(kLive, {"broker", 9092}, 200ms).error().code, ErrorCode::kRequestTimedOut);
  EXPECT_GE(now() - begun, 200ms);
  peer_.world().network.join_all();
  EXPECT_TRUE(to(kLive, {"broker", 9092}, 10s));
}

TEST_F(PeerChannelsTest, SomebodyElseAtTheAddressIsNoPeer) {
  begin();
  const auto wrong = to({BrokerId{3}, Purpose::kLiveness});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kInconsistentClusterId);
  EXPECT_NE(wrong.error().message.find("is not node 3"), std::string::npos) << wrong.error().message;
}

TEST_F(PeerChannelsTest, ANodeOfAnotherClusterIsNoPeer) {
  options_.cluster_id = "another";
  begin();
  EXPECT_EQ(to(kLive).error().code, ErrorCode::kInconsistentClusterId);
}

TEST_F(PeerChannelsTest, WhatIsUnderWayFailsWhenTheNodeIsGivenUp) {
  begin();
  const auto channel = *to(kLive);
  channels().drop(BrokerId{1});
  EXPECT_FALSE(channel->is_open());
  EXPECT_TRUE(to(kLive));
  channels().close();
  EXPECT_EQ(to(kLive).error().code, ErrorCode::kNetworkException);
}

// A peer that takes connections and ends them at once is not asked thousands of times a second.
TEST_F(PeerChannelsTest, AChannelThatBreaksEarlyIsNotReplacedAtOnce) {
  begin();
  int channels_opened = 0;
  const Instant begun = now();
  while (now() - begun < 2s) {
    const auto channel = to(kLive);
    if (channel) {
      ++channels_opened;
      (*channel)->close();
    }
    peer_.world().run_for(1ms);
  }
  EXPECT_LT(channels_opened, 40);
}

}  // namespace
}  // namespace thalweg::broker

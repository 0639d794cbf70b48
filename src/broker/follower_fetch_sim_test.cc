// A broker that leads, as its followers meet it: over a connection, with the real fetcher on the other side, and as raw
// requests where the moment matters.
#include <gtest/gtest.h>

#include <optional>

#include "base/log.h"
#include "broker/broker_shard.h"
#include "broker/controller_link.h"
#include "broker/metadata_publisher.h"
#include "broker/testing.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/fetch_request.h"
#include "protocol/fetch_response.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"
#include "record/builder.h"
#include "replica/partitions.h"
#include "storage/pieces.h"

namespace thalweg::broker {
namespace {

using namespace std::chrono_literals;
constexpr BrokerId kLeader{1}, kFollower{2};

SharedBytes batch_of(int records) {
  record::BatchBuilder builder;
  for (int i = 0; i < records; ++i)
    builder.append({.timestamp = sim::kStartOfTime, .key = as_bytes("k"), .value = as_bytes("v")});
  return builder.build();
}

// The second broker, as far as its partitions go.
class Follower {
 public:
  Follower(sim::Node& node, replica::PartitionKey key, metadata::Partition state, std::int64_t epoch)
      : node_(node), partitions_(node.shard(0), kFollower) {
    replica::ReplicationLinks links;
    links.fetch.self = kFollower;
    links.fetch.connect = [&node](BrokerId, replica::Lane, Instant deadline) {
      return network::Channel::connect(node.shard(0), {"broker", 9092}, deadline);
    };
    links.fetch.broker_epoch = [epoch] { return epoch; };
    partitions_.start_replication(std::move(links));
    spawn(node.shard(0), open(key, std::move(state)));
  }
  storage::Log* log(const replica::PartitionKey& key) {
    const auto partition = partitions_.find(key);
    return partition ? &partition->log() : nullptr;
  }
  replica::Partitions& partitions() { return partitions_; }

 private:
  Task<> open(replica::PartitionKey key, metadata::Partition state) {
    auto log = co_await storage::Log::open(
        node_.shard(0),
        {.directory = "/data/orders-0", .partition = {"orders", key.partition}, .topic_id = key.topic_id});
    CHECK(log);
    partitions_.host(key, *log, std::move(state));
  }
  sim::Node& node_;
  replica::Partitions partitions_;
};

class FollowerFetch : public ::testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kError);
    register_follower();
    create_topic();
    follower_ = &broker_.world().add_node(
        "follower", 1, [this](sim::Node& node) { return std::make_shared<Follower>(node, key(), state(), epoch_); });
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  template <class Response, class Request>
  Response ask_controller(Request request, std::int16_t version) {
    auto answer = broker_.world().run(broker_.node(), broker_.broker().controller().ask<Response>(
                                                          std::move(request), version, broker_.world().now() + 5s));
    CHECK(answer && *answer);
    return std::move(**answer);
  }
  void register_follower() {
    protocol::BrokerRegistrationRequest request;
    request.broker_id = kFollower;
    request.cluster_id = image()->cluster_id();
    request.incarnation_id = {7, 7};
    request.listeners.push_back({"PLAINTEXT", "follower", 9092, 0});
    for (const auto& [feature, level] : image()->features()) request.features.push_back({feature, 0, 100});
    const auto registered = ask_controller<protocol::BrokerRegistrationResponse>(request, 4);
    ASSERT_EQ(registered.error_code, ErrorCode::kNone);
    epoch_ = registered.broker_epoch;
    protocol::BrokerHeartbeatRequest beat;
    beat.broker_id = kFollower;
    beat.broker_epoch = epoch_;
    beat.current_metadata_offset = broker_.broker().publisher().published().value();
    EXPECT_FALSE(ask_controller<protocol::BrokerHeartbeatResponse>(beat, 1).is_fenced);
  }
  void create_topic() {
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = "orders";
    topic.num_partitions = topic.replication_factor = -1;
    topic.assignments.push_back({PartitionId{0}, {kLeader, kFollower}});
    topic.configs.push_back({"min.insync.replicas", "2"});
    ASSERT_EQ(broker_.ask<protocol::CreateTopicsResponse>(request).topics[0].error_code, ErrorCode::kNone);
  }
  auto produce(int records) {
    protocol::ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 20'000;
    auto& topic = request.topic_data.emplace_back();
    topic.name = "orders";
    topic.topic_id = key().topic_id;
    topic.partition_data.emplace_back().records = batch_of(records);
    return broker_.begin<protocol::ProduceResponse>(request);
  }

  metadata::ImagePtr image() { return broker_.broker().shards().front()->image(); }
  const metadata::Partition& state() { return *image()->partition("orders", PartitionId{0}); }
  replica::PartitionKey key() { return {image()->topic(std::string_view("orders"))->id, PartitionId{0}}; }
  Follower& follower() { return follower_->program<Follower>(); }
  replica::Partition& leader() { return *broker_.broker().owner_of(key()).partitions.find(key()); }
  bool until(const std::function<bool()>& done, Instant within = 5s) { return broker_.world().run_until(done, within); }

  // Nobody speaks for the follower.
  BrokerUnderTest broker_{{{"broker.session.timeout.ms", "600000"}, {"thalweg.broker.silence.ms", "600000"}}};
  sim::Node* follower_ = nullptr;
  std::int64_t epoch_ = -1;
};

TEST_F(FollowerFetch, AWriteIsAcknowledgedOnceItIsOnTheFollowersDisk) {
  ASSERT_EQ(state().isr, (std::vector{kLeader, kFollower}));
  const auto written = produce(3);
  broker_.world().run_for(1s);
  EXPECT_FALSE(written->has_value()) << "nobody has it but the leader";
  EXPECT_EQ(leader().high_watermark().value(), Offset{0});
  follower_->start();
  ASSERT_TRUE(until([&] { return written->has_value(); }));
  EXPECT_EQ(broker_.wait_for(written).responses[0].partition_responses[0].error_code, ErrorCode::kNone);
  EXPECT_GE(follower().log(key())->durable().value(), Offset{3});
  // The high watermark comes with the next answer.
  ASSERT_TRUE(until([&] { return follower().log(key())->high_watermark() == Offset{3}; }));
  EXPECT_EQ(follower().log(key())->latest_epoch(), state().leader_epoch);

  // From now on a fetch waits at the leader, and a write costs two hops and a sync.
  broker_.world().run_for(1s);
  const Instant begun = broker_.world().now();
  const auto next = produce(1);
  ASSERT_TRUE(until([&] { return next->has_value(); }));
  EXPECT_LT(broker_.world().now() - begun, 200ms) << "not when the wait at the leader is over";
}

TEST_F(FollowerFetch, ASilentFollowerLeavesTheInSyncReplicasAndComesBack) {
  follower_->start();
  const auto first = produce(3);
  ASSERT_TRUE(until([&] { return first->has_value(); }));
  follower_->crash(sim::Crash::kPowerLoss);
  ASSERT_TRUE(until([&] { return state().isr.size() == 1; })) << "after two seconds without a fetch";
  EXPECT_EQ(state().eligible_leader_replicas, std::vector{kFollower}) << "it has all that was acknowledged";
  follower_->start();
  ASSERT_TRUE(until([&] { return state().isr.size() == 2; }, 10s));
  const auto second = produce(2);
  ASSERT_TRUE(until([&] { return second->has_value(); }));
  EXPECT_EQ(broker_.wait_for(second).responses[0].partition_responses[0].error_code, ErrorCode::kNone);
  EXPECT_EQ(follower().log(key())->end_offset(), Offset{5});
}

// ---- Raw fetches

class RawFollowerFetch : public FollowerFetch {
 protected:
  void SetUp() override {
    FollowerFetch::SetUp();
    channel_ = *broker_.connect();
  }
  using Answer = std::shared_ptr<std::optional<Result<protocol::FetchResponse>>>;
  static Task<> keep(ChannelPtr channel, protocol::FetchRequest request, Instant deadline, Answer answer) {
    answer->emplace(co_await channel->send<protocol::FetchResponse>(std::move(request), std::int16_t{18}, deadline));
  }
  Answer fetch(protocol::FetchRequest request) {
    request.replica_state = {kFollower, epoch_};
    request.max_wait_ms = 30'000;
    request.min_bytes = 1;
    auto answer = std::make_shared<std::optional<Result<protocol::FetchResponse>>>();
    spawn(broker_.client().shard(0), keep(channel_, std::move(request), broker_.world().now() + 60s, answer));
    return answer;
  }
  protocol::FetchRequest asking(std::int64_t position, std::int64_t claim) {
    protocol::FetchRequest request;
    auto& topic = request.topics.emplace_back();
    topic.topic_id = key().topic_id;
    auto& partition = topic.partitions.emplace_back();
    partition.current_leader_epoch = state().leader_epoch;
    partition.fetch_offset = Offset{position};
    if (position > 0) partition.last_fetched_epoch = state().leader_epoch;
    partition.partition_max_bytes = 1 << 20;
    partition.durable_end_offset = Offset{claim};
    return request;
  }
  const protocol::FetchResponse& value(const Answer& answer) { return ***answer; }
  ChannelPtr channel_;
};

TEST_F(RawFollowerFetch, WhatItHasInMemoryOnlyDoesNotCount) {
  auto request = asking(0, 0);
  request.session_epoch = 0;
  const auto opened = fetch(request);
  const auto written = produce(3);
  ASSERT_TRUE(until([&] { return opened->has_value(); }));
  EXPECT_GT(size_of(*value(opened).responses.at(0).partitions.at(0).records), 0u);
  const std::int32_t session = value(opened).session_id;
  EXPECT_GT(session, 0);

  auto next = asking(3, 1);
  next.session_id = session;
  next.session_epoch = 1;
  const auto parked = fetch(next);
  broker_.world().run_for(1s);
  EXPECT_FALSE(parked->has_value());
  EXPECT_EQ(leader().high_watermark().value(), Offset{1});
  EXPECT_FALSE(written->has_value());

  // The claim comes by a second fetch, which ends the wait of the first.
  auto claim = asking(3, 3);
  claim.session_id = session;
  claim.session_epoch = 2;
  const Instant begun = broker_.world().now();
  const auto second = fetch(claim);
  ASSERT_TRUE(until([&] { return parked->has_value() && written->has_value(); }));
  EXPECT_LT(broker_.world().now() - begun, 200ms);
  EXPECT_EQ(value(parked).error_code, ErrorCode::kNone);
  EXPECT_FALSE(second->has_value()) << "it waits in the first one's place";
  EXPECT_EQ(leader().high_watermark().value(), Offset{3});
}

TEST_F(RawFollowerFetch, WhatWakesItIsNoSignOfLife) {
  auto request = asking(0, 0);
  request.session_epoch = 0;
  const auto parked = fetch(request);
  // Writers go on, and the follower, which never asks again, is put out all the same.
  const auto written = produce(1);
  ASSERT_TRUE(until([&] { return parked->has_value(); }));
  ASSERT_TRUE(until([&] { return state().isr.size() == 1; }, 3s));
}

TEST_F(RawFollowerFetch, WhoIsNoFollowerSeesNothingUncommitted) {
  const auto written = produce(3);
  broker_.world().run_for(100ms);
  auto request = asking(0, 0);
  request.replica_state = {BrokerId{9}, 5};
  request.session_epoch = -1;
  const auto answer = broker_.try_ask<protocol::FetchResponse>(channel_, request, 18);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->responses.at(0).partitions.at(0).error_code, ErrorCode::kNotLeaderOrFollower);
}

TEST_F(RawFollowerFetch, AnOldProcessIsNotHeard) {
  auto request = asking(0, 0);
  request.session_epoch = -1;
  fetch(request);
  const auto written = produce(3);
  broker_.world().run_for(100ms);
  auto claims = asking(3, 3);
  claims.session_epoch = -1;
  claims.replica_state = {kFollower, epoch_ - 1};
  (void)broker_.try_ask<protocol::FetchResponse>(*broker_.connect(), claims, 18);
  EXPECT_EQ(leader().high_watermark().value(), Offset{0});
}

}  // namespace
}  // namespace thalweg::broker

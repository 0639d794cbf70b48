// A broker that leads, and a second one that has nothing but a replica of what it leads, with the real fetcher. Topic
// orders has one partition, on both, with a min.insync.replicas of 2. For tests of this module.
#pragma once

#include <gtest/gtest.h>

#include "base/log.h"
#include "broker/broker_shard.h"
#include "broker/controller_link.h"
#include "broker/metadata_publisher.h"
#include "broker/testing.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"
#include "record/builder.h"
#include "replica/partitions.h"

namespace thalweg::broker {

constexpr BrokerId kLeader{1}, kFollower{2};

inline SharedBytes batch_of(int records) {
  record::BatchBuilder builder;
  for (int i = 0; i < records; ++i)
    builder.append({.timestamp = sim::kStartOfTime, .key = as_bytes("k"), .value = as_bytes("v")});
  return builder.build();
}

// The second broker, as far as its partitions go.
class Follower {
 public:
  Follower(sim::Node& node, replica::PartitionKey key, metadata::Partition state, std::int64_t epoch,
           replica::ReplicationLinks links = {}, storage::LogConfig config = {})
      : node_(node), partitions_(node.shard(0), kFollower) {
    links.fetch.self = kFollower;
    links.fetch.connect = [&node](BrokerId, replica::Lane, Instant deadline) {
      return network::Channel::connect(node.shard(0), {"broker", 9092}, deadline);
    };
    links.fetch.broker_epoch = [epoch] { return epoch; };
    partitions_.start_replication(std::move(links));
    spawn(node.shard(0), open(key, std::move(state), std::move(config)));
  }
  storage::Log* log(const replica::PartitionKey& key) {
    const auto partition = partitions_.find(key);
    return partition ? &partition->log() : nullptr;
  }
  replica::Partitions& partitions() { return partitions_; }

 private:
  Task<> open(replica::PartitionKey key, metadata::Partition state, storage::LogConfig config) {
    auto log = co_await storage::Log::open(node_.shard(0), {.directory = "/data/orders-0",
                                                            .partition = {"orders", key.partition},
                                                            .topic_id = key.topic_id,
                                                            .config = std::move(config)});
    CHECK(log);
    partitions_.host(key, *log, std::move(state));
  }
  sim::Node& node_;
  replica::Partitions partitions_;
};

// A leader with a topic, and a follower that a test starts; before, it is silent.
class WithFollower : public ::testing::Test {
 protected:
  // `more`: properties of the leader. The follower is in rack south.
  explicit WithFollower(config::Properties more = {}) : broker_(with(std::move(more))) {}
  static config::Properties with(config::Properties more) {
    more["broker.session.timeout.ms"] = more["thalweg.broker.silence.ms"] = "600000";
    return more;
  }
  void SetUp() override {
    log::set_level(log::Level::kError);
    register_follower();
    create_topic();
    follower_ = &broker_.world().add_node("follower", 1, [this](sim::Node& node) {
      return std::make_shared<Follower>(node, key(), state(), epoch_, links_of_follower(node), config_of_follower());
    });
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  // What the follower's links have beside the way to its leader.
  virtual replica::ReplicationLinks links_of_follower(sim::Node&) { return {}; }
  virtual storage::LogConfig config_of_follower() { return {}; }

  template <class Response, class Request>
  Response ask_controller(Request request, std::int16_t version) {
    auto answer = broker_.world().run(
        broker_.node(), broker_.broker().controller().ask<Response>(std::move(request), version,
                                                                    broker_.world().now() + std::chrono::seconds(5)));
    CHECK(answer && *answer);
    return std::move(**answer);
  }
  void register_follower() {
    protocol::BrokerRegistrationRequest request;
    request.broker_id = kFollower;
    request.cluster_id = image()->cluster_id();
    request.incarnation_id = {7, 7};
    request.rack = "south";
    request.log_dirs = {Uuid{7, 1}};
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
  BrokerUnderTest::Pending<protocol::ProduceResponse> produce(int records) { return produce(batch_of(records)); }
  BrokerUnderTest::Pending<protocol::ProduceResponse> produce(SharedBytes batch, std::int16_t acks = -1) {
    protocol::ProduceRequest request;
    request.acks = acks;
    request.timeout_ms = 20'000;
    auto& topic = request.topic_data.emplace_back();
    topic.name = "orders";
    topic.topic_id = key().topic_id;
    topic.partition_data.emplace_back().records = std::move(batch);
    return broker_.begin<protocol::ProduceResponse>(request);
  }

  metadata::ImagePtr image() { return broker_.broker().shards().front()->image(); }
  const metadata::Partition& state() { return *image()->partition("orders", PartitionId{0}); }
  replica::PartitionKey key() { return {image()->topic(std::string_view("orders"))->id, PartitionId{0}}; }
  Follower& follower() { return follower_->program<Follower>(); }
  replica::Partition& leader() { return *broker_.broker().owner_of(key()).partitions.find(key()); }
  bool until(const std::function<bool()>& done, Instant within = std::chrono::seconds(5)) {
    return broker_.world().run_until(done, within);
  }

  // Nobody speaks for the follower.
  BrokerUnderTest broker_;
  sim::Node* follower_ = nullptr;
  std::int64_t epoch_ = -1;
};

}  // namespace thalweg::broker

// What a broker counts of what clients do, gathered from all its shards.
#include <gmock/gmock.h>

#include "broker/testing.h"
#include "metrics/families.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/delete_topics_request.h"
#include "protocol/delete_topics_response.h"
#include "protocol/fetch_request.h"
#include "protocol/fetch_response.h"
#include "protocol/find_coordinator_request.h"
#include "protocol/find_coordinator_response.h"
#include "protocol/offset_commit_request.h"
#include "protocol/offset_commit_response.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"
#include "record/builder.h"

namespace thalweg::broker {
namespace {

using namespace std::chrono_literals;

class BrokerMetrics : public ::testing::Test {
 protected:
  void create(const std::string& name, std::int32_t partitions) {
    ASSERT_EQ(b.ask<protocol::CreateTopicsResponse>(creation_of(name, partitions)).topics.at(0).error_code,
              ErrorCode::kNone);
  }
  static SharedBytes batch(int records) {
    record::BatchBuilder builder;
    for (int i = 0; i < records; ++i) builder.append({.timestamp = 1'700'000'000'000, .value = as_bytes("a value")});
    return builder.build();
  }
  static protocol::ProduceRequest produce_request(const std::string& topic, std::int32_t partition, SharedBytes batch) {
    protocol::ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 1000;
    auto& data = request.topic_data.emplace_back();
    data.name = topic;
    data.partition_data.push_back({PartitionId{partition}, std::move(batch)});
    return request;
  }
  ErrorCode produce(const std::string& topic, std::int32_t partition, SharedBytes batch) {
    const auto response =
        b.ask<protocol::ProduceResponse>(produce_request(topic, partition, std::move(batch)), std::int16_t{9});
    return response.responses.at(0).partition_responses.at(0).error_code;
  }
  static protocol::FetchRequest fetch_request(const std::string& topic, std::int32_t partitions, Offset from = {0}) {
    protocol::FetchRequest request;
    request.max_bytes = 1 << 20;
    request.min_bytes = 1;
    auto& asked = request.topics.emplace_back();
    asked.topic = topic;
    for (std::int32_t i = 0; i < partitions; ++i) {
      auto& partition = asked.partitions.emplace_back();
      partition.partition = PartitionId{i};
      partition.fetch_offset = from;
      partition.partition_max_bytes = 1 << 20;
    }
    return request;
  }
  auto fetch(const std::string& topic, std::int32_t partitions) {
    return b.ask<protocol::FetchResponse>(fetch_request(topic, partitions), std::int16_t{12});
  }

  static const TopicCounts* find(const MetricsSnapshot& in, std::string_view topic) {
    for (const auto& row : in.topics())
      if (row.topic == topic) return &row.counts;
    return nullptr;
  }
  static std::uint64_t errors(const MetricsSnapshot& in, const std::string& request, const std::string& error) {
    const auto* value = in.find(family::kRequestErrors, {request, error});
    return value ? std::get<std::uint64_t>(*value) : 0;
  }
  static std::int64_t gauge(const MetricsSnapshot& in, const MetricFamily& family, const MetricLabels& labels = {}) {
    return std::get<std::int64_t>(*in.find(family, labels));
  }

  BrokerUnderTest b;
};

TEST_F(BrokerMetrics, ExactlyTheRecordsThatWereProducedAndFetchedAreCounted) {
  create("orders", 8);  // on both shards
  create("users", 1);
  std::uint64_t bytes = 0, records = 0;
  for (int i = 0; i < 24; ++i) {
    const auto sent = batch(i + 1);
    ASSERT_EQ(produce("orders", i % 8, sent), ErrorCode::kNone);
    bytes += sent.size();
    records += std::uint64_t(i) + 1;
  }
  ASSERT_EQ(produce("users", 0, batch(5)), ErrorCode::kNone);
  for (int times = 0; times < 2; ++times) fetch("orders", 8);
  const auto all = b.metrics();
  const TopicCounts* orders = find(all, "orders");
  ASSERT_TRUE(orders);
  EXPECT_EQ(orders->records_in, records);
  EXPECT_EQ(orders->bytes_in, bytes);
  EXPECT_EQ(orders->records_out, 2 * records);
  EXPECT_EQ(orders->bytes_out, 2 * bytes);
  EXPECT_EQ(orders->produce_requests, 24u);
  EXPECT_EQ(orders->fetch_requests, 16u);
  EXPECT_EQ(orders->produce_failures, 0u);
  EXPECT_EQ(find(all, "users")->records_in, 5u);
  EXPECT_EQ(find(all, "users")->records_out, 0u);
  EXPECT_EQ(all.all_topics().records_in, records + 5);
  EXPECT_EQ(std::get<std::uint64_t>(*all.find(family::kRequests, {"Produce", "9"})), 25u);
  EXPECT_EQ(std::get<std::uint64_t>(*all.find(family::kRequests, {"FetchConsumer", "12"})), 2u);
  EXPECT_EQ(all.find(family::kRequests, {"FetchFollower", "12"}), nullptr);
  EXPECT_EQ(errors(all, "Produce", "NONE"), 25u);
  EXPECT_EQ(errors(all, "Fetch", "NONE"), 2u * (1 + 8)) << "of the whole and of each partition";
}

TEST_F(BrokerMetrics, EveryErrorInAResponseIsCounted) {
  create("orders", 1);
  auto request = produce_request("orders", 0, batch(1));
  request.topic_data[0].partition_data.push_back({PartitionId{7}, batch(1)});
  request.topic_data[0].partition_data.push_back({PartitionId{8}, batch(1)});
  b.ask<protocol::ProduceResponse>(request, std::int16_t{9});
  EXPECT_EQ(errors(b.metrics(), "Produce", "NONE"), 1u);
  EXPECT_EQ(errors(b.metrics(), "Produce", "UNKNOWN_TOPIC_OR_PARTITION"), 2u);
}

TEST_F(BrokerMetrics, ErrorsThatNobodyIsToldOfAreCountedToo) {
  create("orders", 1);
  auto request = produce_request("orders", 0, batch(1));
  request.acks = 0;
  request.topic_data[0].partition_data.push_back({PartitionId{7}, batch(1)});
  const auto channel = b.connect();
  ASSERT_TRUE(channel);
  const auto answer = b.try_ask<protocol::ProduceResponse>(*channel, request, std::int16_t{9});
  EXPECT_EQ(answer.error().code, ErrorCode::kNetworkException) << "it is closed";
  EXPECT_EQ(errors(b.metrics(), "Produce", "NONE"), 1u);
  EXPECT_EQ(errors(b.metrics(), "Produce", "UNKNOWN_TOPIC_OR_PARTITION"), 1u);
  EXPECT_EQ(find(b.metrics(), "orders")->records_in, 1u);
}

TEST_F(BrokerMetrics, ABatchThatIsNotSoundFailsForItsTopic) {
  create("orders", 1);
  record::BatchBuilder control({.control = true});
  control.append({.timestamp = 1, .value = as_bytes("not from a client")});
  EXPECT_NE(produce("orders", 0, control.build()), ErrorCode::kNone);
  EXPECT_EQ(find(b.metrics(), "orders")->produce_failures, 1u);
  EXPECT_EQ(find(b.metrics(), "orders")->records_in, 0u);
}

TEST_F(BrokerMetrics, ADeletedTopicTakesItsSeriesAlong) {
  create("orders", 8);
  create("users", 1);
  ASSERT_EQ(produce("orders", 0, batch(3)), ErrorCode::kNone);
  fetch("orders", 8);
  ASSERT_TRUE(find(b.metrics(), "orders"));
  protocol::DeleteTopicsRequest request;
  request.topics.emplace_back().name = "orders";
  ASSERT_EQ(b.ask<protocol::DeleteTopicsResponse>(request).responses.at(0).error_code, ErrorCode::kNone);
  EXPECT_FALSE(find(b.metrics(), "orders"));
  EXPECT_TRUE(find(b.metrics(), "users"));
  EXPECT_EQ(b.metrics().all_topics().records_in, 3u);
  create("orders", 1);
  EXPECT_EQ(find(b.metrics(), "orders")->records_in, 0u);
}

TEST_F(BrokerMetrics, ALongPollIsWaitingAndNoWork) {
  create("orders", 1);
  auto request = fetch_request("orders", 1);
  request.max_wait_ms = 3000;
  b.ask<protocol::FetchResponse>(request, std::int16_t{12});
  const auto all = b.metrics();
  const auto sum = [&](const MetricFamily& family) {
    return double(std::get<Histogram>(*all.find(family, {"FetchConsumer"})).sum()) * family.unit;
  };
  EXPECT_GE(sum(family::kRemoteTime), 2990);
  EXPECT_LT(sum(family::kLocalTime), 10);
  EXPECT_GE(sum(family::kTotalTime), 3000);
}

TEST_F(BrokerMetrics, WhatNeedNotBeCountedIsLookedAt) {
  create("orders", 8);
  const auto all = b.metrics();
  EXPECT_EQ(gauge(all, family::kPartitions), 8);
  EXPECT_EQ(gauge(all, family::kLeaders), 8);
  EXPECT_EQ(gauge(all, family::kAtMinIsr), 8);
  EXPECT_EQ(gauge(all, family::kUnderReplicated), 0);
  EXPECT_EQ(gauge(all, family::kOfflineReplicas), 0);
  EXPECT_EQ(gauge(all, family::kActiveControllers), 1);
  EXPECT_EQ(gauge(all, family::kTopics), 1);
  EXPECT_EQ(gauge(all, family::kClusterPartitions), 8);
  EXPECT_EQ(gauge(all, family::kOfflinePartitions), 0);
  EXPECT_EQ(gauge(all, family::kActiveBrokers), 1);
  EXPECT_EQ(gauge(all, family::kMemoryUsed, {"shard"}), 0);
  EXPECT_EQ(gauge(all, family::kMemoryWaiting, {"large_requests"}), 0);
  EXPECT_GT(gauge(all, family::kMemoryLimit, {"shard"}), 1 << 20);
}

TEST_F(BrokerMetrics, GroupsAreToldByState) {
  protocol::FindCoordinatorRequest find_coordinator;
  find_coordinator.coordinator_keys = {"readers"};
  b.ask<protocol::FindCoordinatorResponse>(find_coordinator);
  protocol::OffsetCommitRequest commit;
  commit.group_id = "readers";
  create("orders", 1);
  auto& topic = commit.topics.emplace_back();
  topic.name = "orders";
  topic.partitions.emplace_back().committed_offset = Offset{5};
  const auto committed = b.ask<protocol::OffsetCommitResponse>(commit, std::int16_t{8});
  ASSERT_EQ(committed.topics.at(0).partitions.at(0).error_code, ErrorCode::kNone);
  const auto all = b.metrics();
  EXPECT_EQ(gauge(all, family::kGroups), 1);
  EXPECT_EQ(gauge(all, family::kGroupsEmpty), 1);
  EXPECT_EQ(gauge(all, family::kGroupsStable), 0);
  EXPECT_EQ(find(all, "__consumer_offsets")->records_in, 1u) << "a coordinator's appends are counted, as in Kafka";
}

// Whatever is told has its row in the table that pages are made from.
TEST_F(BrokerMetrics, AreAllInTheTable) {
  create("orders", 1);
  ASSERT_EQ(produce("orders", 0, batch(3)), ErrorCode::kNone);
  fetch("orders", 1);
  b.metrics().for_each([](const MetricFamily& family, std::span<const std::string>, const MetricsSnapshot::Value&) {
    EXPECT_THAT(family::all(), ::testing::Contains(&family)) << family.name;
  });
}

}  // namespace
}  // namespace thalweg::broker

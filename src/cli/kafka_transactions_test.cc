// kafka-transactions against a cluster that a test arranges. Whole outputs are in
// tests/interop/golden/transactions.txt.
#include <gtest/gtest.h>

#include "cli/testing_cluster.h"
#include "protocol/describe_producers_request.h"
#include "protocol/describe_producers_response.h"
#include "protocol/describe_transactions_request.h"
#include "protocol/describe_transactions_response.h"
#include "protocol/find_coordinator_request.h"
#include "protocol/find_coordinator_response.h"
#include "protocol/list_transactions_request.h"
#include "protocol/list_transactions_response.h"
#include "protocol/write_txn_markers_request.h"
#include "protocol/write_txn_markers_response.h"

namespace thalweg::cli {
namespace {
using namespace protocol;

Task<Ran> transactions(const Shard* shard, FakeCluster& cluster, Arguments arguments) {
  arguments.insert(arguments.end(), {"--bootstrap-server", to_string(cluster.broker.endpoint)});
  co_return co_await cluster.run(shard, find_tool("kafka-transactions"), std::move(arguments));
}

// Broker 1 leads orders-0.
void serve_leader(FakeCluster& cluster) {
  cluster.broker.on<MetadataRequest, MetadataResponse>([&cluster](const auto&) {
    MetadataResponse response;
    const auto& at = cluster.broker.endpoint;
    for (const int id : {1, 2, 3})
      response.brokers.push_back({.node_id = {id}, .host = at.host, .port = at.port, .rack = {}});
    auto& topic = response.topics.emplace_back();
    topic.name = "orders";
    auto& partition = topic.partitions.emplace_back();
    partition.partition_index = PartitionId{0};
    partition.leader_id = BrokerId{1};
    return response;
  });
}

// One producer with a transaction from offset 40 on, silent since 1970; the first questions meet a leader that moves.
void serve_producer(FakeCluster& cluster, int& errors_left) {
  serve_leader(cluster);
  cluster.broker.on<DescribeProducersRequest, DescribeProducersResponse>([&errors_left](const auto& request) {
    DescribeProducersResponse response;
    for (const auto& topic : request.topics) {
      auto& answered = response.topics.emplace_back();
      answered.name = topic.name;
      for (const auto partition : topic.partition_indexes) {
        auto& p = answered.partitions.emplace_back();
        p.partition_index = partition;
        if (errors_left > 0)
          p.error_code = ErrorCode::kNotLeaderOrFollower;
        else
          p.active_producers.push_back({ProducerId{7}, 3, 9, 1000, -1, Offset{40}});
      }
    }
    if (errors_left > 0) --errors_left;
    return response;
  });
}

// A coordinator that has the producer's transaction open, with these partitions.
void serve_coordinator(FakeCluster& cluster, const std::vector<PartitionId>& holds) {
  cluster.broker.on<FindCoordinatorRequest, FindCoordinatorResponse>([&cluster](const auto& request) {
    EXPECT_EQ(request.key_type, 1);
    FindCoordinatorResponse response;
    response.coordinators.push_back({request.coordinator_keys[0], BrokerId{1}, cluster.broker.endpoint.host,
                                     cluster.broker.endpoint.port, ErrorCode::kNone, std::nullopt});
    return response;
  });
  cluster.broker.on<ListTransactionsRequest, ListTransactionsResponse>([](const auto& request) {
    EXPECT_EQ(request.producer_id_filters, (std::vector{ProducerId{7}}));
    ListTransactionsResponse response;
    response.transaction_states.push_back({"tx", ProducerId{7}, "Ongoing"});
    return response;
  });
  cluster.broker.on<DescribeTransactionsRequest, DescribeTransactionsResponse>([&holds](const auto&) {
    DescribeTransactionsResponse response;
    auto& state = response.transaction_states.emplace_back();
    state.transactional_id = "tx";
    state.producer_id = ProducerId{7};
    if (!holds.empty()) state.topics.push_back({"orders", holds});
    return response;
  });
}

TEST(KafkaTransactions, WhatACoordinatorHasOpenDoesNotHang) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    int errors_left = 1;
    std::vector<PartitionId> holds;
    serve_producer(cluster, errors_left);
    serve_coordinator(cluster, holds);
    const Arguments asked{"find-hanging", "--topic", "orders", "--partition", "0"};
    const auto hanging = co_await transactions(shard, cluster, asked);
    EXPECT_NE(hanging.out.find(
                  "orders\t0        \t7         \t3            \t-1              \t40         \t1000         \t"),
              std::string::npos)
        << hanging.out << hanging.err;
    holds = {PartitionId{0}};
    const auto open = co_await transactions(shard, cluster, asked);
    EXPECT_EQ(open.out.find("orders\t"), std::string::npos) << open.out << open.err;
    EXPECT_EQ(open.code, 0);
  });
}

TEST(KafkaTransactions, AbortsByTheProducerThatBeganThere) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    int errors_left = 0;
    serve_producer(cluster, errors_left);
    std::optional<WriteTxnMarkersRequest> asked;
    auto answered = ErrorCode::kNone;
    cluster.broker.on<WriteTxnMarkersRequest, WriteTxnMarkersResponse>([&](const auto& request) {
      asked = request;
      WriteTxnMarkersResponse response;
      response.markers.push_back({ProducerId{7}, {{"orders", {{PartitionId{0}, answered}}}}});
      return response;
    });
    const Arguments aborting{"abort", "--topic", "orders", "--partition", "0", "--start-offset", "40"};
    const auto done = co_await transactions(shard, cluster, aborting);
    EXPECT_EQ(done.code, 0) << done.err;
    CHECK(asked);
    const auto& marker = asked->markers[0];
    EXPECT_EQ(marker.producer_id, ProducerId{7});
    EXPECT_EQ(marker.producer_epoch, ProducerEpoch{3});
    EXPECT_EQ(marker.coordinator_epoch, 0) << "none is known, and no broker takes one below 0";
    EXPECT_FALSE(marker.transaction_result);
    answered = ErrorCode::kTransactionCoordinatorFenced;
    const auto refused = co_await transactions(shard, cluster, aborting);
    EXPECT_EQ(refused.code, 1);
    EXPECT_TRUE(
        refused.err.starts_with("Failed to abort transaction AbortTransactionSpec(topicPartition=orders-0, "
                                "producerId=7, producerEpoch=3, coordinatorEpoch=0): "))
        << refused.err;
  });
}

TEST(KafkaTransactions, AnOptionOfAnotherCommandIsRefused) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    const auto ran = co_await transactions(shard, cluster, {"list", "--topic", "orders"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_NE(ran.err.find("error: unrecognized arguments: '--topic'"), std::string::npos) << ran.err;
    const auto missing = co_await transactions(shard, cluster, {"describe"});
    EXPECT_NE(missing.err.find("error: argument --transactional-id is required"), std::string::npos) << missing.err;
  });
}

}  // namespace
}  // namespace thalweg::cli

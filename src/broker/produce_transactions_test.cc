// Batches of transactions at the leader of their partition, with a coordinator on another broker: who is asked when,
// what becomes of its answers, and how transactions end.
#include <gtest/gtest.h>

#include "broker/testing_coordinator.h"
#include "protocol/describe_producers_request.h"
#include "protocol/describe_producers_response.h"
#include "protocol/fetch_request.h"
#include "protocol/fetch_response.h"
#include "protocol/incremental_alter_configs_request.h"
#include "protocol/incremental_alter_configs_response.h"
#include "protocol/list_offsets_request.h"
#include "protocol/list_offsets_response.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"
#include "protocol/write_txn_markers_request.h"
#include "protocol/write_txn_markers_response.h"
#include "record/builder.h"

namespace thalweg::broker {
namespace {

using namespace std::chrono_literals;
using protocol::ProduceRequest;
using protocol::ProduceResponse;

constexpr ProducerId kProducer{41};

struct Data {
  std::int32_t sequence = 0;
  std::vector<int> partitions = {0};
  bool transactional = true;
  ProducerEpoch epoch{0};
};

class ProduceTransactions : public WithCoordinator {
 protected:
  explicit ProduceTransactions(config::Properties more = {}) : WithCoordinator(std::move(more)) {}

  static SharedBytes batch_of(const Data& data, ProducerId producer = kProducer) {
    record::BatchBuilder builder({.producer_id = producer,
                                  .producer_epoch = data.epoch,
                                  .base_sequence = data.sequence,
                                  .transactional = data.transactional});
    builder.append({.timestamp = sim::kStartOfTime, .key = as_bytes("k"), .value = as_bytes("v")});
    return builder.build();
  }
  ProduceRequest request_of(const Data& data) {
    ProduceRequest request;
    if (data.transactional) request.transactional_id = "payments";
    request.acks = -1;
    request.timeout_ms = 20'000;
    auto& topic = request.topic_data.emplace_back();
    topic.name = "orders";
    topic.topic_id = image()->topic(std::string_view("orders"))->id;
    for (const int partition : data.partitions)
      topic.partition_data.push_back({.index = PartitionId{partition}, .records = batch_of(data)});
    return request;
  }
  ErrorCode produce(const Data& data, std::int16_t version = 12) {
    return code_of(broker_.ask<ProduceResponse>(request_of(data), version));
  }
  static ErrorCode code_of(const ProduceResponse& response) {
    return response.responses.at(0).partition_responses.at(0).error_code;
  }
  std::size_t questions() { return coordinator().asked.size(); }

  ErrorCode end(bool commit, ProducerEpoch epoch, int transaction_version = 0, int partition = 0,
                const std::string& topic = "orders") {
    protocol::WriteTxnMarkersRequest request;
    auto& marker = request.markers.emplace_back();
    marker.producer_id = kProducer;
    marker.producer_epoch = epoch;
    marker.transaction_result = commit;
    marker.transaction_version = static_cast<std::int8_t>(transaction_version);
    marker.topics.push_back({.name = topic, .partition_indexes = {PartitionId{partition}}});
    const auto response = broker_.ask<protocol::WriteTxnMarkersResponse>(request);
    EXPECT_EQ(response.markers.at(0).producer_id, kProducer);
    return response.markers.at(0).topics.at(0).partitions.at(0).error_code;
  }
  // Where readers stop that see what is committed, or all.
  Offset end_for(bool committed) {
    protocol::ListOffsetsRequest request;
    request.replica_id = kNoBroker;
    request.isolation_level = committed ? 1 : 0;
    auto& topic = request.topics.emplace_back();
    topic.name = "orders";
    topic.partitions.push_back({.partition_index = PartitionId{0}, .timestamp = -1});
    return broker_.ask<protocol::ListOffsetsResponse>(request).topics.at(0).partitions.at(0).offset;
  }
  void set_verification(bool enabled) {
    protocol::IncrementalAlterConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = 4;
    resource.configs.push_back(
        {.name = "transaction.partition.verification.enable", .value = enabled ? "true" : "false"});
    EXPECT_EQ(broker_.ask<protocol::IncrementalAlterConfigsResponse>(request).responses.at(0).error_code,
              ErrorCode::kNone);
    ASSERT_TRUE(until([&] {
      for (const auto& shard : broker_.broker().shards())
        if (shard->verifies_transactions != enabled) return false;
      return true;
    }));
  }
};

TEST_F(ProduceTransactions, ItsFirstBatchInAPartitionIsAskedAboutAndNoOther) {
  for (const std::int16_t version : {10, 11, 12, 13}) {
    const ProducerEpoch epoch{version};
    EXPECT_EQ(produce({.sequence = 0, .epoch = epoch}, version), ErrorCode::kNone);
    ASSERT_EQ(questions(), 1u);
    const auto& transaction = coordinator().asked[0].transactions.at(0);
    EXPECT_EQ(transaction.transactional_id, "payments");
    EXPECT_EQ(transaction.producer_id, kProducer);
    EXPECT_EQ(transaction.producer_epoch, epoch);
    EXPECT_EQ(transaction.verify_only, version < 12) << "from version 12 on the write adds the partition";
    ASSERT_EQ(transaction.topics.size(), 1u);
    EXPECT_EQ(transaction.topics[0].name, "orders");
    EXPECT_EQ(transaction.topics[0].partitions, std::vector{PartitionId{0}});
    EXPECT_EQ(produce({.sequence = 1, .epoch = epoch}, version), ErrorCode::kNone);
    EXPECT_EQ(questions(), 1u) << "it is open here, so the coordinator knows";
    EXPECT_EQ(end(true, epoch), ErrorCode::kNone);
    coordinator().asked.clear();
  }
  EXPECT_EQ(end_for(true), end_for(false));
}

TEST_F(ProduceTransactions, AllPartitionsOfARequestAreAskedAboutAtOnceAndThoseThatAreOpenAreNot) {
  ASSERT_EQ(produce({.partitions = {1}}), ErrorCode::kNone);
  auto request = request_of({.sequence = 0, .partitions = {0, 2}});
  request.topic_data[0].partition_data.push_back({.index = PartitionId{1}, .records = batch_of({.sequence = 1})});
  request.topic_data[0].partition_data.push_back({.index = PartitionId{9}, .records = batch_of({})});
  const auto response = broker_.ask<ProduceResponse>(request, std::int16_t{12});
  const auto& said = response.responses.at(0).partition_responses;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(said.at(i).error_code, ErrorCode::kNone) << i;
  EXPECT_EQ(said.at(3).error_code, ErrorCode::kUnknownTopicOrPartition);
  ASSERT_EQ(questions(), 2u);
  EXPECT_EQ(coordinator().asked[1].transactions.at(0).topics.at(0).partitions,
            (std::vector{PartitionId{0}, PartitionId{2}}));
}

TEST_F(ProduceTransactions, WhatIsNotInTheTransactionIsRefusedAsTheClientUnderstandsIt) {
  const std::tuple<std::int16_t, ErrorCode, ErrorCode> cases[] = {
      {10, ErrorCode::kTransactionAbortable, ErrorCode::kInvalidTxnState},
      {11, ErrorCode::kTransactionAbortable, ErrorCode::kTransactionAbortable},
      {12, ErrorCode::kTransactionAbortable, ErrorCode::kTransactionAbortable},
      {11, ErrorCode::kInvalidTxnState, ErrorCode::kInvalidTxnState},
      {12, ErrorCode::kProducerFenced, ErrorCode::kInvalidProducerEpoch},
      {12, ErrorCode::kInvalidProducerIdMapping, ErrorCode::kInvalidProducerIdMapping},
      {11, ErrorCode::kConcurrentTransactions, ErrorCode::kNotEnoughReplicas},
      {12, ErrorCode::kNotCoordinator, ErrorCode::kNotEnoughReplicas},
      {11, ErrorCode::kCoordinatorLoadInProgress, ErrorCode::kNotEnoughReplicas},
      {12, ErrorCode::kCoordinatorNotAvailable, ErrorCode::kNotEnoughReplicas},
  };
  for (const auto& [version, says, told] : cases) {
    coordinator().says = [says] { return says; };
    EXPECT_EQ(produce({}, version), told) << version << " " << name(says);
  }
  EXPECT_EQ(end_for(false), Offset{0}) << "nothing was written";
  EXPECT_EQ(questions(), std::size(cases)) << "each was asked about once";
}

// A client begins the next transaction before the markers of the last are everywhere.
TEST_F(ProduceTransactions, AnAdditionIsTriedAgainWhileTheLastTransactionEnds) {
  int busy = 3;
  coordinator().says = [&] { return busy-- > 0 ? ErrorCode::kConcurrentTransactions : ErrorCode::kNone; };
  const Instant begun = broker_.world().now();
  EXPECT_EQ(produce({}), ErrorCode::kNone);
  EXPECT_EQ(questions(), 4u);
  EXPECT_GE(broker_.world().now() - begun, 60ms) << "three times add.partitions.to.txn.retry.backoff.ms";
  EXPECT_EQ(end(true, {0}), ErrorCode::kNone);

  coordinator().says = [] { return ErrorCode::kConcurrentTransactions; };
  const Instant again = broker_.world().now();
  EXPECT_EQ(produce({.sequence = 1}), ErrorCode::kConcurrentTransactions) << "which its clients tell apart";
  EXPECT_GE(broker_.world().now() - again, 100ms) << "add.partitions.to.txn.retry.backoff.max.ms";
  EXPECT_LT(broker_.world().now() - again, 1s);
}

TEST_F(ProduceTransactions, TheWholeRequestIsRefusedWithoutATransactionalIdOrOfTwoProducers) {
  auto request = request_of({.partitions = {0, 1}});
  request.transactional_id.reset();
  const auto nobody = broker_.ask<ProduceResponse>(request, std::int16_t{12});
  for (const auto& partition : nobody.responses.at(0).partition_responses)
    EXPECT_EQ(partition.error_code, ErrorCode::kTransactionalIdAuthorizationFailed);
  request = request_of({.partitions = {0, 1}});
  request.topic_data[0].partition_data[1].records = batch_of({}, ProducerId{42});
  const auto two = broker_.ask<ProduceResponse>(request, std::int16_t{12});
  for (const auto& partition : two.responses.at(0).partition_responses)
    EXPECT_EQ(partition.error_code, ErrorCode::kInvalidProducerIdMapping);
  EXPECT_EQ(questions(), 0u);
}

TEST_F(ProduceTransactions, WhatIsOfNoTransactionAsksNobody) {
  coordinator().says = [] { return ErrorCode::kInvalidTxnState; };
  EXPECT_EQ(produce({.transactional = false}), ErrorCode::kNone);
  EXPECT_EQ(questions(), 0u);
}

TEST_F(ProduceTransactions, WithVerificationSwitchedOffOnlyAdditionsAreAsked) {
  set_verification(false);
  coordinator().says = [] { return ErrorCode::kInvalidTxnState; };
  EXPECT_EQ(produce({}, 11), ErrorCode::kNone);
  EXPECT_EQ(questions(), 0u);
  EXPECT_EQ(end(true, {0}), ErrorCode::kNone);
  EXPECT_EQ(produce({.sequence = 1}, 12), ErrorCode::kInvalidTxnState);
  EXPECT_EQ(questions(), 1u);
  set_verification(true);
  EXPECT_EQ(produce({.sequence = 1}, 11), ErrorCode::kInvalidTxnState);
  EXPECT_EQ(questions(), 2u);
}

// The race of KIP-890: the coordinator has said yes, then it aborts; the batch must begin nothing.
TEST_F(ProduceTransactions, AMarkerBetweenTheAnswerAndTheAppendLeavesNothingHanging) {
  coordinator().holds = true;
  const auto late = broker_.begin<ProduceResponse>(request_of({}), std::int16_t{11});
  ASSERT_TRUE(until([&] { return questions() == 1; }));
  EXPECT_EQ(end(false, {0}), ErrorCode::kNone);
  coordinator().release();
  EXPECT_EQ(code_of(broker_.wait_for(late)), ErrorCode::kInvalidTxnState);
  EXPECT_EQ(end_for(true), Offset{1}) << "the marker; nobody waits for an end that never comes";
  EXPECT_EQ(end_for(false), Offset{1});
}

TEST_F(ProduceTransactions, ACoordinatorThatIsSlowHoldsItsConnectionInOrderAndNoOther) {
  coordinator().holds = true;
  const auto channel = broker_.connect();
  ASSERT_TRUE(channel);
  std::vector<int> order;
  for (int i = 0; i < 2; ++i) {
    auto request = request_of({.sequence = i});
    spawn(broker_.client().shard(0),
          [](ChannelPtr to, ProduceRequest what, std::vector<int>* done, int which, Instant deadline) -> Task<> {
            const auto said = co_await to->send<ProduceResponse>(std::move(what), 12, deadline);
            EXPECT_TRUE(said && code_of(*said) == ErrorCode::kNone) << which;
            done->push_back(which);
          }(*channel, std::move(request), &order, i, broker_.world().now() + 60s));
  }
  ASSERT_TRUE(until([&] { return questions() == 1; }));
  EXPECT_EQ(produce({.partitions = {1}, .transactional = false}), ErrorCode::kNone) << "another connection";
  broker_.world().run_for(1s);
  EXPECT_TRUE(order.empty());
  coordinator().release();
  ASSERT_TRUE(until([&] { return order.size() == 2; }));
  EXPECT_EQ(order, (std::vector{0, 1}));
  EXPECT_EQ(questions(), 1u) << "the second found the transaction open";
}

class ImpatientBroker : public ProduceTransactions {
 protected:
  ImpatientBroker() : ProduceTransactions({{"request.timeout.ms", "5000"}}) {}
};

TEST_F(ImpatientBroker, WhoIsNotAnsweredIsToldToTryAgain) {
  coordinator().holds = true;
  const auto first = broker_.begin<ProduceResponse>(request_of({}), std::int16_t{12});
  broker_.world().run_for(4s);
  EXPECT_FALSE(first->has_value());
  ASSERT_TRUE(until([&] { return first->has_value(); }, 2s));
  EXPECT_EQ(code_of(broker_.wait_for(first)), ErrorCode::kNotEnoughReplicas);
  node_->crash(sim::Crash::kKill);
  EXPECT_EQ(produce({}), ErrorCode::kNotEnoughReplicas) << "nobody is there";
}

TEST_F(ProduceTransactions, AMarkerIsWrittenWhereThePartitionIsLed) {
  EXPECT_EQ(end(true, {0}, 0, 7), ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(end(true, {0}, 0, 0, "nosuch"), ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(end(true, {0}, 0, 0, "__transaction_state"), ErrorCode::kUnknownTopicOrPartition) << "no replica is here";
  ASSERT_EQ(produce({.epoch = ProducerEpoch{4}}), ErrorCode::kNone);
  EXPECT_EQ(end(true, {3}), ErrorCode::kInvalidProducerEpoch);
  EXPECT_EQ(end(true, {4}, 2), ErrorCode::kInvalidProducerEpoch) << "KIP-1228: above that of its writes";
  EXPECT_EQ(end_for(true), Offset{0});
  EXPECT_EQ(end(true, {5}, 2), ErrorCode::kNone);
  EXPECT_EQ(end_for(true), Offset{2});
  EXPECT_EQ(end(true, {5}, 2), ErrorCode::kInvalidProducerEpoch) << "it comes again";
  EXPECT_EQ(end_for(false), Offset{2});
}

TEST_F(ProduceTransactions, ReadersOfWhatIsCommittedAreToldWhatWasAborted) {
  ASSERT_EQ(produce({}), ErrorCode::kNone);
  ASSERT_EQ(end(false, {0}), ErrorCode::kNone);
  protocol::FetchRequest request;
  request.isolation_level = 1;
  request.max_wait_ms = 0;
  request.max_bytes = 1 << 20;
  auto& topic = request.topics.emplace_back();
  topic.topic_id = image()->topic(std::string_view("orders"))->id;
  auto& partition = topic.partitions.emplace_back();
  partition.partition_max_bytes = 1 << 20;
  for (const std::int8_t isolation : {0, 1}) {
    request.isolation_level = isolation;
    const auto response = broker_.ask<protocol::FetchResponse>(request);
    const auto& data = response.responses.at(0).partitions.at(0);
    EXPECT_EQ(data.last_stable_offset, Offset{2});
    EXPECT_EQ(data.aborted_transactions.has_value(), isolation == 1);
    if (isolation == 0) continue;
    ASSERT_EQ(data.aborted_transactions->size(), 1u);
    EXPECT_EQ(data.aborted_transactions->at(0).producer_id, kProducer);
    EXPECT_EQ(data.aborted_transactions->at(0).first_offset, Offset{0});
  }
}

// KIP-664: how an administrator finds a transaction that hangs.
TEST_F(ProduceTransactions, ProducersAreDescribedWithWhereTheirTransactionBegins) {
  const auto described = [&](int partition, const std::string& topic = "orders") {
    protocol::DescribeProducersRequest request;
    request.topics.push_back({.name = topic, .partition_indexes = {PartitionId{partition}}});
    return broker_.ask<protocol::DescribeProducersResponse>(request).topics.at(0).partitions.at(0);
  };
  EXPECT_TRUE(described(0).active_producers.empty());
  EXPECT_EQ(described(9).error_code, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(described(0, "__transaction_state").error_code, ErrorCode::kNotLeaderOrFollower);
  ASSERT_EQ(produce({.transactional = false}), ErrorCode::kNone);
  ASSERT_EQ(produce({.sequence = 1}), ErrorCode::kNone);
  auto active = described(0).active_producers;
  ASSERT_EQ(active.size(), 1u);
  EXPECT_EQ(active[0].producer_id, kProducer);
  EXPECT_EQ(active[0].producer_epoch, 0);
  EXPECT_EQ(active[0].last_sequence, 1);
  EXPECT_EQ(active[0].last_timestamp, sim::kStartOfTime);
  EXPECT_EQ(active[0].coordinator_epoch, -1);
  EXPECT_EQ(active[0].current_txn_start_offset, Offset{1});
  ASSERT_EQ(end(true, {0}), ErrorCode::kNone);
  active = described(0).active_producers;
  EXPECT_EQ(active.at(0).current_txn_start_offset, kNoOffset);
  EXPECT_EQ(active.at(0).coordinator_epoch, 0);
}

}  // namespace
}  // namespace thalweg::broker

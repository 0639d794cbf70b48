// The APIs of transactions over a connection: what each version says, and what outlives the broker. The rules
// themselves are in src/transaction/testdata.
#include <gtest/gtest.h>

#include "base/log.h"
#include "broker/testing.h"
#include "protocol/add_offsets_to_txn_request.h"
#include "protocol/add_offsets_to_txn_response.h"
#include "protocol/add_partitions_to_txn_request.h"
#include "protocol/add_partitions_to_txn_response.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/describe_transactions_request.h"
#include "protocol/describe_transactions_response.h"
#include "protocol/end_txn_request.h"
#include "protocol/end_txn_response.h"
#include "protocol/find_coordinator_request.h"
#include "protocol/find_coordinator_response.h"
#include "protocol/init_producer_id_request.h"
#include "protocol/init_producer_id_response.h"
#include "protocol/list_transactions_request.h"
#include "protocol/list_transactions_response.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;
using namespace protocol;

class TransactionApis : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kNone);
    FindCoordinatorRequest find;
    find.coordinator_keys = {"tx"};
    find.key_type = 1;
    const auto found = broker_.ask<FindCoordinatorResponse>(find, 6);
    ASSERT_EQ(found.coordinators.at(0).error_code, ErrorCode::kNone);
    ASSERT_EQ(found.coordinators.at(0).node_id, BrokerId{1});
    ASSERT_EQ(broker_.ask<CreateTopicsResponse>(creation_of("t", 3), 7).topics.at(0).error_code, ErrorCode::kNone);
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  InitProducerIdResponse init(const std::string& id = "tx", std::int16_t version = 5) {
    InitProducerIdRequest request;
    request.transactional_id = id;
    request.transaction_timeout_ms = 60'000;
    return broker_.ask<InitProducerIdResponse>(request, version);
  }
  EndTxnResponse end(const InitProducerIdResponse& producer, bool commit, std::int16_t version = 5) {
    EndTxnRequest request;
    request.transactional_id = "tx";
    request.producer_id = producer.producer_id;
    request.producer_epoch = producer.producer_epoch;
    request.committed = commit;
    return broker_.ask<EndTxnResponse>(request, version);
  }
  std::vector<ErrorCode> add(const InitProducerIdResponse& producer, std::vector<int> partitions,
                             std::int16_t version = 3) {
    AddPartitionsToTxnRequest request;
    request.v3_and_below_transactional_id = "tx";
    request.v3_and_below_producer_id = producer.producer_id;
    request.v3_and_below_producer_epoch = producer.producer_epoch;
    if (!partitions.empty()) request.v3_and_below_topics.emplace_back().name = "t";
    for (const int partition : partitions)
      request.v3_and_below_topics.back().partitions.push_back(PartitionId{partition});
    std::vector<ErrorCode> errors;
    for (const auto& topic : broker_.ask<AddPartitionsToTxnResponse>(request, version).results_by_topic_v3_and_below)
      for (const auto& partition : topic.results_by_partition) errors.push_back(partition.partition_error_code);
    return errors;
  }
  DescribeTransactionsResponse::TransactionState describe(const std::string& id = "tx") {
    DescribeTransactionsRequest request;
    request.transactional_ids = {id};
    return broker_.ask<DescribeTransactionsResponse>(request, 0).transaction_states.at(0);
  }
  std::string state() { return describe().transaction_state; }
  using Errors = std::vector<ErrorCode>;

  BrokerUnderTest broker_;
};

TEST_F(TransactionApis, EveryKeyHasItsCoordinatorOrItsError) {
  FindCoordinatorRequest find;
  find.coordinator_keys = {"a", "b", ""};
  find.key_type = 1;
  for (const auto& one : broker_.ask<FindCoordinatorResponse>(find, 4).coordinators) {
    EXPECT_EQ(one.error_code, ErrorCode::kNone) << one.key;
    EXPECT_EQ(one.host, "broker");
  }
  FindCoordinatorRequest old;
  old.key = "a";
  old.key_type = 1;
  EXPECT_EQ(broker_.ask<FindCoordinatorResponse>(old, 1).node_id, BrokerId{1});
}

TEST_F(TransactionApis, AnIdOutlivesTheBroker) {
  const auto first = init();
  EXPECT_EQ(first.error_code, ErrorCode::kNone);
  EXPECT_EQ(first.producer_epoch, ProducerEpoch{0});
  EXPECT_EQ(add(first, {}), Errors());
  EXPECT_EQ(state(), "Ongoing");
  broker_.restart();
  EXPECT_EQ(state(), "Ongoing");
  EXPECT_EQ(end(first, true).error_code, ErrorCode::kNone);
  broker_.world().run_for(1s);
  EXPECT_EQ(state(), "CompleteCommit");
  broker_.restart();
  const auto again = end(first, true);
  EXPECT_EQ(again.error_code, ErrorCode::kNone);
  EXPECT_EQ(again.producer_epoch, ProducerEpoch{1}) << "the stored answer";
  EXPECT_EQ(init().producer_epoch, ProducerEpoch{2});
}

TEST_F(TransactionApis, OlderVersionsKnowAFencedProducerByItsOlderName) {
  const auto first = init();
  const auto second = init();
  EXPECT_EQ(add(first, {0}, 3), Errors{ErrorCode::kProducerFenced});
  EXPECT_EQ(add(first, {0}, 1), Errors{ErrorCode::kInvalidProducerEpoch});
  EXPECT_EQ(end(first, true, 3).error_code, ErrorCode::kProducerFenced);
  EXPECT_EQ(end(first, true, 1).error_code, ErrorCode::kInvalidProducerEpoch);
  InitProducerIdRequest request;
  request.transactional_id = "tx";
  request.transaction_timeout_ms = 60'000;
  request.producer_id = first.producer_id;
  request.producer_epoch = ProducerEpoch{9};
  EXPECT_EQ(broker_.ask<InitProducerIdResponse>(request, 4).error_code, ErrorCode::kProducerFenced);
  EXPECT_EQ(broker_.ask<InitProducerIdResponse>(request, 3).error_code, ErrorCode::kInvalidProducerEpoch);
  EXPECT_EQ(init().producer_id, second.producer_id);
}

TEST_F(TransactionApis, OneBadPartitionKeepsTheOthersOut) {
  const auto producer = init();
  EXPECT_EQ(add(producer, {0, 7}), (Errors{ErrorCode::kOperationNotAttempted, ErrorCode::kUnknownTopicOrPartition}));
  EXPECT_EQ(state(), "Empty");
  EXPECT_EQ(add(producer, {0, 2}), (Errors{ErrorCode::kNone, ErrorCode::kNone}));
  const auto described = describe();
  EXPECT_EQ(described.transaction_state, "Ongoing");
  ASSERT_EQ(described.topics.size(), 1u);
  EXPECT_EQ(described.topics[0].partitions, (std::vector{PartitionId{0}, PartitionId{2}}));
}

TEST_F(TransactionApis, BrokersAskForManyAtOnce) {
  const auto producer = init();
  EXPECT_EQ(add(producer, {0}), Errors{ErrorCode::kNone});
  AddPartitionsToTxnRequest request;
  for (const auto* id : {"tx", "nobody"}) {
    auto& one = request.transactions.emplace_back();
    one.transactional_id = id;
    one.producer_id = producer.producer_id;
    one.producer_epoch = producer.producer_epoch;
    one.verify_only = true;
    one.topics.push_back({"t", {PartitionId{0}, PartitionId{1}}});
  }
  const auto errors_of = [](const AddPartitionsToTxnResponse::AddPartitionsToTxnResult& result) {
    Errors errors;
    for (const auto& partition : result.topic_results.at(0).results_by_partition)
      errors.push_back(partition.partition_error_code);
    return errors;
  };
  auto answer = broker_.ask<AddPartitionsToTxnResponse>(request, 5);
  ASSERT_EQ(answer.results_by_transaction.size(), 2u);
  EXPECT_EQ(errors_of(answer.results_by_transaction[0]), (Errors{ErrorCode::kNone, ErrorCode::kTransactionAbortable}));
  EXPECT_EQ(errors_of(answer.results_by_transaction[1]),
            (Errors{ErrorCode::kInvalidProducerIdMapping, ErrorCode::kInvalidProducerIdMapping}));
  request.transactions[0].verify_only = false;
  answer = broker_.ask<AddPartitionsToTxnResponse>(request, 5);
  EXPECT_EQ(errors_of(answer.results_by_transaction[0]), (Errors{ErrorCode::kNone, ErrorCode::kNone}));
}

TEST_F(TransactionApis, OffsetsOfAGroupAddTheirPartition) {
  const auto producer = init();
  AddOffsetsToTxnRequest request;
  request.transactional_id = "tx";
  request.producer_id = producer.producer_id;
  request.producer_epoch = producer.producer_epoch;
  request.group_id = "g";
  EXPECT_EQ(broker_.ask<AddOffsetsToTxnResponse>(request, 3).error_code, ErrorCode::kNone);
  const auto described = describe();
  ASSERT_EQ(described.topics.size(), 1u);
  EXPECT_EQ(described.topics[0].topic, "__consumer_offsets");
  request.producer_epoch = ProducerEpoch{5};
  EXPECT_EQ(broker_.ask<AddOffsetsToTxnResponse>(request, 3).error_code, ErrorCode::kProducerFenced);
  EXPECT_EQ(broker_.ask<AddOffsetsToTxnResponse>(request, 1).error_code, ErrorCode::kInvalidProducerEpoch);
}

// Nobody has to take the work for it: an end without partitions needs no markers.
TEST_F(TransactionApis, ATransactionPastItsTimeIsAborted) {
  InitProducerIdRequest request;
  request.transactional_id = "tx";
  request.transaction_timeout_ms = 5'000;
  const auto producer = broker_.ask<InitProducerIdResponse>(request, 5);
  EXPECT_EQ(add(producer, {}), Errors());
  broker_.world().run_for(16s);
  EXPECT_EQ(state(), "CompleteAbort");
  EXPECT_EQ(add(producer, {0}), Errors{ErrorCode::kProducerFenced});
}

TEST_F(TransactionApis, ListsWhatPassesTheFilters) {
  init("tx");
  init("other");
  ListTransactionsRequest request;
  EXPECT_EQ(broker_.ask<ListTransactionsResponse>(request, 2).transaction_states.size(), 2u);
  request.transactional_id_pattern = "ot.*";
  EXPECT_EQ(broker_.ask<ListTransactionsResponse>(request, 2).transaction_states.size(), 1u);
  request.transactional_id_pattern = "(";
  EXPECT_EQ(broker_.ask<ListTransactionsResponse>(request, 2).error_code, ErrorCode::kInvalidRegularExpression);
  request.transactional_id_pattern = std::nullopt;
  request.state_filters = {"Nonsense", "Empty"};
  const auto answer = broker_.ask<ListTransactionsResponse>(request, 2);
  EXPECT_EQ(answer.unknown_state_filters, std::vector<std::string>{"Nonsense"});
  EXPECT_EQ(answer.transaction_states.size(), 2u);
}

// The disk is full between the decision and what is written when all markers are.
TEST_F(TransactionApis, WhatTheLogRefusesOfAnEndIsTriedUntilItTakesIt) {
  const auto producer = init();
  EXPECT_EQ(add(producer, {}), Errors());
  auto& disk = broker_.node().disk();
  const auto used = disk.used_bytes();
  EndTxnRequest request;
  request.transactional_id = "tx";
  request.producer_id = producer.producer_id;
  request.producer_epoch = producer.producer_epoch;
  request.committed = true;
  const auto ended = broker_.begin<EndTxnResponse>(request, 5);
  ASSERT_TRUE(broker_.world().run_until([&] { return disk.used_bytes() > used; }, 5s));
  disk.faults.capacity = disk.used_bytes();
  EXPECT_EQ(broker_.wait_for(ended).error_code, ErrorCode::kNone);
  broker_.world().run_for(5s);
  EXPECT_EQ(state(), "PrepareCommit");
  disk.faults.capacity = UINT64_MAX;
  broker_.world().run_for(5s);
  EXPECT_EQ(state(), "CompleteCommit");
}

// An unknown id is described as Kafka does, and an empty one.
TEST_F(TransactionApis, DescribesOnlyWhatThereIs) {
  EXPECT_EQ(describe("nobody").error_code, ErrorCode::kTransactionalIdNotFound);
  EXPECT_EQ(describe("").error_code, ErrorCode::kInvalidRequest);
}

}  // namespace
}  // namespace thalweg::broker

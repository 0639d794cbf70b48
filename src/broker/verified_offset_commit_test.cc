// TxnOffsetCommit with a coordinator of transactions on another broker, which says what it is told to: who is asked
// when, what becomes of its answers, and how the transaction ends.
#include <gtest/gtest.h>

#include "broker/testing_coordinator.h"
#include "protocol/offset_fetch_request.h"
#include "protocol/offset_fetch_response.h"
#include "protocol/txn_offset_commit_request.h"
#include "protocol/txn_offset_commit_response.h"
#include "protocol/write_txn_markers_request.h"
#include "protocol/write_txn_markers_response.h"

namespace thalweg::broker {
namespace {

class VerifiedOffsetCommit : public WithCoordinator {
 protected:
  VerifiedOffsetCommit() : WithCoordinator({{"request.timeout.ms", "1000"}}) {}
  void SetUp() override {
    WithCoordinator::SetUp();
    create("__consumer_offsets", {{BrokerId{1}}});
    while (is_passing(commit(kAdds, 99))) broker_.world().run_for(Millis(100));
    coordinator().asked.clear();
  }
  static constexpr std::int16_t kAsks = 4, kAdds = 5;
  static bool is_passing(ErrorCode code) {
    return code == ErrorCode::kCoordinatorLoadInProgress || code == ErrorCode::kCoordinatorNotAvailable ||
           code == ErrorCode::kNotCoordinator;
  }
  // Each producer has a transaction of its own.
  ErrorCode commit(std::int16_t version, std::int64_t producer) {
    protocol::TxnOffsetCommitRequest request{.transactional_id = "payments",
                                             .group_id = "g",
                                             .producer_id = {producer},
                                             .producer_epoch = ProducerEpoch{0},
                                             .generation_id_or_member_epoch = -1};
    request.topics.push_back({.name = "orders", .partitions = {{.committed_offset = Offset{5}}}});
    return broker_.ask<protocol::TxnOffsetCommitResponse>(request, version).topics.at(0).partitions.at(0).error_code;
  }
  ErrorCode commit_when(ErrorCode says, std::int16_t version) {
    coordinator().says = [says] { return says; };
    return commit(version, ++producer_);
  }

  std::int64_t producer_ = 100;
};

TEST_F(VerifiedOffsetCommit, TheFirstOfATransactionIsAskedAboutAndNoOther) {
  ASSERT_EQ(commit(kAsks, 1), ErrorCode::kNone);
  ASSERT_EQ(coordinator().asked.size(), 1u);
  const auto verified = coordinator().asked.at(0).transactions.at(0);
  EXPECT_EQ(verified.transactional_id, "payments");
  EXPECT_TRUE(verified.verify_only);
  EXPECT_EQ(verified.topics.at(0).name, "__consumer_offsets");
  EXPECT_EQ(verified.topics.at(0).partitions, std::vector{PartitionId{0}});
  ASSERT_EQ(commit(kAsks, 1), ErrorCode::kNone);
  ASSERT_EQ(commit(kAdds, 1), ErrorCode::kNone);
  EXPECT_EQ(coordinator().asked.size(), 1u) << "it is open here";
  ASSERT_EQ(commit(kAdds, 2), ErrorCode::kNone);
  ASSERT_EQ(coordinator().asked.size(), 2u);
  EXPECT_FALSE(coordinator().asked.at(1).transactions.at(0).verify_only) << "the commit adds the partition";
}

TEST_F(VerifiedOffsetCommit, WhatTheCoordinatorSaysIsToldAsTheClientsVersionUnderstandsIt) {
  EXPECT_EQ(commit_when(ErrorCode::kTransactionAbortable, 3), ErrorCode::kInvalidTxnState);
  EXPECT_EQ(commit_when(ErrorCode::kTransactionAbortable, kAsks), ErrorCode::kTransactionAbortable);
  EXPECT_EQ(commit_when(ErrorCode::kProducerFenced, kAsks), ErrorCode::kInvalidProducerEpoch);
  EXPECT_EQ(commit_when(ErrorCode::kInvalidProducerIdMapping, kAsks), ErrorCode::kInvalidProducerIdMapping);
  EXPECT_EQ(commit_when(ErrorCode::kNotCoordinator, kAsks), ErrorCode::kNotCoordinator);
  EXPECT_EQ(commit_when(ErrorCode::kCoordinatorLoadInProgress, 1), ErrorCode::kCoordinatorNotAvailable);
  // No answer at all: every client waits for a coordinator that is loading.
  coordinator().holds = true;
  EXPECT_EQ(commit_when(ErrorCode::kNone, kAsks), ErrorCode::kCoordinatorLoadInProgress);
  coordinator().release();
}

TEST_F(VerifiedOffsetCommit, WriteTxnMarkersLetsItTakeEffect) {
  ASSERT_EQ(commit(kAdds, 1), ErrorCode::kNone);
  protocol::WriteTxnMarkersRequest request;
  auto& marker = request.markers.emplace_back();
  marker.producer_id = ProducerId{1};
  marker.producer_epoch = ProducerEpoch{0};
  marker.transaction_result = true;
  marker.topics.push_back({.name = "__consumer_offsets", .partition_indexes = {PartitionId{0}}});
  const auto written = broker_.ask<protocol::WriteTxnMarkersResponse>(request);
  EXPECT_EQ(written.markers.at(0).topics.at(0).partitions.at(0).error_code, ErrorCode::kNone);
  protocol::OffsetFetchRequest fetch;
  fetch.groups.push_back({.group_id = "g", .topics = std::nullopt});
  const auto fetched = broker_.ask<protocol::OffsetFetchResponse>(fetch, 8).groups.at(0);
  ASSERT_EQ(fetched.topics.size(), 1u);
  EXPECT_EQ(fetched.topics.at(0).partitions.at(0).committed_offset, Offset{5});
}

}  // namespace
}  // namespace thalweg::broker

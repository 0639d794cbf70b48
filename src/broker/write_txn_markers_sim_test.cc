// Markers of transactions where the partition has a follower: answered when they are committed, also the second time.
#include <gtest/gtest.h>

#include "broker/testing_follower.h"
#include "protocol/write_txn_markers_request.h"
#include "protocol/write_txn_markers_response.h"

namespace thalweg::broker {
namespace {

using namespace std::chrono_literals;
using protocol::WriteTxnMarkersRequest;
using protocol::WriteTxnMarkersResponse;

class Markers : public WithFollower {
 protected:
  static WriteTxnMarkersRequest marker(std::vector<PartitionId> partitions) {
    WriteTxnMarkersRequest request;
    auto& marker = request.markers.emplace_back();
    marker.producer_id = ProducerId{9};
    marker.producer_epoch = ProducerEpoch{5};
    marker.transaction_result = true;
    marker.transaction_version = 2;
    marker.topics.push_back({.name = "orders", .partition_indexes = std::move(partitions)});
    return request;
  }
  static ErrorCode last_of(const WriteTxnMarkersResponse& response) {
    return response.markers.at(0).topics.at(0).partitions.back().error_code;
  }
};

// A coordinator takes INVALID_PRODUCER_EPOCH for written by transaction.version 2, so it must not be lost after that.
TEST_F(Markers, OneThatComesAgainIsRefusedOnceWhatItRepeatsIsCommitted) {
  const auto first = broker_.begin<WriteTxnMarkersResponse>(marker({PartitionId{0}}));
  ASSERT_TRUE(until([&] { return leader().log().end_offset() == Offset{1}; }));
  const auto again = broker_.begin<WriteTxnMarkersResponse>(marker({PartitionId{0}}));
  broker_.world().run_for(1s);
  EXPECT_FALSE(first->has_value() || again->has_value()) << "nobody has it but the leader";
  follower_->start();
  ASSERT_TRUE(until([&] { return first->has_value() && again->has_value(); }));
  EXPECT_EQ(last_of(broker_.wait_for(first)), ErrorCode::kNone);
  EXPECT_EQ(last_of(broker_.wait_for(again)), ErrorCode::kInvalidProducerEpoch);
  EXPECT_EQ(leader().log().end_offset(), Offset{1});
}

TEST_F(Markers, ARequestWritesSoManyAndTheRestIsToComeAgain) {
  std::vector<PartitionId> partitions(100'000, PartitionId{77});
  partitions.push_back(PartitionId{0});
  const auto response = broker_.ask<WriteTxnMarkersResponse>(marker(std::move(partitions)));
  EXPECT_EQ(response.markers.at(0).topics.at(0).partitions.front().error_code, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(last_of(response), ErrorCode::kRequestTimedOut) << "which coordinators try again after";
  EXPECT_EQ(leader().log().end_offset(), Offset{0});
}

}  // namespace
}  // namespace thalweg::broker

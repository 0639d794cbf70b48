#include "broker/describe_quorum.h"

#include <gtest/gtest.h>

namespace thalweg::broker {
namespace {

protocol::DescribeQuorumRequest asking(const std::string& topic) {
  protocol::DescribeQuorumRequest request;
  auto& asked = request.topics.emplace_back();
  asked.topic_name = topic;
  asked.partitions.emplace_back();
  return request;
}

QuorumView view() {
  QuorumView view{.leader = BrokerId{2}, .epoch = LeaderEpoch{7}, .high_watermark = Offset{100}};
  view.members.push_back({.node = BrokerId{1}, .directory = {1, 1}, .voter = true, .log_end = Offset{99}});
  view.members.push_back({.node = BrokerId{2},
                          .directory = {2, 2},
                          .voter = true,
                          .log_end = Offset{101},
                          .last_fetch = 5,
                          .last_caught_up = 5,
                          .listeners = {{"CONTROLLER", {"b", 9093}}}});
  view.members.push_back({.node = BrokerId{3}, .log_end = Offset{-1}});
  return view;
}

TEST(DescribeQuorum, TellsVotersFromObserversAndWhereTheyAre) {
  const auto response = describe_quorum(view(), asking("__cluster_metadata"));
  ASSERT_EQ(response.topics.size(), 1u);
  const auto& partition = response.topics[0].partitions.at(0);
  EXPECT_EQ(partition.error_code, ErrorCode::kNone);
  EXPECT_EQ(partition.leader_id, BrokerId{2});
  EXPECT_EQ(partition.leader_epoch, LeaderEpoch{7});
  EXPECT_EQ(partition.high_watermark, Offset{100});
  ASSERT_EQ(partition.current_voters.size(), 2u);
  EXPECT_EQ(partition.current_voters[0].replica_id, BrokerId{1});
  EXPECT_EQ(partition.current_voters[0].log_end_offset, Offset{99});
  EXPECT_EQ(partition.current_voters[0].last_fetch_timestamp, -1);
  EXPECT_EQ(partition.current_voters[1].replica_directory_id, (Uuid{2, 2}));
  EXPECT_EQ(partition.current_voters[1].last_caught_up_timestamp, 5);
  ASSERT_EQ(partition.observers.size(), 1u);
  EXPECT_EQ(partition.observers[0].replica_id, BrokerId{3});
  ASSERT_EQ(response.nodes.size(), 1u);
  EXPECT_EQ(response.nodes[0].listeners.at(0).host, "b");
}

TEST(DescribeQuorum, KnowsOneLogOnly) {
  for (const auto& request : {asking("orders"), protocol::DescribeQuorumRequest()}) {
    const auto response = describe_quorum(view(), request);
    EXPECT_EQ(response.topics.size(), request.topics.size());
    for (const auto& topic : response.topics) {
      EXPECT_EQ(topic.partitions.at(0).error_code, ErrorCode::kUnknownTopicOrPartition);
      EXPECT_EQ(topic.partitions.at(0).error_message, "This server does not host this topic-partition.");
    }
  }
  auto two = asking("__cluster_metadata");
  two.topics[0].partitions.emplace_back().partition_index = PartitionId{1};
  for (const auto& partition : describe_quorum(view(), two).topics[0].partitions)
    EXPECT_EQ(partition.error_code, ErrorCode::kUnknownTopicOrPartition);
}

}  // namespace
}  // namespace thalweg::broker

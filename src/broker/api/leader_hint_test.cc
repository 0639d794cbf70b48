#include "broker/api/leader_hint.h"

#include <gtest/gtest.h>

#include "metadata/image_builder.h"
#include "protocol/fetch_response.h"

namespace thalweg::broker {
namespace {

metadata::ImagePtr image_with_broker_2() {
  protocol::RegisterBrokerRecord broker;
  broker.broker_id = BrokerId{2};
  broker.end_points.push_back({"PLAINTEXT", "localhost", 9092, 0});
  broker.end_points.push_back({"OUTSIDE", "example.org", 19092, 0});
  metadata::ImageBuilder builder(std::make_shared<const metadata::Image>("cluster"));
  EXPECT_TRUE(builder.apply(broker));
  return builder.build().image;
}

metadata::Partition led_by(BrokerId leader) {
  metadata::Partition state;
  state.leader = leader;
  state.leader_epoch = LeaderEpoch{7};
  return state;
}

TEST(LeaderHint, NamesTheLeaderOfEachPartitionAndItsAddressOnce) {
  const auto image = image_with_broker_2();
  protocol::FetchResponse response;
  protocol::FetchResponse::PartitionData first, second;
  add_leader_hint("OUTSIDE", *image, led_by(BrokerId{2}), first, response);
  add_leader_hint("OUTSIDE", *image, led_by(BrokerId{2}), second, response);
  EXPECT_EQ(first.current_leader.leader_id, BrokerId{2});
  EXPECT_EQ(second.current_leader.leader_epoch, LeaderEpoch{7});
  ASSERT_EQ(response.node_endpoints.size(), 1u);
  EXPECT_EQ(response.node_endpoints[0].host, "example.org");
  EXPECT_EQ(response.node_endpoints[0].port, 19092);
}

TEST(LeaderHint, GivesNoAddressThatTheListenersClientsCannotUse) {
  const auto image = image_with_broker_2();
  protocol::FetchResponse response;
  protocol::FetchResponse::PartitionData data;
  add_leader_hint("INSIDE", *image, led_by(BrokerId{2}), data, response);
  EXPECT_EQ(data.current_leader.leader_id, BrokerId{2});
  EXPECT_TRUE(response.node_endpoints.empty());
}

}  // namespace
}  // namespace thalweg::broker

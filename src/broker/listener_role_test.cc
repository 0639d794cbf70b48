#include "broker/listener_role.h"

#include <gtest/gtest.h>

#include "broker/controller_target.h"
#include "metadata/image_builder.h"

namespace thalweg::broker {
namespace {

using protocol::ApiKey;

config::BrokerConfig config_of(config::Properties more) {
  config::Properties properties{{"node.id", "1"}, {"log.dirs", "/data"}};
  properties.merge(more);
  auto loaded = config::load_broker_config(properties);
  CHECK(loaded);
  return std::move(loaded->config);
}

config::BrokerConfig with_controllers() {
  return config_of({{"process.roles", "broker,controller"},
                    {"listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"},
                    {"controller.listener.names", "CONTROLLER"},
                    {"controller.quorum.voters", "1@broker:9093"}});
}

TEST(ListenerRole, OneForControllersServesWhatKafkasControllersDo) {
  const auto role = role_of(with_controllers(), "CONTROLLER");
  EXPECT_TRUE(role.asks_this_controller());
  for (const ApiKey key : {ApiKey::kBrokerHeartbeat, ApiKey::kEnvelope, ApiKey::kCreateTopics, ApiKey::kApiVersions}) {
    EXPECT_TRUE(role.serves(key)) << protocol::name(key);
    EXPECT_TRUE(role.advertises(key)) << protocol::name(key);
  }
  for (const ApiKey key : {ApiKey::kProduce, ApiKey::kFetch, ApiKey::kMetadata, ApiKey::kJoinGroup})
    EXPECT_FALSE(role.serves(key)) << protocol::name(key);
}

TEST(ListenerRole, OneForClientsServesWhatKafkasBrokersDo) {
  const auto role = role_of(with_controllers(), "PLAINTEXT");
  EXPECT_FALSE(role.asks_this_controller());
  for (const ApiKey key : {ApiKey::kProduce, ApiKey::kFetch, ApiKey::kCreateTopics})
    EXPECT_TRUE(role.serves(key)) << protocol::name(key);
  for (const ApiKey key : {ApiKey::kBrokerHeartbeat, ApiKey::kEnvelope, ApiKey::kAlterPartition})
    EXPECT_FALSE(role.serves(key)) << protocol::name(key);
}

TEST(ListenerRole, WithoutOneForControllersTheListenerBetweenBrokersIsBoth) {
  const auto config = config_of({{"listeners", "PLAINTEXT://:9092,INTERNAL://:9094"},
                                 {"advertised.listeners", "PLAINTEXT://a:9092,INTERNAL://a:9094"},
                                 {"listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT"},
                                 {"inter.broker.listener.name", "INTERNAL"}});
  EXPECT_EQ(inter_broker_listener(config), "INTERNAL");
  const auto between = role_of(config, "INTERNAL");
  EXPECT_TRUE(between.serves(ApiKey::kBrokerHeartbeat) && between.serves(ApiKey::kFetch));
  EXPECT_FALSE(between.advertises(ApiKey::kBrokerHeartbeat));
  EXPECT_FALSE(between.asks_this_controller());
  EXPECT_FALSE(role_of(config, "PLAINTEXT").serves(ApiKey::kBrokerHeartbeat));
}

// Clients may take all connections of a listener that is theirs as well, and of no other.
TEST(ListenerRole, IsForNodesAloneWhereClientsHaveAnother) {
  EXPECT_TRUE(is_for_nodes(with_controllers(), "CONTROLLER"));
  EXPECT_FALSE(is_for_nodes(with_controllers(), "PLAINTEXT")) << "clients have no other";
  const auto two = config_of({{"listeners", "PLAINTEXT://:9092,INTERNAL://:19092"},
                              {"listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT"},
                              {"inter.broker.listener.name", "INTERNAL"}});
  EXPECT_TRUE(is_for_nodes(two, "INTERNAL"));
  EXPECT_FALSE(is_for_nodes(two, "PLAINTEXT"));
  EXPECT_FALSE(is_for_nodes(config_of({{"listeners", "PLAINTEXT://:9092"}}), "PLAINTEXT"));
}

metadata::ImagePtr image_with_broker(int id) {
  metadata::ImageBuilder builder(std::make_shared<const metadata::Image>("cluster"));
  protocol::RegisterBrokerRecord record;
  record.broker_id = BrokerId{id};
  record.end_points.push_back({"PLAINTEXT", "there", 9092, 0});
  CHECK(builder.apply(1, 1, {record}));
  return builder.build().image;
}

TEST(ControllerTarget, IsWhereTheVotersSayTheLeaderIs) {
  const auto config = with_controllers();
  const auto target = controller_target({.leader = BrokerId{1}}, {}, config, *image_with_broker(1));
  ASSERT_TRUE(target);
  EXPECT_EQ(target->node, BrokerId{1});
  EXPECT_EQ(target->endpoint, (Endpoint{"broker", 9093}));
  EXPECT_FALSE(controller_target({}, {}, config, *image_with_broker(1)));
  EXPECT_FALSE(controller_target({.leader = BrokerId{4}}, {}, config, *image_with_broker(4)))
      << "its listener for controllers is unknown";
}

TEST(ControllerTarget, IsTheListenerBetweenBrokersWhereThereIsNoOther) {
  const auto config = config_of({{"listeners", "PLAINTEXT://:9092"}});
  const auto target = controller_target({.leader = BrokerId{4}}, {}, config, *image_with_broker(4));
  ASSERT_TRUE(target);
  EXPECT_EQ(target->endpoint, (Endpoint{"there", 9092}));
  EXPECT_FALSE(controller_target({.leader = BrokerId{5}}, {}, config, *image_with_broker(4)));
}

}  // namespace
}  // namespace thalweg::broker

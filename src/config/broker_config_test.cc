#include "config/broker_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "config/quorum_options.h"

namespace thalweg::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

std::string problems(const Properties& given) {
  const auto loaded = load_broker_config(given);
  return loaded ? "" : loaded.error().message;
}

TEST(BrokerConfig, AnEmptyFileStartsASingleNode) {
  const auto loaded = load_broker_config({});
  ASSERT_TRUE(loaded) << loaded.error().message;
  const auto& config = loaded->config;
  EXPECT_EQ(config.node_id, BrokerId{1});
  EXPECT_TRUE(config.is_broker && config.is_controller);
  EXPECT_THAT(config.listeners, ElementsAre(Listener{.name = "PLAINTEXT", .host = "", .port = 9092}));
  EXPECT_EQ(config.advertised_listeners, config.listeners);
  EXPECT_THAT(config.log_dirs, ElementsAre("/tmp/kafka-logs"));
  EXPECT_EQ(config.metadata_log_dir, "/tmp/kafka-logs");
  EXPECT_THAT(loaded->warnings, ElementsAre());
}

// A field has no default but that of its row.
TEST(BrokerConfig, EveryBoundRowHasADefault) {
  int bound = 0;
  for (const Option* option : broker_options().options()) {
    if (!option->set) continue;
    ++bound;
    const bool derived = option->name == "log.dirs" || option->name == "metadata.log.dir" ||
                         option->name == "broker.rack" || option->name == "thalweg.cluster.id" ||
                         option->name == "console.cluster.name" || option->name == "replica.selector.class";
    EXPECT_TRUE(option->default_value != kNull || derived) << option->name;
  }
  EXPECT_GT(bound, 40);
  EXPECT_EQ(BrokerConfig().socket_request_max_bytes, 104857600);
  EXPECT_EQ(BrokerConfig().offsets_retention, std::chrono::days(7));
  EXPECT_EQ(BrokerConfig().durability, Durability::kFsync);
  EXPECT_TRUE(BrokerConfig().controlled_shutdown_enable);
  EXPECT_EQ(BrokerConfig().cluster_id, std::nullopt);
}

TEST(BrokerConfig, SaysWhatTheLifeOfABrokerAsksFor) {
  const auto loaded = load_broker_config({{"controlled.shutdown.enable", "FALSE"}, {"thalweg.cluster.id", "house"}});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_FALSE(loaded->config.controlled_shutdown_enable);
  EXPECT_EQ(loaded->config.cluster_id, "house");
}

TEST(BrokerConfig, WarnsOfWhatStartsAndWillNotDo) {
  const auto warning = [](const Properties& given) {
    const auto loaded = load_broker_config(given);
    return loaded && loaded->warnings.size() == 1 ? loaded->warnings[0] : "not one warning";
  };
  EXPECT_THAT(warning({{"message.max.bytes", "104857601"}}),
              HasSubstr("message.max.bytes=104857601 is more than socket.request.max.bytes=104857600"));
  EXPECT_THAT(warning({{"broker.heartbeat.interval.ms", "9001"}}), HasSubstr("broker.session.timeout.ms=9000"));
  EXPECT_THAT(warning({{"group.min.session.timeout.ms", "1800001"}}), HasSubstr("no member can join"));
  EXPECT_THAT(warning({{"min.insync.replicas", "2"}}), HasSubstr("refuse writes with acks=all"));
}

TEST(BrokerConfig, DynamicSettingsAreLaidOverWhatItStartedWith) {
  const auto started = load_broker_config({{"max.connections", "10"}, {"num.partitions", "3"}})->config;
  const auto now = in_force(started, {{"max.connections.per.ip", "7"}},
                            {{"max.connections", "20"}, {"max.connections.per.ip", "5"}, {"num.partitions", "4"}});
  EXPECT_EQ(now.max_connections, 20);
  EXPECT_EQ(now.max_connections_per_ip, 7);  // this broker's own comes first
  EXPECT_EQ(now.num_partitions, 3);          // does not change at run time
  EXPECT_EQ(in_force(started, {}, {{"max.connections", "-3"}}).max_connections, 10);
  EXPECT_EQ(in_force(started, {{"max.connections.per.ip.overrides", "::1:x"}},
                     {{"max.connections.per.ip.overrides", "10.0.0.1:2"}})
                .max_connections_per_ip_overrides.at("10.0.0.1"),
            2);
}

// An option that may change while the server runs has an effect when it does: as the default of a topic's option, or
// through a field that Broker::follow() passes on. The others are Kafka's machinery, or of what is not served yet; they
// are accepted as Kafka accepts them, and docs/configuration.md says so.
TEST(BrokerConfig, WhatChangesAtRunTimeHasAnEffectOrIsKnownToHaveNone) {
  const std::set<std::string_view> machinery{"background.threads",
                                             "config.providers",
                                             "metric.reporters",
                                             "num.io.threads",
                                             "num.network.threads",
                                             "num.replica.fetchers",
                                             "num.recovery.threads.per.data.dir",
                                             "principal.builder.class"};
  const auto not_served = [](std::string_view name) {
    for (const std::string_view prefix :
         {"follower.", "group.consumer.", "group.coordinator.", "group.share.", "group.streams.", "leader.replication.",
          "remote.", "replica.alter.log.dirs.", "sasl.", "share.", "ssl.", "transaction."})
      if (name.starts_with(prefix)) return true;
    return false;
  };
  std::set<std::string_view> defaults_of_topics;
  for (const Option* option : topic_options().options())
    for (const auto name : broker_synonyms(option->name)) defaults_of_topics.insert(name);
  for (const Option* option : broker_options().options()) {
    if (option->update == Update::kReadOnly) continue;
    const bool effective = option->set || defaults_of_topics.contains(option->name);
    EXPECT_TRUE(effective || machinery.contains(option->name) || not_served(option->name)) << option->name;
  }
}

TEST(BrokerConfig, ReadsATypicalKraftFile) {
  const auto loaded =
      load_broker_config({{"process.roles", "broker,controller"},
                          {"node.id", "7"},
                          {"controller.quorum.voters", "7@localhost:9093"},
                          {"listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"},
                          {"inter.broker.listener.name", "PLAINTEXT"},
                          {"advertised.listeners", "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093"},
                          {"controller.listener.names", "CONTROLLER"},
                          {"log.dirs", "/data/a, /data/b"},
                          {"offsets.topic.replication.factor", "1"}});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->config.node_id, BrokerId{7});
  EXPECT_THAT(loaded->config.quorum_voters, ElementsAre(Voter{BrokerId{7}, "localhost", 9093}));
  EXPECT_THAT(loaded->config.log_dirs, ElementsAre("/data/a", "/data/b"));
  EXPECT_THAT(loaded->config.advertised_listeners,
              ElementsAre(Listener{.name = "PLAINTEXT", .host = "localhost", .port = 9092}));
  EXPECT_EQ(loaded->config.properties.at("broker.id"), "7");
  EXPECT_THAT(loaded->warnings, ElementsAre());
}

TEST(BrokerConfig, ReportsEveryMistakeAtOnce) {
  const auto text = problems({{"num.partitions", "none"},
                              {"message.max.bytes", "-1"},
                              {"listeners", "PLAINTEXT://:9092,SSL://:9092"},
                              {"replica.fetch.wait.max.ms", "7000"},
                              {"replica.lag.time.max.ms", "6500"},
                              {"log.retension.ms", "1"}});
  EXPECT_THAT(text, HasSubstr("num.partitions: Not a number of type INT"));
  EXPECT_THAT(text, HasSubstr("message.max.bytes: Value must be at least 0"));
  EXPECT_THAT(text, HasSubstr("listeners: PLAINTEXT and SSL have the same port 9092"));
  EXPECT_THAT(text, HasSubstr("replica.fetch.wait.max.ms=7000 and replica.lag.time.max.ms=6500 contradict"));
  EXPECT_THAT(text, HasSubstr("did you mean log.retention.ms?"));
}

TEST(BrokerConfig, UnknownOptionsOnlyWarn) {
  const auto loaded = load_broker_config({{"num.partition", "3"}, {"zookeeper.connect", "zoo:2181"}});
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->warnings, ElementsAre("unknown option num.partition; did you mean num.partitions?",
                                            "ignored, there is no ZooKeeper here: zookeeper.connect"));
}

TEST(BrokerConfig, OptionsOfListenersAndPlugInsAreNotUnknown) {
  const auto loaded = load_broker_config({{"listener.name.internal.ssl.keystore.location", "/k"},
                                          {"listener.name.internal.scram-sha-256.sasl.jaas.config", "x"},
                                          {"super.users", "User:admin"},
                                          {"rsm.config.bucket", "b"}});
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->warnings, ElementsAre());
}

TEST(BrokerConfig, FindsContradictions) {
  EXPECT_THAT(problems({{"node.id", "1"}, {"broker.id", "2"}}), HasSubstr("two names of one setting"));
  EXPECT_THAT(problems({{"inter.broker.listener.name", "X"}}), HasSubstr("X is not one of the advertised listeners"));
  EXPECT_THAT(problems({{"advertised.listeners", "PLAINTEXT://0.0.0.0:9092"}}),
              HasSubstr("no address that a client can reach"));
  EXPECT_THAT(problems({{"advertised.listeners", "SSL://h:1"}}), HasSubstr("SSL is not one of listeners"));
  EXPECT_THAT(problems({{"controller.listener.names", "CONTROLLER"}}), HasSubstr("CONTROLLER is not one of listeners"));
  EXPECT_THAT(problems({{"listeners", "INTERNAL://:9092"}}), HasSubstr("no entry in listener.security.protocol.map"));
}

TEST(BrokerConfig, ReadsANodeThatIsOnlyAController) {
  const Properties file{{"process.roles", "controller"},
                        {"node.id", "3"},
                        {"controller.quorum.voters", "3@c:9093"},
                        {"listeners", "CONTROLLER://:9093"},
                        {"controller.listener.names", "CONTROLLER"}};
  const auto loaded = load_broker_config(file);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_FALSE(loaded->config.is_broker);
  EXPECT_THAT(loaded->config.advertised_listeners, ElementsAre());
  EXPECT_THAT(loaded->config.advertised_controllers, ElementsAre(Listener{.name = "CONTROLLER", .port = 9093}));
  EXPECT_TRUE(starts_among_others(loaded->config));
  EXPECT_FALSE(has_other_nodes(loaded->config));
  auto with_clients = file;
  with_clients["listeners"] = "CONTROLLER://:9093,PLAINTEXT://:9092";
  EXPECT_THAT(problems(with_clients), HasSubstr("PLAINTEXT is for clients, and this node is only a controller"));
}

TEST(BrokerConfig, TellsOtherControllersWhatItAdvertises) {
  const auto loaded = load_broker_config({{"controller.quorum.bootstrap.servers", "localhost:9093"},
                                          {"listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"},
                                          {"advertised.listeners", "PLAINTEXT://a:9092,CONTROLLER://b:19093"},
                                          {"controller.listener.names", "CONTROLLER"}});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_THAT(loaded->config.advertised_controllers,
              ElementsAre(Listener{.name = "CONTROLLER", .host = "b", .port = 19093}));
  EXPECT_TRUE(quorum_bootstrap_servers(loaded->config).empty()) << "it is the only one that is named";
}

TEST(BrokerConfig, JoinsWithoutAnIdOfItsOwn) {
  const auto joins = load_broker_config({{"thalweg.join", "a:9092,b:9092"}});
  ASSERT_TRUE(joins) << joins.error().message;
  EXPECT_EQ(join_servers(joins->config).size(), 2u);
  EXPECT_TRUE(has_other_nodes(joins->config));
  EXPECT_TRUE(lets_the_cluster_choose_its_id(joins->config));
  const auto named = load_broker_config({{"thalweg.join", "a:9092"}, {"node.id", "7"}});
  EXPECT_FALSE(lets_the_cluster_choose_its_id(named->config));
  EXPECT_FALSE(lets_the_cluster_choose_its_id(load_broker_config({})->config));
  EXPECT_FALSE(starts_among_others(load_broker_config({})->config));
  EXPECT_THAT(problems({{"thalweg.join", "a"}}), HasSubstr("thalweg.join: 'a' has no port"));
}

TEST(BrokerConfig, RefusesWhatWouldLeaveItOpenOrAlone) {
  EXPECT_THAT(problems({{"listeners", "PLAINTEXT://:9092,SASL_SSL://:9093"}}),
              HasSubstr("listeners: SASL_SSL speaks SASL_SSL, which is not served yet"));
  EXPECT_THAT(problems({{"authorizer.class.name", "org.example.Authorizer"}}), HasSubstr("ACLs are not served yet"));
  EXPECT_THAT(problems({{"process.roles", "broker"}}), HasSubstr("is only a broker needs controller.quorum.voters"));
  EXPECT_THAT(problems({{"process.roles", "controller"}, {"controller.quorum.voters", "1@a:9093,2@b:9093"}}),
              HasSubstr("a node that is only a controller needs a listener"));
  EXPECT_THAT(problems({{"node.id", "3"}, {"controller.quorum.voters", "1@a:9093,2@b:9093"}}),
              HasSubstr("does not name this node (3)"));
  EXPECT_THAT(problems({{"controller.quorum.bootstrap.servers", "a:9093,b"}}), HasSubstr("'b' has no port"));
}

TEST(Listeners, ReadsAddressesOfBothFamilies) {
  const auto map = parse_protocol_map("A:PLAINTEXT, b:sasl_ssl");
  ASSERT_TRUE(map);
  const auto listeners = parse_listeners("A://10.0.0.1:9092,B://[::1]:9092", *map);
  ASSERT_TRUE(listeners) << listeners.error().message;
  EXPECT_THAT(*listeners, ElementsAre(Listener{"A", "10.0.0.1", 9092, SecurityProtocol::kPlaintext},
                                      Listener{"B", "::1", 9092, SecurityProtocol::kSaslSsl}));
  EXPECT_EQ(to_string(listeners->back()), "B://[::1]:9092");
  EXPECT_TRUE(check_distinct_ports(*listeners));  // one port for IPv4 and IPv6
  for (const auto* bad : {"A:9092", "://:1", "A://h", "A://h:99999", "A://::1:9092", "A://h:1,A://h:2"})
    EXPECT_FALSE(parse_listeners(bad, *map)) << bad;
}

TEST(Listeners, ReadsLimitsOfAddresses) {
  EXPECT_THAT(*parse_address_limits("10.0.0.1:100, [::1]:2,fe80:0:0:0::7:0"),
              ElementsAre(Pair("10.0.0.1", 100), Pair("::1", 2), Pair("fe80::7", 0)));
  EXPECT_TRUE(parse_address_limits("")->empty());
  for (const auto* bad : {"10.0.0.1", "10.0.0.1:x", "10.0.0.1:-1", "10.0.0.1:", "localhost:3", ":3"})
    EXPECT_FALSE(parse_address_limits(bad)) << bad;
}

TEST(Listeners, ReadsVoters) {
  EXPECT_THAT(*parse_voters("1@a:9093,2@[::1]:9094"),
              ElementsAre(Voter{BrokerId{1}, "a", 9093}, Voter{BrokerId{2}, "::1", 9094}));
  for (const auto* bad : {"a:9093", "x@a:1", "1@a", "1@a:1,1@b:2"}) EXPECT_FALSE(parse_voters(bad)) << bad;
}

TEST(BrokerConfig, TakesKafkasReplicaSelectorsAndNoOthers) {
  const auto selector = [](const char* name) { return load_broker_config({{"replica.selector.class", name}}); };
  constexpr const char* kRackAwareName = "org.apache.kafka.common.replica.RackAwareReplicaSelector";
  EXPECT_EQ(load_broker_config({})->config.replica_selector, ReplicaSelector::kLeader);
  EXPECT_EQ(selector(kRackAwareName)->config.replica_selector, ReplicaSelector::kRackAware);
  EXPECT_EQ(selector("org.apache.kafka.common.replica.LeaderSelector")->config.replica_selector,
            ReplicaSelector::kLeader);
  EXPECT_THAT(selector("com.example.Mine").error().message, HasSubstr("there is no class com.example.Mine here"));
}

}  // namespace
}  // namespace thalweg::config

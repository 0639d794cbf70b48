// Kafka's tools for clusters, against a cluster that a test arranges. What they print was recorded from Kafka 4.3.1.
#include <gtest/gtest.h>

#include "cli/kafka_reassign_partitions.h"
#include "cli/metadata_version.h"
#include "cli/testing_cluster.h"
#include "protocol/add_raft_voter_request.h"
#include "protocol/add_raft_voter_response.h"
#include "protocol/remove_raft_voter_request.h"
#include "protocol/remove_raft_voter_response.h"
#include "protocol/update_features_request.h"
#include "protocol/update_features_response.h"

namespace thalweg::cli {
namespace {

Task<Ran> ask(const Shard* shard, FakeCluster& cluster, const char* tool, Arguments arguments) {
  arguments.insert(arguments.end(), {"--bootstrap-server", to_string(cluster.broker.endpoint)});
  co_return co_await cluster.run(shard, find_tool(tool), std::move(arguments));
}

TEST(KafkaTopics, ShowsWhoMayLeadBesideTheReplicasInSync) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = {{kFirst, {1, ids({1, 2, 3}), ids({1}), {}, {}, ids({3, 2})}}};
    const auto ran = co_await ask(shard, cluster, "kafka-topics", {"--describe", "--topic", "orders"});
    EXPECT_EQ(ran.code, 0) << ran.out;
    EXPECT_EQ(ran.out,
              "Topic: orders\tPartitionCount: 1\tReplicationFactor: 3\tConfigs: min.insync.replicas=2\n"
              "\tTopic: orders\tPartition: 0\tLeader: 1\tReplicas: 1,2,3\tIsr: 1\tElr: 3,2\tLastKnownElr: \n");
  });
}

TEST(KafkaMetadataQuorum, DescribesStatusAndReplication) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    const auto status = co_await ask(shard, cluster, "kafka-metadata-quorum", {"describe", "--status"});
    EXPECT_EQ(status.code, 0) << status.err;
    EXPECT_EQ(status.out,
              "ClusterId:              AAAAAAAAAAAAAAAAAAAAAQ\n"
              "LeaderId:               2\n"
              "LeaderEpoch:            5\n"
              "HighWatermark:          40\n"
              "MaxFollowerLag:         1\n"
              "MaxFollowerLagTimeMs:   0\n"
              "CurrentVoters:          [{\"id\": 1, \"directoryId\": \"AAAAAAAAAAEAAAAAAAAAAQ\", \"endpoints\": "
              "[\"CONTROLLER://host:19092\"]}, {\"id\": 2, \"directoryId\": \"AAAAAAAAAAEAAAAAAAAAAg\", \"endpoints\": "
              "[\"CONTROLLER://host:19093\"]}, {\"id\": 3, \"directoryId\": \"AAAAAAAAAAEAAAAAAAAAAw\", \"endpoints\": "
              "[\"CONTROLLER://host:19094\"]}]\n"
              "CurrentObservers:       []\n");
    const auto lines = co_await ask(shard, cluster, "kafka-metadata-quorum", {"describe", "--replication"});
    EXPECT_TRUE(lines.out.starts_with(
        "NodeId\tDirectoryId           \tLogEndOffset\tLag\tLastFetchTimestamp\tLastCaughtUpTimestamp\tStatus  \t\n"
        "2     \tAAAAAAAAAAEAAAAAAAAAAg\t41          \t0  \t1700000000000     \t1700000000000        \tLeader  \t\n"
        "1     \tAAAAAAAAAAEAAAAAAAAAAQ\t40          \t1  \t1700000000000     \t1700000000000        \tFollower\t\n"))
        << lines.out;
    const auto both = co_await ask(shard, cluster, "kafka-metadata-quorum", {"describe", "--status", "--replication"});
    EXPECT_EQ(both.code, 1);
    EXPECT_EQ(both.err, "Only one of --status or --replication should be specified with describe sub-command\n");
  });
}

TEST(KafkaMetadataQuorum, TakesAControllersVote) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    using namespace protocol;
    cluster.broker.on<RemoveRaftVoterRequest, RemoveRaftVoterResponse>([](const auto& request) {
      RemoveRaftVoterResponse response;
      response.error_message.reset();
      if (request.voter_id != BrokerId{3}) {
        response.error_code = ErrorCode::kVoterNotFound;
        response.error_message = "Cannot remove voter.";
      }
      return response;
    });
    const std::string directory = to_string(Uuid{1, 3});
    const auto removing = [&](std::string id, std::string at) {
      return Arguments{"remove-controller", "--controller-id", id, "--controller-directory-id", at};
    };
    const auto removed = co_await ask(shard, cluster, "kafka-metadata-quorum", removing("3", directory));
    EXPECT_EQ(removed.out, "Removed  KRaft controller 3 with directory id " + directory + "\n") << removed.err;
    const auto unknown = co_await ask(shard, cluster, "kafka-metadata-quorum", removing("9", directory));
    EXPECT_EQ(unknown.code, 1);
    EXPECT_EQ(unknown.err, "org.apache.kafka.common.errors.VoterNotFoundException: Cannot remove voter.\n");
    auto dry = removing("9", directory);
    dry.emplace_back("--dry-run");
    EXPECT_EQ((co_await ask(shard, cluster, "kafka-metadata-quorum", dry)).out,
              "DRY RUN of removing  KRaft controller 9 with directory id " + directory + "\n");
    const auto wrong = co_await ask(shard, cluster, "kafka-metadata-quorum", removing("3", "x"));
    EXPECT_EQ(wrong.code, 1);
    EXPECT_TRUE(wrong.err.starts_with("Failed to parse --controller-directory-id: ")) << wrong.err;
  });
}

TEST(KafkaMetadataQuorum, GivesTheControllerOfAFileAVote) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    using namespace protocol;
    std::optional<AddRaftVoterRequest> asked;
    cluster.broker.on<AddRaftVoterRequest, AddRaftVoterResponse>([&](const auto& request) {
      asked = request;
      AddRaftVoterResponse response;
      response.error_message.reset();
      return response;
    });
    const std::string directory = testing::TempDir() + "/add-controller";
    const std::string settings =
        "node.id=3\nprocess.roles=broker,controller\nlisteners=PLAINTEXT://:9092,CONTROLLER://c:9093\n"
        "controller.listener.names=CONTROLLER\ncontroller.quorum.bootstrap.servers=a:9093\nlog.dirs=" +
        directory + "\n";
    cluster.terminal.files["server.properties"] = settings;
    cluster.terminal.files["client.properties"] = "client.id=me\n";
    CHECK(shard->disk.remove_directory(directory));  // of an earlier run
    const auto adding = [](std::string file) { return Arguments{"add-controller", "--command-config", file}; };
    const auto early = co_await ask(shard, cluster, "kafka-metadata-quorum", adding("server.properties"));
    EXPECT_TRUE(early.err.ends_with("Unable to read meta.properties from " + directory + "\n")) << early.err;
    CHECK(co_await shard->disk.make_durable_directory(directory));
    const std::string meta = "directory.id=" + to_string(Uuid{1, 3}) + "\n";
    CHECK(co_await shard->disk.replace_file(directory + "/meta.properties",
                                            SharedBytes::copy_of(std::string_view(meta))));
    const auto added = co_await ask(shard, cluster, "kafka-metadata-quorum", adding("server.properties"));
    EXPECT_EQ(added.out,
              "Added controller 3 with directory id AAAAAAAAAAEAAAAAAAAAAw and endpoints: "
              "CONTROLLER://c:9093\n")
        << added.err;
    CHECK(asked);
    EXPECT_EQ(asked->voter_id, BrokerId{3});
    EXPECT_EQ(asked->voter_directory_id, (Uuid{1, 3}));
    EXPECT_EQ(asked->listeners.at(0).host, "c");
    const auto wrong = co_await ask(shard, cluster, "kafka-metadata-quorum", adding("client.properties"));
    EXPECT_EQ(wrong.err, "node.id not found in configuration file. Is this a valid controller configuration file?\n");
    EXPECT_EQ((co_await ask(shard, cluster, "kafka-metadata-quorum", {"add-controller"})).err,
              "You must supply the configuration file of the controller you are adding when using add-controller.\n");
  });
}

TEST(KafkaCluster, TellsItsIdAndItsNodes) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    EXPECT_EQ((co_await ask(shard, cluster, "kafka-cluster", {"cluster-id"})).out,
              "Cluster ID: AAAAAAAAAAAAAAAAAAAAAQ\n");
    cluster.down = {3};
    const auto listed = co_await ask(shard, cluster, "kafka-cluster", {"list-endpoints", "--include-fenced-brokers"});
    EXPECT_EQ(listed.out,
              "ID         HOST PORT       RACK       STATE      ENDPOINT_TYPE  \n"
              "1          host 9092       null       unfenced   broker         \n"
              "2          host 9093       null       unfenced   broker         \n"
              "3          host 9094       null       fenced     broker         \n");
    const auto none = co_await ask(shard, cluster, "kafka-cluster", {"unregister", "--id", "9"});
    EXPECT_EQ(none.code, 0) << none.err;
    EXPECT_EQ(none.out, "The target cluster does not support the broker unregistration API.\n");
  });
}

TEST(KafkaCluster, AsksControllersForThemselves) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.is_controller = true;
    const auto listed = co_await cluster.run(
        shard, kafka_cluster, {"list-endpoints", "--bootstrap-controller", to_string(cluster.broker.endpoint)});
    EXPECT_TRUE(
        listed.out.starts_with("ID         HOST PORT       RACK       ENDPOINT_TYPE  \n"
                               "1          host 9092       null       controller     \n"))
        << listed.out << listed.err;
    const auto status =
        co_await cluster.run(shard, kafka_metadata_quorum,
                             {"--bootstrap-controller", to_string(cluster.broker.endpoint), "describe", "--status"});
    EXPECT_TRUE(status.out.starts_with("ClusterId:              AAAAAAAAAAAAAAAAAAAAAQ\n")) << status.err;
  });
}

TEST(KafkaFeatures, ShowsAndChangesLevels) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.broker.features = {{"metadata.version", {7, 30, 30}}, {"group.version", {0, 1, 0}}};
    const auto shown = co_await ask(shard, cluster, "kafka-features", {"describe"});
    EXPECT_EQ(shown.code, 0) << shown.err;
    EXPECT_EQ(shown.out,
              "Feature: group.version                             SupportedMinVersion: 0                "
              "SupportedMaxVersion: 1                FinalizedVersionLevel: 0                Epoch: 7\n"
              "Feature: metadata.version                          SupportedMinVersion: 3.3-IV3          "
              "SupportedMaxVersion: 4.3-IV0          FinalizedVersionLevel: 4.3-IV0          Epoch: 7\n");
    using namespace protocol;
    cluster.broker.on<UpdateFeaturesRequest, UpdateFeaturesResponse>([](const auto& request) {
      UpdateFeaturesResponse response;
      response.error_message.reset();
      if (request.feature_updates.at(0).feature != "group.version") {
        response.error_code = ErrorCode::kInvalidUpdateVersion;
        response.error_message = "It is not there.";
      }
      return response;
    });
    const auto raised = co_await ask(shard, cluster, "kafka-features", {"upgrade", "--feature", "group.version=1"});
    EXPECT_EQ(raised.out, "group.version was upgraded to 1.\n") << raised.err;
    const auto tried =
        co_await ask(shard, cluster, "kafka-features", {"downgrade", "--feature", "group.version=0", "--dry-run"});
    EXPECT_EQ(tried.out, "group.version can be downgraded to 0.\n");
    const auto refused = co_await ask(shard, cluster, "kafka-features", {"upgrade", "--feature", "x=1"});
    EXPECT_EQ(refused.code, 1);
    EXPECT_EQ(refused.out, "Could not upgrade x to 1. It is not there.\n");
    EXPECT_EQ(refused.err, "1 out of 1 operation(s) failed.\n");
    EXPECT_EQ((co_await ask(shard, cluster, "kafka-features", {"upgrade", "--feature", "x"})).err,
              "Can't parse feature=level string x: equals sign not found.\n");
  });
}

TEST(KafkaLogDirs, PrintsALineOfJson) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    const auto ran = co_await ask(shard, cluster, "kafka-log-dirs", {"--describe", "--broker-list", "1"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(
        ran.out,
        "Querying brokers for log directories information\n"
        "Received log directory information from brokers 1\n"
        "{\"brokers\":[{\"broker\":1,\"logDirs\":[{\"partitions\":[{\"partition\":\"orders-0\",\"size\":1000,"
        "\"offsetLag\":0,\"isFuture\":false},{\"partition\":\"orders-1\",\"size\":1000,\"offsetLag\":0,\"isFuture\":"
        "false}],\"error\":null,\"logDir\":\"/data\"}]}],\"version\":1}\n");
    const auto unknown = co_await ask(shard, cluster, "kafka-log-dirs", {"--describe", "--broker-list", "1,7"});
    EXPECT_EQ(unknown.code, 1);
    EXPECT_EQ(unknown.err,
              "ERROR: The given brokers do not exist from --broker-list: 7. Current existent brokers: 1,2,3\n");
  });
}

TEST(KafkaLeaderElection, ElectsAndTellsWhatItDid) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    cluster.partitions[kFirst].leader = 2;
    const Arguments preferred{"--election-type", "PREFERRED", "--topic", "orders", "--partition", "0"};
    EXPECT_EQ((co_await ask(shard, cluster, "kafka-leader-election", preferred)).out,
              "Successfully completed leader election (PREFERRED) for partitions orders-0\n");
    EXPECT_EQ((co_await ask(shard, cluster, "kafka-leader-election", preferred)).out,
              "Valid replica already elected for partitions orders-0\n");
    cluster.terminal.files["e.json"] =
        R"({"partitions":[{"topic":"orders","partition":0},{"topic":"orders","partition":1}]})";
    EXPECT_EQ((co_await ask(shard, cluster, "kafka-leader-election",
                            {"--election-type", "preferred", "--path-to-json-file", "e.json"}))
                  .out,
              "Valid replica already elected for partitions orders-0, orders-1\n");
  });
}

TEST(KafkaLeaderElection, RefusesWhatMakesNoSense) {
  const auto error = [](Arguments arguments) {
    const auto ran = run_tool(kafka_leader_election, std::move(arguments));
    EXPECT_EQ(ran.code, 1);
    return ran.err;
  };
  EXPECT_EQ(error({"--topic", "t"}), "Missing required option(s): bootstrap-server, election-type\n");
  EXPECT_EQ(error({"--bootstrap-server", "a:1", "--election-type", "preferred"}),
            "One and only one of the following options is required: topic, all-topic-partitions, path-to-json-file\n");
  EXPECT_EQ(error({"--bootstrap-server", "a:1", "--election-type", "preferred", "--topic", "t"}),
            "Missing required option(s): partition\n");
}

constexpr const char* kWanted =
    R"({"version":1,"partitions":[{"topic":"orders","partition":0,"replicas":[3,1]},{"topic":"orders","partition":1,"replicas":[2,3]}]})";

TEST(KafkaReassignPartitions, ExecutesListsVerifiesAndCancels) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    cluster.looks_until_moved = 1'000;
    cluster.terminal.files["r.json"] = kWanted;
    const char* tool = "kafka-reassign-partitions";
    EXPECT_EQ((co_await ask(shard, cluster, tool, {"--list"})).out, "No partition reassignments found.\n");
    const auto started = co_await ask(shard, cluster, tool, {"--execute", "--reassignment-json-file", "r.json"});
    EXPECT_EQ(started.code, 0) << started.out;
    EXPECT_EQ(
        started.out,
        "Current partition replica assignment\n\n"
        "{\"version\":1,\"partitions\":[{\"topic\":\"orders\",\"partition\":0,\"replicas\":[1,2],\"log_dirs\":[\"/"
        "data\","
        "\"/data\"]},{\"topic\":\"orders\",\"partition\":1,\"replicas\":[2,3],\"log_dirs\":[\"/data\",\"/data\"]}]}\n\n"
        "Save this to use as the --reassignment-json-file option during rollback\n"
        "Successfully started partition reassignments for orders-0,orders-1\n");
    EXPECT_EQ((co_await ask(shard, cluster, tool, {"--list"})).out,
              "Current partition reassignments:\norders-0: replicas: 3,1,2. adding: 3. removing: 2.\n");
    EXPECT_TRUE((co_await ask(shard, cluster, tool, {"--execute", "--reassignment-json-file", "r.json"}))
                    .out.starts_with("Cannot execute because there is an existing partition assignment."));
    const auto verified =
        co_await ask(shard, cluster, tool, {"--verify", "--reassignment-json-file", "r.json", "--preserve-throttles"});
    EXPECT_EQ(verified.out,
              "Status of partition reassignment:\nReassignment of partition orders-0 is still in progress.\n"
              "Reassignment of partition orders-1 is completed.\n\n");
    const auto back =
        co_await ask(shard, cluster, tool, {"--cancel", "--reassignment-json-file", "r.json", "--preserve-throttles"});
    EXPECT_EQ(back.out,
              "Successfully cancelled partition reassignment for: orders-0\n"
              "None of the specified partition moves are active.");
    EXPECT_TRUE(
        (co_await ask(shard, cluster, tool, {"--verify", "--reassignment-json-file", "r.json", "--preserve-throttles"}))
            .out.contains("There is no active reassignment of partition orders-0, but replica set is 1,2 rather than "
                          "3,1.\n"));
  });
}

TEST(KafkaReassignPartitions, ThrottlesItsMovesUntilTheyAreVerified) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    cluster.looks_until_moved = 3;
    cluster.terminal.files["r.json"] =
        R"({"partitions":[{"topic":"orders","partition":0,"replicas":[3,1]},{"topic":"orders","partition":1,"replicas":[1]}]})";
    const char* tool = "kafka-reassign-partitions";
    const auto started = co_await ask(shard, cluster, tool,
                                      {"--execute", "--reassignment-json-file", "r.json", "--throttle", "5000000"});
    EXPECT_TRUE(
        started.out.contains("Save this to use as the --reassignment-json-file option during rollback\n"
                             "Warning: You must run --verify periodically, until the reassignment completes, to ensure "
                             "the throttle is removed.\n"
                             "The inter-broker throttle limit was set to 5000000 B/s\n"
                             "Successfully started partition reassignments for orders-0,orders-1\n"))
        << started.out;
    using Settings = std::map<std::string, std::string>;
    const Settings rates{{"leader.replication.throttled.rate", "5000000"},
                         {"follower.replication.throttled.rate", "5000000"}};
    const Settings replicas{{"leader.replication.throttled.replicas", "0:1,0:2,1:2,1:3"},
                            {"follower.replication.throttled.replicas", "0:3,1:1"}};
    const std::map<std::string, Settings> all{{"1", rates}, {"2", rates}, {"3", rates}, {"orders", replicas}};
    EXPECT_EQ(cluster.configs, all);
    const Arguments verify{"--verify", "--reassignment-json-file", "r.json"};
    EXPECT_TRUE((co_await ask(shard, cluster, tool, verify)).out.contains("still in progress"));
    EXPECT_EQ(cluster.configs, all) << "not before all is done";
    const auto done = co_await ask(shard, cluster, tool, verify);
    EXPECT_TRUE(
        done.out.ends_with("Reassignment of partition orders-1 is completed.\n\n"
                           "Clearing broker-level throttles on brokers 1,2,3\n"
                           "Clearing topic-level throttles on topic orders\n"))
        << done.out;
    EXPECT_TRUE(cluster.configs.empty());
  });
}

// A move that is under way keeps its sources, also when it is given other targets.
TEST(MoveThrottle, NamesWhoSendsAndWhoFetches) {
  const TopicPartition first{"orders", PartitionId{0}}, tenth{"orders", PartitionId{10}};
  const std::vector<admin::Reassignment> under_way{
      {.partition = first, .adding = ids({3}), .removing = ids({2}), .replicas = ids({3, 1, 2})}};
  const auto moves = moves_of(under_way, {{first, ids({4, 1})}, {tenth, ids({2, 3})}},
                              {{first, ids({3, 1, 2})}, {tenth, ids({1, 2})}});
  const auto replicas = throttled_replicas(moves);
  EXPECT_EQ(replicas.leaders.at("orders"), "0:1,0:2,10:1,10:2");
  EXPECT_EQ(replicas.followers.at("orders"), "0:4,10:3");
}

TEST(KafkaReassignPartitions, ProposesPlacesOnTheBrokersNamed) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    cluster.terminal.files["t.json"] = R"({"topics":[{"topic":"orders"}],"version":1})";
    const auto ran = co_await ask(shard, cluster, "kafka-reassign-partitions",
                                  {"--generate", "--topics-to-move-json-file", "t.json", "--broker-list", "1,3"});
    EXPECT_EQ(ran.code, 0) << ran.out;
    EXPECT_TRUE(
        ran.out.contains("\n\nProposed partition reassignment configuration\n"
                         "{\"version\":1,\"partitions\":[{\"topic\":\"orders\",\"partition\":0,\"replicas\":[1,3],"
                         "\"log_dirs\":[\"any\",\"any\"]},{\"topic\":\"orders\",\"partition\":1,\"replicas\":[3,1],"
                         "\"log_dirs\":[\"any\",\"any\"]}]}\n"))
        << ran.out;
  });
}

Task<std::string> refusal_of(const Shard* shard, FakeCluster& cluster, std::string json, Arguments more = {}) {
  cluster.terminal.files["r.json"] = std::move(json);
  more.insert(more.end(), {"--execute", "--reassignment-json-file", "r.json"});
  const auto ran = co_await ask(shard, cluster, "kafka-reassign-partitions", std::move(more));
  EXPECT_EQ(ran.code, 1);
  co_return ran.out;
}

TEST(KafkaReassignPartitions, MovesReplicasBetweenTheDirectoriesOfTheirBrokers) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    cluster.directories = {"/data", "/data2"};
    cluster.looks_until_there = 1;
    cluster.terminal.files["r.json"] =
        R"({"partitions":[{"topic":"orders","partition":0,"replicas":[1,2],"log_dirs":["/data2","any"]}]})";
    const char* tool = "kafka-reassign-partitions";
    const auto started =
        co_await ask(shard, cluster, tool,
                     {"--execute", "--reassignment-json-file", "r.json", "--replica-alter-log-dirs-throttle", "1000"});
    EXPECT_TRUE(started.out.ends_with(
        "The replica-alter-dir throttle limit was set to 1000 B/s\n"
        "Successfully started partition reassignment for orders-0\n"
        "Successfully started moving log directory to /data2 for replica orders-0 with broker 1 \n"))
        << started.out;
    EXPECT_EQ(cluster.configs.at("1").at("replica.alter.log.dirs.io.max.bytes.per.second"), "1000");
    const Arguments verify{"--verify", "--reassignment-json-file", "r.json"};
    EXPECT_EQ((co_await ask(shard, cluster, tool, verify)).out,
              "Status of partition reassignment:\nReassignment of partition orders-0 is completed.\n"
              "Reassignment of replica orders-0-1 is still in progress.\n");
    EXPECT_TRUE(cluster.configs.contains("1")) << "throttles stay until all is done";
    cluster.futures.clear();
    cluster.places[kFirst] = "/data2";
    EXPECT_TRUE((co_await ask(shard, cluster, tool, verify))
                    .out.contains("Reassignment of replica orders-0-1 completed successfully.\n"));
    EXPECT_TRUE(cluster.configs.empty());
  });
}

TEST(KafkaReassignPartitions, TakesMovesBetweenDirectoriesBack) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    cluster.directories = {"/data", "/data2"};
    cluster.futures[kFirst] = "/data2";
    cluster.terminal.files["r.json"] =
        R"({"partitions":[{"topic":"orders","partition":0,"replicas":[1,2],"log_dirs":["/data2","any"]}]})";
    const Arguments cancel{"--cancel", "--reassignment-json-file", "r.json", "--preserve-throttles"};
    EXPECT_EQ((co_await ask(shard, cluster, "kafka-reassign-partitions", cancel)).out,
              "None of the specified partition reassignments are active.\n"
              "Successfully started moving log directory to /data for replica orders-0 with broker 1 \n");
    EXPECT_TRUE(cluster.futures.empty());
    EXPECT_TRUE((co_await ask(shard, cluster, "kafka-reassign-partitions", cancel))
                    .out.ends_with("None of the specified partition moves are active."));
  });
}

TEST(KafkaReassignPartitions, SaysWhichReplicasCouldNotBeMovedInTime) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    cluster.directories = {"/data", "/data2"};
    cluster.looks_until_there = 1'000;
    cluster.terminal.files["r.json"] =
        R"({"partitions":[{"topic":"orders","partition":0,"replicas":[1,2],"log_dirs":["any","/data2"]}]})";
    const auto ran = co_await ask(shard, cluster, "kafka-reassign-partitions",
                                  {"--execute", "--reassignment-json-file", "r.json", "--timeout", "0"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_TRUE(ran.out.ends_with("Timed out before log directory move could be started for: orders-0-2\n")) << ran.out;
  });
}

TEST(KafkaReassignPartitions, RefusesWhatIsNotThere) {
  with_cluster([](const Shard* shard, FakeCluster& cluster) -> Task<> {
    cluster.partitions = two_orders();
    EXPECT_TRUE(
        (co_await refusal_of(shard, cluster,
                             R"({"partitions":[{"topic":"orders","partition":0,"replicas":[3],"log_dirs":["/b"]}]})"))
            .contains("Error: log_dirs: broker 3 has no log directory /b, for orders-0; it has /data"));
    EXPECT_EQ(
        co_await refusal_of(shard, cluster, R"({"partitions":[{"topic":"orders","partition":0,"replicas":[9]}]})"),
        "Error: Unknown broker id 9\n");
    EXPECT_EQ(
        co_await refusal_of(shard, cluster, R"({"partitions":[{"topic":"nosuch","partition":0,"replicas":[1]}]})"),
        "Error: org.apache.kafka.common.errors.UnknownTopicOrPartitionException: Topic nosuch not found.\n");
    EXPECT_EQ(co_await refusal_of(shard, cluster, R"({"partitions":[]})"),
              "Error: Partition reassignment list cannot be empty\n");
    EXPECT_TRUE(
        (co_await refusal_of(shard, cluster, "nonsense")).starts_with("Error: The input string is not a valid JSON"));
    EXPECT_EQ(cluster.broker.count(protocol::ApiKey::kAlterPartitionReassignments), 0);
  });
}

TEST(KafkaStorage, FormatsAndShowsDirectories) {
  platform::TestShards shards;
  FakeTerminal terminal;
  const auto run = [&](Arguments arguments) {
    terminal.out_text.clear();
    terminal.err_text.clear();
    const int code = platform::run_on(shards[0], kafka_storage({shards[0], terminal}, std::move(arguments)));
    return std::pair(code, terminal.out_text + terminal.err_text);
  };
  const std::string folder = testing::TempDir() + "kafka-storage-test", data = folder + "/data";
  ASSERT_TRUE(shards[0].disk.remove_directory(folder));
  terminal.files["server.properties"] = "node.id=4\nlog.dirs=" + data + "\n";
  EXPECT_EQ(run({"random-uuid"}).second.size(), 23u);
  EXPECT_EQ(run({"info", "-c", "server.properties"}),
            std::pair(1, "Found problem:\n  " + data + " does not exist\n\n"));
  const Arguments format{"format", "-t", "AAAAAAAAAAAAAAAAAAAAAQ", "-c", "server.properties", "--standalone"};
  EXPECT_EQ(run(format), std::pair(0, "Formatting metadata directory " + data + " with metadata.version 4.3-IV0.\n"));
  const auto info = run({"info", "-c", "server.properties"});
  EXPECT_EQ(info.first, 0);
  EXPECT_TRUE(info.second.starts_with("Found log directory:\n  " + data +
                                      "\n\nFound metadata: {cluster.id=AAAAAAAAAAAAAAAAAAAAAQ, directory.id="))
      << info.second;
  EXPECT_TRUE(info.second.ends_with(", node.id=4, version=1}\n\n")) << info.second;
  EXPECT_EQ(run(format), std::pair(1, "Log directory " + data +
                                          " is already formatted. Use --ignore-formatted to ignore this directory and "
                                          "format the others.\n"));
  auto again = format;
  again.emplace_back("--ignore-formatted");
  EXPECT_EQ(run(again), std::pair(0, std::string("All of the log directories are already formatted.\n")));
  again[2] = "AAAAAAAAAAAAAAAAAAAAAg";
  EXPECT_TRUE(run(again).second.starts_with("Invalid cluster.id in: "));
  auto scram = format;
  scram.insert(scram.end(), {"--add-scram", "SCRAM-SHA-256=[name=a,password=b]"});
  EXPECT_TRUE(run(scram).second.contains("--add-scram is not supported"));
  ASSERT_TRUE(shards[0].disk.remove_directory(folder));
}

TEST(MetadataVersion, HasTheNamesOfKafkasReleases) {
  EXPECT_EQ(metadata_version_name(30), "4.3-IV0");
  EXPECT_EQ(metadata_version_name(7), "3.3-IV3");
  EXPECT_EQ(metadata_version_name(99), "UNKNOWN 99");
  EXPECT_EQ(metadata_version_level("4.0"), 25);
  EXPECT_EQ(metadata_version_level("4.3-IV0"), 30);
  EXPECT_FALSE(metadata_version_level("9.9"));
}

}  // namespace
}  // namespace thalweg::cli

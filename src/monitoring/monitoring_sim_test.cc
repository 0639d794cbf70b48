// Metrics and health of a broker, asked over HTTP; in a simulation.
#include <gtest/gtest.h>

#include "broker/broker.h"
#include "broker/metadata_publisher.h"
#include "broker/testing_program.h"
#include "config/broker_config.h"
#include "monitoring/monitoring.h"
#include "network/channel.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/find_coordinator_request.h"
#include "protocol/find_coordinator_response.h"
#include "protocol/offset_commit_request.h"
#include "protocol/offset_commit_response.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"
#include "record/builder.h"
#include "sim/world.h"

namespace thalweg::monitoring {
namespace {
using namespace std::chrono_literals;

struct Program {
  std::unique_ptr<broker::Broker> broker;
  std::unique_ptr<Monitoring> monitoring;
  Result<> begun;
  bool started = false, stopped = false;
};

struct MonitoringTest : testing::Test {
  sim::World world{11};
  config::Properties more{{"metrics.listeners", "http://:9644"}};
  sim::Node* server = nullptr;
  sim::Node* client = nullptr;

  Program& start() {
    server = &world.add_node("server", 2, [this](sim::Node& node) { return program(node); });
    client = &world.add_node("client", 1, [](sim::Node&) { return nullptr; });
    server->start();
    client->start();
    auto& program = server->program<Program>();
    EXPECT_TRUE(world.run_until([&] { return program.started; }, 1min));
    return program;
  }
  std::shared_ptr<void> program(sim::Node& node) const {
    config::Properties properties{{"node.id", "1"},
                                  {"listeners", "PLAINTEXT://:9092"},
                                  {"advertised.listeners", "PLAINTEXT://server:9092"},
                                  {"log.dirs", "/data"},
                                  {"offsets.topic.replication.factor", "1"}};
    properties.insert(more.begin(), more.end());
    auto program = std::make_shared<Program>();
    program->broker = broker::make_broker(node, properties);
    const auto process = [] { return ProcessFigures{16u << 20, 1.5, 20, 1024}; };
    program->monitoring = std::make_unique<Monitoring>(*program->broker, Collector::About{"1.2", process});
    program->begun = program->monitoring->start();
    spawn(node.shard(0), run(program.get()));
    return program;
  }
  static Task<> run(Program* program) {
    CHECK(co_await program->broker->start());
    program->monitoring->serving();
    program->started = true;
  }
  static Task<std::string> get(const Shard* shard, std::string path, std::string more) {
    auto connection = co_await shard->network.connect({"server", 9644}, shard->clock.now() + 1s);
    if (!connection) co_return "no connection";
    const std::string request = "GET " + path + " HTTP/1.0\r\n" + more + "\r\n";
    CHECK(co_await (*connection)->write({SharedBytes::copy_of(request)}));
    std::string text;
    std::vector<std::byte> buffer(64 * 1024);
    for (;;) {
      const auto got = co_await (*connection)->read_some(buffer);
      if (!got || *got == 0) co_return text;
      text += as_text(BytesView(buffer).first(*got));
    }
  }
  std::string ask(const std::string& path, const std::string& more = "") {
    auto answer = world.run(*client, get(&client->shard(0), path, more));
    CHECK(answer);
    return *answer;
  }
  template <class Response, class Request>
  static Task<Result<Response>> send(const Shard* shard, Request request, std::int16_t version) {
    CO_TRY(const auto channel, co_await network::Channel::connect(*shard, {"server", 9092}, shard->clock.now() + 5s));
    co_return co_await channel->template send<Response>(std::move(request), version, shard->clock.now() + 30s);
  }
  template <class Response, class Request>
  Response kafka(Request request, std::int16_t version) {
    auto answer = world.run(*client, send<Response>(&client->shard(0), std::move(request), version));
    CHECK(answer && *answer);
    return std::move(**answer);
  }
  void create(const std::string& topic, int partitions) {
    protocol::CreateTopicsRequest request;
    auto& wanted = request.topics.emplace_back();
    wanted.name = topic;
    wanted.num_partitions = partitions;
    wanted.replication_factor = 1;
    request.timeout_ms = 10'000;
    kafka<protocol::CreateTopicsResponse>(std::move(request), 5);
  }
  void commit(const std::string& group, const std::string& topic, int partition, std::int64_t offset) {
    protocol::OffsetCommitRequest request;
    request.group_id = group;
    request.generation_id_or_member_epoch = -1;
    auto& wanted = request.topics.emplace_back();
    wanted.name = topic;
    auto& at = wanted.partitions.emplace_back();
    at.partition_index = PartitionId{partition};
    at.committed_offset = Offset{offset};
    // The first group of all makes the topic that its offsets go to.
    for (int tries = 0; tries < 100; ++tries) {
      const auto answer = kafka<protocol::OffsetCommitResponse>(request, 7);
      const auto error = answer.topics.at(0).partitions.at(0).error_code;
      if (error == ErrorCode::kNone) return;
      protocol::FindCoordinatorRequest find;
      find.key = group;
      kafka<protocol::FindCoordinatorResponse>(find, 3);
      world.run_for(100ms);
    }
    FAIL() << "offsets cannot be committed";
  }
  // One batch, a record for each time.
  void produce(const std::string& topic, int partition, const std::vector<Timestamp>& times, record::Codec codec) {
    record::BatchBuilder builder({.codec = codec});
    for (const Timestamp time : times) builder.append({.timestamp = time, .value = as_bytes("value")});
    protocol::ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 1000;
    auto& data = request.topic_data.emplace_back();
    data.name = topic;
    data.partition_data.push_back({PartitionId{partition}, builder.build()});
    kafka<protocol::ProduceResponse>(std::move(request), 9);
  }
  Timestamp wall() { return server->shard(0).clock.wall(); }
};

// The value of one sample; fails where there is none.
double value(const std::string& page, const std::string& series) {
  const auto at = page.find("\n" + series + " ");
  if (at == page.npos) {
    ADD_FAILURE() << "no " << series;
    return -1e9;
  }
  return std::stod(page.substr(at + series.size() + 2));
}
std::string status_of(const std::string& text) { return text.substr(9, 3); }

TEST_F(MonitoringTest, TellsProcessBuildAndCluster) {
  start();
  create("orders", 3);
  const auto page = ask("/metrics");
  EXPECT_EQ(status_of(page), "200");
  EXPECT_TRUE(page.contains("Content-Type: text/plain; version=0.0.4"));
  EXPECT_EQ(value(page, "process_cpu_seconds_total"), 1.5);
  EXPECT_EQ(value(page, "process_open_fds"), 20);
  EXPECT_EQ(value(page, "thalweg_build_info{version=\"1.2\"}"), 1);
  EXPECT_EQ(value(page, "kafka_brokers"), 1);
  EXPECT_EQ(value(page, "kafka_topic_partitions{topic=\"orders\"}"), 3);
  EXPECT_EQ(value(page, "kafka_topic_partition_leader{topic=\"orders\",partition=\"2\"}"), 1);
  EXPECT_EQ(value(page, "kafka_topic_partition_current_offset{topic=\"orders\",partition=\"2\"}"), 0);
  EXPECT_EQ(value(page, "kafka_controller_kafkacontroller_activecontrollercount"), 1);
  EXPECT_TRUE(ask("/metrics", "Accept: application/openmetrics-text;version=1.0.0\r\n").ends_with("# EOF\n"));
}

TEST_F(MonitoringTest, SinglePartitionsHaveABoundOnTheFirstPageOnly) {
  more["thalweg.metrics.partition.series.max"] = "2";
  start();
  create("orders", 3);
  const std::string series = "kafka_topic_partition_leader{topic=\"orders\",partition=\"0\"}";
  EXPECT_FALSE(ask("/metrics").contains(series));
  EXPECT_TRUE(ask("/metrics/detail").contains(series));
}

std::string of(const std::string& group, int partition) {
  return "{consumergroup=\"" + group + "\",topic=\"orders\",partition=\"" + std::to_string(partition) + "\"}";
}
std::string lag(const std::string& group, int partition) { return "kafka_consumergroup_lag" + of(group, partition); }
std::string age(const std::string& group, int partition) {
  return "kafka_consumergroup_lag_seconds" + of(group, partition);
}

// Against the plain truth, over random histories: a group at any offset is as many records behind as there are, and the
// oldest of them is as old as its own time says.
TEST_F(MonitoringTest, LagIsRightInRecordsAndInSeconds) {
  start();
  create("orders", 2);
  std::vector<Timestamp> times;
  auto& random = world.simulation;
  while (times.size() < 60) {
    std::vector<Timestamp> batch;
    for (auto n = 1 + random.below(8); n > 0; --n) batch.push_back(wall() - Timestamp(random.below(3'600'000)));
    produce("orders", 0, batch, random.below(2) ? record::Codec::kLz4 : record::Codec::kNone);
    times.insert(times.end(), batch.begin(), batch.end());
  }
  for (std::size_t at = 0; at <= times.size(); ++at) commit("g" + std::to_string(at), "orders", 0, std::int64_t(at));
  for (int again = 0; again < 2; ++again) {  // the second time from what is remembered
    const Timestamp before = wall();
    const auto page = ask("/metrics");
    const double slack = double(wall() - before) / 1e3 + 0.002;
    for (std::size_t at = 0; at < times.size(); ++at) {
      const std::string group = "g" + std::to_string(at);
      EXPECT_EQ(value(page, lag(group, 0)), double(times.size() - at));
      EXPECT_NEAR(value(page, age(group, 0)), double(before - times[at]) / 1e3, slack) << at;
    }
    const std::string last = "g" + std::to_string(times.size());
    EXPECT_EQ(value(page, lag(last, 0)), 0);
    EXPECT_EQ(value(page, age(last, 0)), 0);
  }
}

TEST_F(MonitoringTest, GroupsAreToldByTopicToo) {
  start();
  create("orders", 2);
  for (int partition = 0; partition < 2; ++partition)
    produce("orders", partition, {wall() - 10'000 * (1 + partition), wall()}, record::Codec::kNone);
  commit("billing", "orders", 0, 1);
  commit("billing", "orders", 1, 0);
  const auto page = ask("/metrics");
  const std::string topic = "{consumergroup=\"billing\",topic=\"orders\"}";
  EXPECT_EQ(value(page, "kafka_consumergroup_lag_sum" + topic), 3);
  EXPECT_EQ(value(page, "kafka_consumergroup_current_offset_sum" + topic), 1);
  EXPECT_NEAR(value(page, "kafka_consumergroup_lag_max_seconds" + topic), 20, 1);
  EXPECT_EQ(value(page, "kafka_consumergroup_members{consumergroup=\"billing\"}"), 0);
}

TEST_F(MonitoringTest, APassLooksForABoundedNumberOfAges) {
  auto& program = start();
  create("orders", 1);
  std::vector<Timestamp> times(LagAges::kLookupsMax + 50, wall());
  produce("orders", 0, times, record::Codec::kNone);
  LagAges ages(*program.broker);
  const auto image = program.broker->publisher().current_image();
  LagAges::Positions positions;
  for (std::size_t i = 0; i < times.size(); ++i)
    positions.push_back({{image->topic("orders")->id, PartitionId{0}}, Offset{std::int64_t(i)}});
  const auto first = world.run(*server, ages.find(positions));
  EXPECT_EQ(first->left_out, 50u);
  EXPECT_FALSE(first->times.back());
  const auto second = world.run(*server, ages.find(positions));
  EXPECT_EQ(second->left_out, 0u);
  EXPECT_EQ(second->times.back(), times.back());
}

TEST_F(MonitoringTest, ReadinessGoesFirst) {
  auto& program = start();
  EXPECT_EQ(status_of(ask("/livez")), "200");
  EXPECT_EQ(status_of(ask("/readyz")), "200");
  EXPECT_EQ(status_of(ask("/health")), "200");
  EXPECT_TRUE(ask("/readyz?verbose").contains("[+]registered ok\n"));
  EXPECT_TRUE(ask("/livez?verbose").contains("[+]event_loops ok\n[+]data_directories ok\nok\n"));
  program.monitoring->stopping();
  EXPECT_EQ(status_of(ask("/livez")), "200");
  const auto ready = ask("/readyz?verbose");
  EXPECT_EQ(status_of(ready), "503");
  EXPECT_TRUE(ready.contains("[-]serving failed: stopping\n"));
  EXPECT_EQ(status_of(ask("/readyz/serving")), "503");
  EXPECT_EQ(status_of(ask("/readyz/nothing")), "404");
  EXPECT_EQ(status_of(ask("/health")), "503");
  EXPECT_TRUE(ask("/health").contains("\"status\":\"stopping\""));
  EXPECT_TRUE(ask("/metrics").contains("process_cpu_seconds_total 1.5"));
}

TEST_F(MonitoringTest, ADirectoryThatCannotBeWrittenIsNotLive) {
  start();
  EXPECT_EQ(status_of(ask("/livez")), "200");
  server->disk().faults.capacity = server->disk().used_bytes();
  world.run_for(6s);
  EXPECT_EQ(status_of(ask("/livez")), "200");  // a full disk passes by itself
  CHECK(server->disk().rename("/data", "/gone"));
  world.run_for(6s);
  const auto live = ask("/livez");
  EXPECT_EQ(status_of(live), "503");
  EXPECT_TRUE(live.contains("[-]data_directories failed: "));
}

TEST_F(MonitoringTest, WithoutListenersNobodyIsThere) {
  more["metrics.listeners"] = "";
  start();
  EXPECT_EQ(ask("/metrics"), "no connection");
}

}  // namespace
}  // namespace thalweg::monitoring

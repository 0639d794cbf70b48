// AlterReplicaLogDirs on a broker with two log directories, over a connection, while clients write and the broker dies.
#include <gtest/gtest.h>

#include "base/log.h"
#include "broker/broker_shard.h"
#include "broker/directory_moves.h"
#include "broker/testing.h"
#include "protocol/alter_replica_log_dirs_request.h"
#include "protocol/alter_replica_log_dirs_response.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/delete_records_request.h"
#include "protocol/delete_records_response.h"
#include "protocol/delete_topics_request.h"
#include "protocol/delete_topics_response.h"
#include "protocol/describe_log_dirs_request.h"
#include "protocol/describe_log_dirs_response.h"
#include "protocol/incremental_alter_configs_request.h"
#include "protocol/incremental_alter_configs_response.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"
#include "record/builder.h"
#include "storage/log_manager.h"
#include "storage/pieces.h"

namespace thalweg::broker {
namespace {

using namespace std::chrono_literals;

class DirectoryMove : public ::testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kError);
    ASSERT_EQ(node_.ask<protocol::CreateTopicsResponse>(creation_of("orders")).topics[0].error_code, ErrorCode::kNone);
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  metadata::ImagePtr image() { return node_.broker().shards().front()->image(); }
  replica::PartitionKey key() { return {image()->topic(std::string_view("orders"))->id, PartitionId{0}}; }
  replica::PartitionPtr partition() { return node_.broker().owner_of(key()).partitions.find(key()); }

  auto begin_produce(std::size_t bytes = 10, int records = 1) {
    const std::string value(bytes, 'v');
    record::BatchBuilder builder;
    for (int i = 0; i < records; ++i)
      builder.append({.timestamp = sim::kStartOfTime, .key = as_bytes("k"), .value = as_bytes(value)});
    protocol::ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 20'000;
    auto& topic = request.topic_data.emplace_back();
    topic.name = "orders";
    topic.topic_id = key().topic_id;
    topic.partition_data.emplace_back().records = builder.build();
    return node_.begin<protocol::ProduceResponse>(request);
  }
  void produce(int batches, std::size_t bytes = 10) {
    for (int i = 0; i < batches; ++i)
      ASSERT_EQ(node_.wait_for(begin_produce(bytes)).responses[0].partition_responses[0].error_code, ErrorCode::kNone);
  }
  ErrorCode move(const std::string& directory, const std::string& topic = "orders") {
    protocol::AlterReplicaLogDirsRequest request;
    auto& wanted = request.dirs.emplace_back();
    wanted.path = directory;
    wanted.topics.push_back({topic, {PartitionId{0}}});
    const auto response = node_.ask<protocol::AlterReplicaLogDirsResponse>(request);
    return response.results.at(0).partitions.at(0).error_code;
  }
  // In which directory the replica lies, and where it is going.
  struct Places {
    std::string now, future;
    std::int64_t lag = 0;
    friend bool operator==(const Places&, const Places&) = default;
  };
  Places places() {
    Places places;
    protocol::DescribeLogDirsRequest request;
    request.topics.reset();
    for (const auto& directory : node_.ask<protocol::DescribeLogDirsResponse>(request).results)
      for (const auto& topic : directory.topics)
        for (const auto& p : topic.partitions) {
          if (topic.name != "orders") continue;
          (p.is_future_key ? places.future : places.now) = directory.log_dir;
          if (p.is_future_key) places.lag = p.offset_lag;
        }
    return places;
  }
  std::string other() { return places().now == "/data/a" ? "/data/b" : "/data/a"; }
  bool until(const std::function<bool()>& done, Instant within = 10s) { return node_.world().run_until(done, within); }
  bool lies_in(const std::string& directory) {
    for (int i = 0; i < 200; ++i) {
      if (places() == Places{directory, "", 0}) return true;
      node_.world().run_for(10ms);
    }
    return false;
  }
  void set_rate(const std::string& rate) {
    protocol::IncrementalAlterConfigsRequest request;
    auto& out = request.resources.emplace_back();
    out.resource_type = 4;
    out.resource_name = "1";
    out.configs.push_back({"replica.alter.log.dirs.io.max.bytes.per.second", 0, rate});
    ASSERT_EQ(node_.ask<protocol::IncrementalAlterConfigsResponse>(request).responses.at(0).error_code,
              ErrorCode::kNone);
  }

  BrokerUnderTest node_{{{"log.dirs", "/data/a,/data/b"}}};
};

TEST_F(DirectoryMove, AReplicaLiesInTheOtherDirectoryWithAllThatItHad) {
  produce(20);
  const std::string to = other();
  const auto epoch = partition()->leader_epoch();
  ASSERT_EQ(move(to), ErrorCode::kNone);
  ASSERT_TRUE(lies_in(to));
  EXPECT_EQ(partition()->log().end_offset(), Offset{20});
  EXPECT_EQ(partition()->high_watermark().value(), Offset{20});
  EXPECT_TRUE(partition()->has_led_since(epoch)) << "nobody noticed";
  produce(5);
  EXPECT_EQ(partition()->log().end_offset(), Offset{25});
  // The controller knows (KIP-858).
  const auto ids = node_.broker().logs().directory_ids();
  EXPECT_TRUE(until(
      [&] { return image()->partition("orders", PartitionId{0})->directory(BrokerId{1}) == ids.at(to == "/data/b"); }));
}

TEST_F(DirectoryMove, WritersWaitForAMomentAndNothingIsRefused) {
  produce(20);
  const std::string to = other();
  ASSERT_EQ(move(to), ErrorCode::kNone);
  int written = 20;
  for (int i = 0; i < 300; ++i, ++written) produce(1);
  ASSERT_TRUE(lies_in(to));
  EXPECT_EQ(partition()->log().end_offset(), Offset{written});
}

TEST_F(DirectoryMove, IsThrottled) {
  produce(50, 100'000);
  set_rate("1000000");
  node_.world().run_for(100ms);
  const std::string from = places().now, to = other();
  const Instant begun = node_.world().now();
  ASSERT_EQ(move(to), ErrorCode::kNone);
  node_.world().run_for(1s);
  const auto half_way = places();
  EXPECT_EQ(half_way.now, from);
  EXPECT_EQ(half_way.future, to);
  EXPECT_GT(half_way.lag, 0);
  while (places().now == from) node_.world().run_for(50ms);
  const Instant took = node_.world().now() - begun;
  EXPECT_GT(took, 3s) << "five megabytes at one a second, less what is saved up and the last piece";
  EXPECT_LT(took, 6s);
}

TEST_F(DirectoryMove, IsTakenBackByAMoveToWhereItLies) {
  produce(50, 100'000);
  set_rate("1000");
  node_.world().run_for(100ms);
  const std::string from = places().now;
  ASSERT_EQ(move(other()), ErrorCode::kNone);
  node_.world().run_for(100ms);
  EXPECT_NE(places().future, "");
  ASSERT_EQ(move(from), ErrorCode::kNone);
  EXPECT_EQ(places(), (Places{from, "", 0}));
}

TEST_F(DirectoryMove, AnswersInKafkasWords) {
  EXPECT_EQ(move("/elsewhere"), ErrorCode::kLogDirNotFound);
  EXPECT_EQ(move(places().now), ErrorCode::kNone) << "it lies there";
  EXPECT_EQ(move("/data/b", "nosuch"), ErrorCode::kUnknownTopicOrPartition);
}

TEST_F(DirectoryMove, TakesALogThatBeginsInsideOfABatch) {
  ASSERT_EQ(node_.wait_for(begin_produce(10, 10)).responses[0].partition_responses[0].error_code, ErrorCode::kNone);
  protocol::DeleteRecordsRequest request;
  request.timeout_ms = 1'000;
  auto& topic = request.topics.emplace_back();
  topic.name = "orders";
  topic.partitions.push_back({PartitionId{0}, Offset{5}});
  ASSERT_EQ(node_.ask<protocol::DeleteRecordsResponse>(request).topics.at(0).partitions.at(0).error_code,
            ErrorCode::kNone);
  const std::string to = other();
  ASSERT_EQ(move(to), ErrorCode::kNone);
  ASSERT_TRUE(lies_in(to));
  EXPECT_EQ(partition()->log().start_offset(), Offset{5});
  EXPECT_EQ(partition()->log().end_offset(), Offset{10});
}

// The log is in its new place, and its old folder still to go, when it is asked to come back.
TEST_F(DirectoryMove, OneThatHasJustArrivedIsMovedOn) {
  produce(20);
  const TopicPartition orders{"orders", PartitionId{0}};
  for (int i = 0; i < 10; ++i) {
    const std::string from = places().now, to = other();
    ASSERT_EQ(move(to), ErrorCode::kNone);
    ASSERT_TRUE(until([&] { return node_.broker().logs().directory_of_log(orders) == to; }));
    ASSERT_EQ(move(from), ErrorCode::kNone);
    ASSERT_TRUE(lies_in(from)) << i;
    EXPECT_EQ(partition()->log().end_offset(), Offset{20});
  }
}

TEST_F(DirectoryMove, OfATopicThatIsDeletedLeavesNothing) {
  produce(50, 100'000);
  set_rate("1000");
  node_.world().run_for(100ms);
  ASSERT_EQ(move(other()), ErrorCode::kNone);
  node_.world().run_for(100ms);
  protocol::DeleteTopicsRequest request;
  request.topics.emplace_back().name = "orders";
  ASSERT_EQ(node_.ask<protocol::DeleteTopicsResponse>(request).responses.at(0).error_code, ErrorCode::kNone);
  node_.world().run_for(2min);
  for (const std::string directory : {"/data/a", "/data/b"})
    for (const auto& entry : *node_.node().disk().list(directory))
      EXPECT_FALSE(entry.name.starts_with("orders")) << directory << "/" << entry.name;
}

// kill -9 at any moment of a move: what was acknowledged is there, and the move goes on by itself.
TEST_F(DirectoryMove, SurvivesAKillAtEachStep) {
  log::set_level(log::Level::kError);
  int written = 0, interrupted = 0;
  std::string at = places().now;
  for (int round = 0; round < 60; ++round) {
    produce(5);
    written += 5;
    const std::string to = at == "/data/a" ? "/data/b" : "/data/a";
    ASSERT_EQ(move(to), ErrorCode::kNone);
    node_.world().run_for(std::chrono::microseconds(400 * round));
    node_.restart();
    if (places().now == at) ++interrupted;
    ASSERT_TRUE(lies_in(to)) << "round " << round << ": " << places().now << ", " << places().future;
    ASSERT_EQ(partition()->log().end_offset(), Offset{written}) << "round " << round;
    at = to;
  }
  EXPECT_GT(interrupted, 3);
}

}  // namespace
}  // namespace thalweg::broker

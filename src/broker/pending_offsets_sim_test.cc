// Three brokers on simulated machines: what is pending in a transaction is pending at the next coordinator of the
// group, too, and its end counts there.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/controller_link.h"
#include "broker/group_coordinator.h"
#include "broker/testing_program.h"
#include "group/group_machine.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "sim/world.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;
using FetchedOffsets = protocol::OffsetFetchResponse::OffsetFetchResponseGroup;

constexpr int kClusterOfOffsets = 3;

class PendingOffsetsInACluster : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kNone);
    for (int id = 1; id <= kClusterOfOffsets; ++id) {
      const std::string host = "broker-" + std::to_string(id);
      const config::Properties settings{
          {"process.roles", "broker,controller"},
          {"node.id", std::to_string(id)},
          {"controller.quorum.voters", "1@broker-1:9093,2@broker-2:9093,3@broker-3:9093"},
          {"listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"},
          {"advertised.listeners", "PLAINTEXT://" + host + ":9092"},
          {"controller.listener.names", "CONTROLLER"},
          {"log.dirs", "/data"},
      };
      nodes_.push_back(
          &world_.add_node(host, 1, [settings](sim::Node& node) { return BrokerProgram::run(node, settings); }));
      nodes_.back()->start();
    }
    ASSERT_TRUE(world_.run_until(
        [this] {
          for (auto* node : nodes_)
            if (!node->program<BrokerProgram>().serves) return false;
          return true;
        },
        1min));
    create_offsets_topic();
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  // One partition, led by broker 1 while it is there.
  void create_offsets_topic() {
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = "__consumer_offsets";
    topic.num_partitions = topic.replication_factor = -1;
    topic.assignments.push_back({.broker_ids = {BrokerId{1}, BrokerId{2}, BrokerId{3}}});
    const auto made = world_.run(node(1), broker(1).controller().ask<protocol::CreateTopicsResponse>(
                                              request, 7, node(1).shard(0).clock.now() + 10s));
    ASSERT_TRUE(made && *made);
    ASSERT_EQ((*made)->topics.at(0).error_code, ErrorCode::kNone);
  }

  sim::Node& node(int id) { return *nodes_[std::size_t(id - 1)]; }
  Broker& broker(int id) { return *node(id).program<BrokerProgram>().broker; }
  static RequestContext context_at(Broker& broker) {
    auto& here = *broker.shards().front();
    return {.here = here, .connection = std::make_shared<ClientInfo>(), .image = here.image(), .request = {}};
  }
  template <class Response, class Request>
  static Task<Result<Response>> ask_at(Broker* broker, Request request) {
    const auto context = context_at(*broker);
    co_return co_await broker->groups().ask<Response>(context, "g", std::move(request));
  }
  template <class Response, class Request>
  Result<Response> ask(int id, Request request) {
    auto answer = world_.run(node(id), ask_at<Response>(&broker(id), std::move(request)));
    CHECK(answer);
    return std::move(*answer);
  }
  static Task<Result<>> end_at(Broker* broker, TransactionMarker marker) {
    const auto context = context_at(*broker);
    co_return co_await broker->groups().end_transaction(context, PartitionId{0}, marker);
  }
  ErrorCode commit(int id, std::int64_t offset) {
    protocol::TxnOffsetCommitRequest request{.transactional_id = "tx",
                                             .group_id = "g",
                                             .producer_id = {77},
                                             .producer_epoch = ProducerEpoch{0},
                                             .generation_id_or_member_epoch = -1};
    request.topics.push_back({.name = "orders", .partitions = {{.committed_offset = Offset{offset}}}});
    const auto answer = ask<protocol::TxnOffsetCommitResponse>(id, group::TransactionalCommit{std::move(request)});
    return answer ? answer->topics.at(0).partitions.at(0).error_code : answer.error().code;
  }
  ErrorCode end(int id, bool commit) {
    const auto ended = world_.run(node(id), end_at(&broker(id), {ProducerId{77}, ProducerEpoch{0}, 0, commit}));
    CHECK(ended);
    return *ended ? ErrorCode::kNone : ended->error().code;
  }
  // "5", "UNSTABLE_OFFSET_COMMIT", or why nobody says.
  std::string stable(int id) {
    group::FetchOffsets fetch{{.group_id = "g"}, true};
    fetch.group.topics.emplace().push_back({.name = "orders", .partition_indexes = {PartitionId{0}}});
    const auto answer = ask<FetchedOffsets>(id, fetch);
    if (!answer) return std::string(name(answer.error().code));
    const auto& partition = answer->topics.at(0).partitions.at(0);
    return partition.error_code == ErrorCode::kNone ? to_string(partition.committed_offset)
                                                    : std::string(name(partition.error_code));
  }
  // Who coordinates, once somebody does; 0: nobody within a minute.
  int coordinator() {
    for (int tries = 0; tries < 600; ++tries) {
      for (int id = 1; id <= kClusterOfOffsets; ++id) {
        if (!node(id).is_up() || !node(id).program<BrokerProgram>().serves) continue;
        const auto answer = ask<FetchedOffsets>(id, group::FetchOffsets{{.group_id = "g", .topics = std::nullopt}});
        if (answer) return id;
      }
      world_.run_for(100ms);
    }
    return 0;
  }

  sim::World world_{1};
  std::vector<sim::Node*> nodes_;
};

TEST_F(PendingOffsetsInACluster, AreEndedByTheNextCoordinator) {
  ASSERT_EQ(coordinator(), 1);
  ASSERT_EQ(commit(1, 5), ErrorCode::kNone);
  ASSERT_EQ(end(1, true), ErrorCode::kNone);
  ASSERT_EQ(commit(1, 6), ErrorCode::kNone);
  node(1).crash(sim::Crash::kKill);
  const int next = coordinator();
  ASSERT_GT(next, 1);
  EXPECT_EQ(stable(next), "UNSTABLE_OFFSET_COMMIT");
  EXPECT_EQ(end(5 - next, true), ErrorCode::kNotLeaderOrFollower) << "the other one does not lead";
  ASSERT_EQ(end(next, true), ErrorCode::kNone);
  EXPECT_EQ(stable(next), "6");
  ASSERT_EQ(commit(next, 7), ErrorCode::kNone);
  node(next).crash(sim::Crash::kKill);
  node(1).start();
  const int last = coordinator();
  ASSERT_GT(last, 0);
  EXPECT_EQ(stable(last), "UNSTABLE_OFFSET_COMMIT");
  ASSERT_EQ(end(last, false), ErrorCode::kNone);
  EXPECT_EQ(stable(last), "6");
}

}  // namespace
}  // namespace thalweg::broker

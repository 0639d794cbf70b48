// A broker that leads the user's topic, and a second one that coordinates transactions and does nothing else: it
// answers AddPartitionsToTxn as a test says. For tests of this module.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/log.h"
#include "broker/broker_shard.h"
#include "broker/controller_link.h"
#include "broker/metadata_publisher.h"
#include "broker/testing.h"
#include "network/server.h"
#include "protocol/add_partitions_to_txn_request.h"
#include "protocol/add_partitions_to_txn_response.h"
#include "protocol/api_versions_response.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"

namespace thalweg::broker {

using protocol::AddPartitionsToTxnRequest;
using protocol::AddPartitionsToTxnResponse;

// The same to everything that is asked.
inline AddPartitionsToTxnResponse answer_all(const AddPartitionsToTxnRequest& request, ErrorCode code) {
  AddPartitionsToTxnResponse response;
  for (const auto& transaction : request.transactions) {
    auto& result = response.results_by_transaction.emplace_back();
    result.transactional_id = transaction.transactional_id;
    for (const auto& topic : transaction.topics) {
      auto& of_topic = result.topic_results.emplace_back();
      of_topic.name = topic.name;
      for (const auto partition : topic.partitions)
        of_topic.results_by_partition.push_back({.partition_index = partition, .partition_error_code = code});
    }
  }
  return response;
}

// Speaks on coordinator:9092, as a broker does.
class FakeCoordinator {
 public:
  explicit FakeCoordinator(const Shard& shard)
      : shard_(shard), memory_(64u << 20), server_(shard, {}, memory_, [this](const network::ConnectionInfo&) {
          return std::make_unique<Session>(*this);
        }) {
    auto listener = shard.network.listen({"coordinator", 9092}, {});
    CHECK(listener);
    server_.serve(*std::move(listener), "PLAINTEXT");
  }

  std::vector<AddPartitionsToTxnRequest> asked;
  std::function<ErrorCode()> says = [] { return ErrorCode::kNone; };
  bool holds = false;  // answers later, when it is released
  void release() {
    holds = false;
    for (auto& held : std::exchange(held_, {})) held.set(true);
  }

 private:
  struct Session : network::Session {
    explicit Session(FakeCoordinator& all) : all(all) {}
    Task<network::Started> start(network::Request request) override { return all.answer(std::move(request)); }
    FakeCoordinator& all;
  };

  Task<network::Started> answer(network::Request request) {
    if (request.key() == protocol::ApiKey::kApiVersions) {
      protocol::ApiVersionsResponse response;
      response.api_keys.push_back({.api_key = 18, .min_version = 0, .max_version = 4});
      response.api_keys.push_back({.api_key = 24, .min_version = 0, .max_version = 5});
      co_return network::reply_to(request, response);
    }
    CHECK(request.key() == protocol::ApiKey::kAddPartitionsToTxn && request.version >= 4);
    auto message = request.decode<AddPartitionsToTxnRequest>();
    CHECK(message);
    asked.push_back(*message);
    if (holds) {
      const OneShot<bool> released;
      held_.push_back(released);
      co_await released.wait();
    }
    co_return network::reply_to(request, answer_all(*message, says()));
  }

  const Shard& shard_;
  Budget memory_;
  network::Server server_;
  std::vector<OneShot<bool>> held_;
};

class WithCoordinator : public ::testing::Test {
 protected:
  static constexpr BrokerId kCoordinator{2};
  // `more`: properties of the broker.
  explicit WithCoordinator(config::Properties more = {}) : broker_(with(std::move(more))) {}
  static config::Properties with(config::Properties more) {
    more["broker.session.timeout.ms"] = more["thalweg.broker.silence.ms"] = "6000000";
    return more;
  }
  void SetUp() override {
    log::set_level(log::Level::kError);
    node_ = &broker_.world().add_node("coordinator", 1,
                                      [](sim::Node& node) { return std::make_shared<FakeCoordinator>(node.shard(0)); });
    node_->start();
    register_coordinator();
    create("__transaction_state", {{kCoordinator}});
    create("orders", {{BrokerId{1}}, {BrokerId{1}}, {BrokerId{1}}});
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  template <class Response, class Request>
  Response ask_controller(Request request, std::int16_t version) {
    auto answer = broker_.world().run(
        broker_.node(), broker_.broker().controller().ask<Response>(std::move(request), version,
                                                                    broker_.world().now() + std::chrono::seconds(5)));
    CHECK(answer && *answer);
    return std::move(**answer);
  }
  void register_coordinator() {
    protocol::BrokerRegistrationRequest request;
    request.broker_id = kCoordinator;
    request.cluster_id = image()->cluster_id();
    request.incarnation_id = {7, 7};
    request.log_dirs = {Uuid{7, 1}};
    request.listeners.push_back({"PLAINTEXT", "coordinator", 9092, 0});
    for (const auto& [feature, level] : image()->features()) request.features.push_back({feature, 0, 100});
    const auto registered = ask_controller<protocol::BrokerRegistrationResponse>(request, 4);
    ASSERT_EQ(registered.error_code, ErrorCode::kNone);
    protocol::BrokerHeartbeatRequest beat;
    beat.broker_id = kCoordinator;
    beat.broker_epoch = registered.broker_epoch;
    beat.current_metadata_offset = broker_.broker().publisher().published().value();
    EXPECT_FALSE(ask_controller<protocol::BrokerHeartbeatResponse>(beat, 1).is_fenced);
  }
  void create(const std::string& name, const std::vector<std::vector<BrokerId>>& replicas) {
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = topic.replication_factor = -1;
    for (std::size_t i = 0; i < replicas.size(); ++i)
      topic.assignments.push_back({PartitionId{std::int32_t(i)}, replicas[i]});
    const auto created = broker_.ask<protocol::CreateTopicsResponse>(request);
    ASSERT_EQ(created.topics[0].error_code, ErrorCode::kNone) << created.topics[0].error_message.value_or("");
  }
  metadata::ImagePtr image() { return broker_.broker().shards().front()->image(); }
  FakeCoordinator& coordinator() { return node_->program<FakeCoordinator>(); }
  bool until(const std::function<bool()>& done, Instant within = std::chrono::seconds(5)) {
    return broker_.world().run_until(done, within);
  }

  BrokerUnderTest broker_;
  sim::Node* node_ = nullptr;
};

}  // namespace thalweg::broker

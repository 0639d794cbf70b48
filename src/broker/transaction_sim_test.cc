// Three brokers, of which one after the other is killed, and producers that begin, end and begin again, with answers
// that are lost: whatever happens to the coordinators, what a producer was answered stays so. The transactions here
// hold no partitions, so that their ends need no markers.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/testing_program.h"
#include "network/channel.h"
#include "protocol/add_partitions_to_txn_request.h"
#include "protocol/add_partitions_to_txn_response.h"
#include "protocol/describe_transactions_request.h"
#include "protocol/describe_transactions_response.h"
#include "protocol/end_txn_request.h"
#include "protocol/end_txn_response.h"
#include "protocol/find_coordinator_request.h"
#include "protocol/find_coordinator_response.h"
#include "protocol/init_producer_id_request.h"
#include "protocol/init_producer_id_response.h"
#include "sim/world.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;
using namespace protocol;

constexpr int kTransactionNodes = 3, kProducers = 4;

// One after the other under an id, as a new process would take over from the one before.
struct TransactionalProducer {
  std::string id;
  ProducerId producer = kNoProducerId;
  ProducerEpoch epoch = kNoProducerEpoch;
  int ended = 0, begun = 0;
  std::string broken;  // what must not be
};

class TransactionSim : public testing::TestWithParam<std::uint64_t> {
 protected:
  void SetUp() override { log::set_level(log::Level::kNone); }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  static std::string host(int node) { return "broker-" + std::to_string(node); }
  void start() {
    for (int node = 1; node <= kTransactionNodes; ++node) {
      const config::Properties properties{
          {"process.roles", "broker,controller"},
          {"node.id", std::to_string(node)},
          {"controller.quorum.voters", "1@broker-1:9093,2@broker-2:9093,3@broker-3:9093"},
          {"listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"},
          {"advertised.listeners", "PLAINTEXT://" + host(node) + ":9092"},
          {"controller.listener.names", "CONTROLLER"},
          {"transaction.state.log.num.partitions", "5"},
          {"log.dirs", "/data"}};
      nodes_.push_back(&world_.add_node(
          host(node), 1, [properties](sim::Node& machine) { return BrokerProgram::run(machine, properties); }));
      nodes_.back()->start();
    }
    client_ = &world_.add_node("client", 1, [](sim::Node&) { return nullptr; });
    client_->start();
    ASSERT_TRUE(world_.run_until([this] { return serving() == kTransactionNodes; }, 60s));
  }
  int serving() {
    return int(std::ranges::count_if(
        nodes_, [](auto* node) { return node->is_up() && node->template program<BrokerProgram>().serves; }));
  }

  // Asks the broker; nothing when there was no answer, or one that says to look elsewhere.
  template <class Response, class Request>
  static Task<std::optional<Response>> ask(TransactionSim* self, std::string to, Request request, int version) {
    const Shard& shard = self->client_->shard(0);
    const Instant deadline = shard.clock.now() + 2s;
    const auto channel = co_await network::Channel::connect(shard, {to, 9092}, deadline);
    if (!channel) co_return std::nullopt;
    auto answer = co_await (*channel)->template send<Response>(std::move(request), std::int16_t(version), deadline);
    if (!answer || self->random_() % 10 == 0) co_return std::nullopt;  // the answer is lost
    co_return std::move(*answer);
  }
  static bool is_passing(ErrorCode error) {
    return error == ErrorCode::kNotCoordinator || error == ErrorCode::kCoordinatorNotAvailable ||
           error == ErrorCode::kCoordinatorLoadInProgress || error == ErrorCode::kConcurrentTransactions;
  }
  static Task<std::string> coordinator_of(TransactionSim* self, std::string id) {
    for (;;) {
      FindCoordinatorRequest find;
      find.coordinator_keys = {id};
      find.key_type = 1;
      const auto any = host(1 + int(self->random_() % kTransactionNodes));
      const auto found = co_await ask<FindCoordinatorResponse>(self, any, find, 5);
      if (found && found->coordinators.at(0).error_code == ErrorCode::kNone) co_return found->coordinators[0].host;
      co_await self->client_->shard(0).clock.sleep_for(100ms);
    }
  }
  // Until somebody who coordinates the id has answered.
  template <class Response, class Request>
  static Task<Response> insist(TransactionSim* self, std::string id, Request request, int version) {
    for (;;) {
      const auto to = co_await coordinator_of(self, id);
      auto answer = co_await ask<Response>(self, to, request, version);
      if (answer && !is_passing(error_of(*answer))) co_return std::move(*answer);
      co_await self->client_->shard(0).clock.sleep_for(50ms);
    }
  }
  template <class Response>
  static ErrorCode error_of(const Response& response) {
    if constexpr (requires { response.error_code; })
      return response.error_code;
    else
      return ErrorCode::kNone;
  }

  static Task<> produce(TransactionSim* self, TransactionalProducer* me) {
    while (!self->stop_) {
      InitProducerIdRequest init;
      init.transactional_id = me->id;
      init.transaction_timeout_ms = 60'000;
      const auto begun = co_await insist<InitProducerIdResponse>(self, me->id, init, 5);
      if (begun.error_code != ErrorCode::kNone) co_return broke(*me, "init", begun.error_code);
      if (begun.producer_id == me->producer && begun.producer_epoch <= me->epoch)
        co_return broke(*me, "an epoch for the second time", ErrorCode::kNone);
      const auto fenced = *me;
      me->producer = begun.producer_id;
      me->epoch = begun.producer_epoch;
      ++me->begun;
      if (fenced.begun > 0) co_await expect_fenced(self, me, fenced);
      for (int i = 0; i < 3 && me->broken.empty() && !self->stop_; ++i) co_await one_transaction(self, me);
      if (!me->broken.empty()) co_return;
    }
    ++self->finished_;
  }
  static Task<> expect_fenced(TransactionSim* self, TransactionalProducer* me, TransactionalProducer before) {
    EndTxnRequest end;
    end.transactional_id = before.id;
    end.producer_id = before.producer;
    end.producer_epoch = before.epoch;
    end.committed = true;
    const auto answer = co_await insist<EndTxnResponse>(self, before.id, end, 5);
    // Who asks for the end that it has not begun is told so, if the epoch is the one before.
    if (answer.error_code != ErrorCode::kProducerFenced && answer.error_code != ErrorCode::kInvalidProducerIdMapping)
      broke(*me, "a fenced producer was not refused", answer.error_code);
  }
  static Task<> one_transaction(TransactionSim* self, TransactionalProducer* me) {
    AddPartitionsToTxnRequest add;
    add.v3_and_below_transactional_id = me->id;
    add.v3_and_below_producer_id = me->producer;
    add.v3_and_below_producer_epoch = me->epoch;
    co_await insist<AddPartitionsToTxnResponse>(self, me->id, add, 3);
    EndTxnRequest end;
    end.transactional_id = me->id;
    end.producer_id = me->producer;
    end.producer_epoch = me->epoch;
    // Without partitions nobody is told whether the addition was refused: an abort is right whatever it was.
    end.committed = false;
    const auto ended = co_await insist<EndTxnResponse>(self, me->id, end, 5);
    if (ended.error_code != ErrorCode::kNone) co_return broke(*me, "end", ended.error_code);
    if (ended.producer_id != me->producer || ended.producer_epoch.value != me->epoch.value + 1)
      co_return broke(*me, "not the next epoch", ErrorCode::kNone);
    me->epoch = ended.producer_epoch;
    ++me->ended;
  }
  static void broke(TransactionalProducer& producer, const std::string& what, ErrorCode error) {
    producer.broken = producer.id + ": " + what + " " + std::string(name(error));
  }
  static Task<> describe(TransactionSim* self, std::string id, std::shared_ptr<std::string> state) {
    DescribeTransactionsRequest request;
    request.transactional_ids = {id};
    for (;;) {
      const auto answer = co_await insist<DescribeTransactionsResponse>(self, id, request, 0);
      const auto& one = answer.transaction_states.at(0);
      if (one.error_code == ErrorCode::kNone && !one.transaction_state.starts_with("Prepare")) {
        *state = one.transaction_state;
        co_return;
      }
      co_await self->client_->shard(0).clock.sleep_for(100ms);
    }
  }

  std::mt19937_64 random_{GetParam()};
  sim::World world_{GetParam()};
  std::vector<sim::Node*> nodes_;
  sim::Node* client_ = nullptr;
  bool stop_ = false;
  int finished_ = 0;
};

TEST_P(TransactionSim, WhatAProducerWasAnsweredOutlivesItsCoordinators) {
  start();
  std::vector<TransactionalProducer> producers(kProducers);
  for (int i = 0; i < kProducers; ++i) producers[std::size_t(i)].id = "tx-" + std::to_string(i);
  for (auto& producer : producers) spawn(client_->shard(0), produce(this, &producer));
  for (int kill = 0; kill < 4; ++kill) {
    world_.run_for(Millis(1000 + std::int64_t(random_() % 3000)));
    auto& victim = *nodes_[random_() % nodes_.size()];
    victim.crash(random_() % 2 == 0 ? sim::Crash::kKill : sim::Crash::kPowerLoss);
    world_.run_for(Millis(500 + std::int64_t(random_() % 4000)));
    victim.start();
    ASSERT_TRUE(world_.run_until([this] { return serving() == kTransactionNodes; }, 2min));
  }
  stop_ = true;
  ASSERT_TRUE(world_.run_until(
      [&] {
        return finished_ == kProducers || std::ranges::any_of(producers, [](auto& p) { return !p.broken.empty(); });
      },
      5min));
  for (const auto& producer : producers) {
    EXPECT_EQ(producer.broken, "");
    EXPECT_GT(producer.ended, 3) << producer.id;
  }
  if (HasFailure()) return;
  std::vector<std::shared_ptr<std::string>> states;
  for (const auto& producer : producers)
    spawn(client_->shard(0), describe(this, producer.id, states.emplace_back(std::make_shared<std::string>())));
  EXPECT_TRUE(world_.run_until([&] { return std::ranges::none_of(states, [](auto& s) { return s->empty(); }); }, 1min))
      << "a transaction does not end";
}

INSTANTIATE_TEST_SUITE_P(Seeds, TransactionSim, testing::Range<std::uint64_t>(1, 7));

}  // namespace
}  // namespace thalweg::broker

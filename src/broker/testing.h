// A broker in a simulation, asked over a connection as its clients do.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "broker/testing_program.h"
#include "config/broker_config.h"
#include "metrics/snapshot.h"
#include "network/channel.h"
#include "sim/world.h"

namespace thalweg::broker {

using ChannelPtr = std::shared_ptr<network::Channel>;

class BrokerUnderTest {
 public:
  explicit BrokerUnderTest(config::Properties more = {}, unsigned shards = 2) {
    config::Properties properties{{"node.id", "1"},
                                  {"listeners", "PLAINTEXT://:9092"},
                                  {"advertised.listeners", "PLAINTEXT://broker:9092"},
                                  {"log.dirs", "/data"}};
    for (const auto& [option, value] : more) properties[option] = value;
    node_ = &world_.add_node("broker", shards,
                             [properties](sim::Node& node) { return BrokerProgram::run(node, properties); });
    client_ = &world_.add_node("client", 1, [](sim::Node&) { return nullptr; });
    client_->start();
    start();
  }

  // Sends the request in `version` and gives the answer.
  template <class Response, class Request>
  Response ask(Request request, std::int16_t version = Request::kMaxVersion) {
    auto answer = world_.run(*client_, send<Response>(&client_->shard(0), std::move(request), version));
    CHECK(answer && *answer);
    return std::move(**answer);
  }
  // The same over a connection that stays, or the reason why it failed.
  template <class Response, class Request>
  Result<Response> try_ask(const ChannelPtr& channel, Request request, std::int16_t version = Request::kMaxVersion) {
    auto answer = world_.run(*client_, send_on<Response>(&client_->shard(0), channel, std::move(request), version));
    CHECK(answer);
    return std::move(*answer);
  }
  Result<ChannelPtr> connect() {
    const Instant deadline = client_->shard(0).clock.now() + std::chrono::seconds(5);
    auto channel = world_.run(*client_, network::Channel::connect(client_->shard(0), {"broker", 9092}, deadline));
    CHECK(channel);
    return std::move(*channel);
  }
  // Sends the request and does not wait: the answer is there later, see wait_for().
  template <class Response>
  using Pending = std::shared_ptr<std::optional<Result<Response>>>;
  template <class Response, class Request>
  Pending<Response> begin(Request request, std::int16_t version = Request::kMaxVersion) {
    auto answer = std::make_shared<std::optional<Result<Response>>>();
    spawn(client_->shard(0), keep<Response>(&client_->shard(0), std::move(request), version, answer));
    return answer;
  }
  template <class Response>
  Response wait_for(const Pending<Response>& answer) {
    CHECK(world_.run_until([&] { return answer->has_value(); }, std::chrono::seconds(60)));
    CHECK(**answer);
    return std::move(***answer);
  }
  void restart() {
    node_->crash(sim::Crash::kKill);
    start();
  }
  MetricsSnapshot metrics() {
    auto collected = world_.run(*node_, broker().collect_metrics());
    CHECK(collected);
    return std::move(*collected);
  }
  sim::World& world() { return world_; }
  sim::Node& node() { return *node_; }
  sim::Node& client() { return *client_; }
  Broker& broker() { return *node_->program<BrokerProgram>().broker; }

 private:
  void start() {
    node_->start();
    const auto& program = node_->program<BrokerProgram>();
    world_.run_until([&] { return program.serves || program.refused; }, std::chrono::seconds(60));
    CHECK(program.serves);
  }
  template <class Response, class Request>
  static Task<Result<Response>> send_on(const Shard* shard, ChannelPtr channel, Request request, std::int16_t version) {
    const Instant deadline = shard->clock.now() + std::chrono::seconds(5);
    co_return co_await channel->template send<Response>(std::move(request), version, deadline);
  }
  template <class Response, class Request>
  static Task<Result<Response>> send(const Shard* shard, Request request, std::int16_t version) {
    const Instant deadline = shard->clock.now() + std::chrono::seconds(30);
    CO_TRY(const auto channel, co_await network::Channel::connect(*shard, {"broker", 9092}, deadline));
    co_return co_await channel->template send<Response>(std::move(request), version, deadline);
  }

  template <class Response, class Request>
  static Task<> keep(const Shard* shard, Request request, std::int16_t version, Pending<Response> answer) {
    *answer = co_await send<Response>(shard, std::move(request), version);
  }

  sim::World world_{1};
  sim::Node* node_;
  sim::Node* client_;
};

}  // namespace thalweg::broker

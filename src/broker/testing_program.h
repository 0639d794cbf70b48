// A broker as the program of a simulated node: it is made and started as the node starts.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "config/broker_config.h"
#include "protocol/create_topics_request.h"
#include "sim/world.h"

namespace thalweg::broker {

inline config::BrokerConfig loaded_config(const config::Properties& settings) {
  auto loaded = config::load_broker_config(settings);
  CHECK(loaded);
  return std::move(loaded->config);
}

inline protocol::CreateTopicsRequest creation_of(const std::string& topic, int partitions = 1, int replicas = 1) {
  protocol::CreateTopicsRequest request;
  request.topics.push_back(
      {.name = topic, .num_partitions = partitions, .replication_factor = static_cast<std::int16_t>(replicas)});
  return request;
}

// On all shards of the node.
inline std::unique_ptr<Broker> make_broker(sim::Node& node, const config::Properties& settings) {
  std::vector<const Shard*> shards;
  for (unsigned i = 0; i < node.shard_count(); ++i) shards.push_back(&node.shard(i));
  return std::make_unique<Broker>(std::move(shards), loaded_config(settings));
}

struct BrokerProgram {
  std::unique_ptr<Broker> broker;
  bool serves = false, stopped = false;
  std::optional<Error> refused;  // to start

  std::string why() const { return refused ? refused->message : ""; }

  static std::shared_ptr<BrokerProgram> run(sim::Node& node, const config::Properties& settings) {
    auto program = std::make_shared<BrokerProgram>();
    program->broker = make_broker(node, settings);
    spawn(node.shard(0), start(program.get()));
    return program;
  }
  static Task<> start(BrokerProgram* self) {
    const auto started = co_await self->broker->start();
    self->serves = started.has_value();
    if (!started) self->refused = started.error();
  }
  static Task<> stop(BrokerProgram* self) {
    co_await self->broker->stop();
    self->stopped = true;
  }
};

}  // namespace thalweg::broker

#include "broker_node.h"

#include "base/check.h"
#include "base/log.h"
#include "config/broker_config.h"

namespace thalweg::simulation {
namespace {

config::BrokerConfig broker_config(bool acknowledge_from_memory) {
  const config::Properties properties{
      {"node.id", "1"},
      {"listeners", "PLAINTEXT://:9092"},
      {"advertised.listeners", "PLAINTEXT://" + kBroker.host + ":9092"},
      {"log.dirs", "/data"},
      {"log.roll.ms", "2000"},
      {"thalweg.durable.acks", acknowledge_from_memory ? "memory" : "fsync"},
      {"offsets.topic.replication.factor", "1"},
      {"group.initial.rebalance.delay.ms", "100"},
      {"log.flush.offset.checkpoint.interval.ms", "1500"},
  };
  auto loaded = config::load_broker_config(properties);
  if (!loaded) log::error("simulation", field("error", loaded.error()));
  CHECK(loaded);
  return std::move(loaded->config);
}

Task<> start(BrokerProgram* program) {
  const auto started = co_await program->broker->start();
  program->serving = started.has_value();
  if (!started) program->start_error = started.error();
}

std::shared_ptr<void> run_broker(sim::Node& node, bool acknowledge_from_memory) {
  auto program = std::make_shared<BrokerProgram>();
  std::vector<const Shard*> shards;
  for (unsigned i = 0; i < node.shard_count(); ++i) shards.push_back(&node.shard(i));
  program->broker = std::make_unique<broker::Broker>(shards, broker_config(acknowledge_from_memory));
  spawn(*shards.front(), start(program.get()));
  return program;
}

}  // namespace

sim::Node& add_broker(sim::World& world, unsigned shards, bool acknowledge_from_memory) {
  return world.add_node(kBroker.host, shards, [acknowledge_from_memory](sim::Node& node) {
    return run_broker(node, acknowledge_from_memory);
  });
}

}  // namespace thalweg::simulation

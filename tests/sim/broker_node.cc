#include "broker_node.h"

#include "config/broker_config.h"

namespace thalweg::simulation {
namespace {

config::BrokerConfig broker_config() {
  const config::Properties properties{
      {"node.id", "1"},
      {"listeners", "PLAINTEXT://:9092"},
      {"advertised.listeners", "PLAINTEXT://" + kBroker.host + ":9092"},
      {"log.dirs", "/data"},
      {"log.roll.ms", "2000"},
      {"offsets.topic.replication.factor", "1"},
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

std::shared_ptr<void> run_broker(sim::Node& node) {
  auto program = std::make_shared<BrokerProgram>();
  std::vector<const Shard*> shards;
  for (unsigned i = 0; i < node.shard_count(); ++i) shards.push_back(&node.shard(i));
  program->broker = std::make_unique<broker::Broker>(shards, broker_config());
  spawn(*shards.front(), start(program.get()));
  return program;
}

}  // namespace

sim::Node& add_broker(sim::World& world, unsigned shards) { return world.add_node(kBroker.host, shards, run_broker); }

}  // namespace thalweg::simulation

#include "cluster_node.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/log.h"
#include "config/broker_config.h"

namespace thalweg::simulation {
namespace {

std::string host_of(int node) { return fmt::format("broker-{}", node); }

config::BrokerConfig config_of(int node) {
  const config::Properties properties{
      {"process.roles", "broker,controller"},
      {"node.id", std::to_string(node)},
      {"controller.quorum.voters", "1@broker-1:9093,2@broker-2:9093,3@broker-3:9093"},
      {"listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"},
      {"advertised.listeners", fmt::format("PLAINTEXT://{}:9092", host_of(node))},
      {"controller.listener.names", "CONTROLLER"},
      {"log.dirs", "/data"},
      {"broker.heartbeat.interval.ms", "500"},
      {"broker.session.timeout.ms", "2500"},
      {"controller.quorum.election.timeout.ms", "400"},
      {"offsets.topic.replication.factor", "1"},
  };
  auto loaded = config::load_broker_config(properties);
  if (!loaded) log::error("simulation", field("error", loaded.error()));
  CHECK(loaded);
  return std::move(loaded->config);
}

Task<> start(ClusterProgram* program) {
  const auto started = co_await program->broker->start();
  program->serving = started.has_value();
  if (!started) program->start_error = started.error();
}

std::shared_ptr<void> run(sim::Node& machine, int node) {
  auto program = std::make_shared<ClusterProgram>();
  std::vector<const Shard*> shards;
  for (unsigned i = 0; i < machine.shard_count(); ++i) shards.push_back(&machine.shard(i));
  program->broker = std::make_unique<broker::Broker>(shards, config_of(node));
  spawn(*shards.front(), start(program.get()));
  return program;
}

}  // namespace

Endpoint client_endpoint(int node) { return {host_of(node), 9092}; }

sim::Node& add_cluster_node(sim::World& world, int node) {
  return world.add_node(host_of(node), 2, [node](sim::Node& machine) { return run(machine, node); });
}

}  // namespace thalweg::simulation

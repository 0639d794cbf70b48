#include "cluster_node.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/log.h"
#include "config/broker_config.h"

namespace thalweg::simulation {
namespace {

const std::string kDataDirectory = "/data", kCopy = "/copy";

std::string host_of(int node) { return fmt::format("broker-{}", node); }

std::pair<std::string, std::string> quorum_option(Quorum quorum) {
  std::string list;
  for (int node = 1; node <= kClusterNodes; ++node) {
    if (node > 1) list += ',';
    if (quorum == Quorum::kOfTheFile) list += fmt::format("{}@", node);
    list += fmt::format("{}:{}", host_of(node), kControllerPort);
  }
  return {quorum == Quorum::kOfTheFile ? "controller.quorum.voters" : "controller.quorum.bootstrap.servers", list};
}

config::BrokerConfig config_of(int node, Quorum quorum) {
  config::Properties properties{
      {"process.roles", "broker,controller"},
      {"node.id", std::to_string(node)},
      {"listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"},
      {"advertised.listeners",
       fmt::format("PLAINTEXT://{0}:9092,CONTROLLER://{0}:{1}", host_of(node), kControllerPort)},
      {"controller.listener.names", "CONTROLLER"},
      {"log.dirs", kDataDirectory},
      {"broker.heartbeat.interval.ms", "500"},
      {"broker.session.timeout.ms", "2500"},
      {"controller.quorum.election.timeout.ms", "400"},
      {"min.insync.replicas", "2"},  // also of what coordinators write
      {"offsets.topic.num.partitions", "2"},
      {"transaction.state.log.num.partitions", "2"},
      {"transaction.abort.timed.out.transaction.cleanup.interval.ms", "2000"},
  };
  properties.insert(quorum_option(quorum));
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

std::shared_ptr<void> run(sim::Node& machine, int node, Quorum quorum) {
  auto program = std::make_shared<ClusterProgram>();
  std::vector<const Shard*> shards;
  for (unsigned i = 0; i < machine.shard_count(); ++i) shards.push_back(&machine.shard(i));
  program->broker = std::make_unique<broker::Broker>(shards, config_of(node, quorum));
  spawn(*shards.front(), start(program.get()));
  return program;
}

}  // namespace

Endpoint client_endpoint(int node) { return {host_of(node), 9092}; }
Endpoint controller_endpoint(int node) { return {host_of(node), kControllerPort}; }

sim::Node& add_cluster_node(sim::World& world, int node, Quorum quorum) {
  return world.add_node(host_of(node), 2, [node, quorum](sim::Node& machine) { return run(machine, node, quorum); });
}

std::string folder_of(const std::string& topic, PartitionId partition) {
  return fmt::format("{}/{}-{}", kDataDirectory, topic, partition.value);
}

void empty_disk(sim::Node& machine) { CHECK(machine.disk().remove_directory(kDataDirectory)); }

void copy_disk(sim::Node& machine) { machine.disk().copy(kDataDirectory, kCopy); }

void put_copy_back(sim::Node& machine) {
  empty_disk(machine);
  machine.disk().copy(kCopy, kDataDirectory);
  CHECK(machine.disk().remove_directory(kCopy));
}

}  // namespace thalweg::simulation

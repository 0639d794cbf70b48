// A broker with a schema registry as a program of a simulated machine "server", for the tests of this module.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "config/broker_config.h"
#include "schema_registry/schema_registry.h"
#include "sim/world.h"

namespace thalweg::schema_registry {

struct Program {
  std::unique_ptr<Workers> workers;
  std::unique_ptr<broker::Broker> broker;
  std::unique_ptr<SchemaRegistry> registry;
  bool started = false;
};

// Served on port 8081.
inline std::shared_ptr<Program> start_program(sim::Node& node, std::unique_ptr<Workers> workers) {
  auto loaded = config::load_broker_config({{"node.id", "1"},
                                            {"listeners", "PLAINTEXT://:9092"},
                                            {"advertised.listeners", "PLAINTEXT://server:9092"},
                                            {"log.dirs", "/data"},
                                            {"schema.registry.listeners", "http://:8081"}});
  CHECK(loaded);
  auto program = std::make_shared<Program>();
  program->workers = std::move(workers);
  std::vector<const Shard*> shards;
  for (unsigned i = 0; i < node.shard_count(); ++i) shards.push_back(&node.shard(i));
  program->broker = std::make_unique<broker::Broker>(std::move(shards), std::move(loaded->config));
  program->registry = std::make_unique<SchemaRegistry>(*program->broker, *program->workers);
  spawn(node.shard(0), [](Program* program) -> Task<> {
    CHECK(co_await program->broker->start());
    CHECK(co_await program->registry->start());
    program->started = true;
  }(program.get()));
  return program;
}

inline SharedBytes request_of(const std::string& method, const std::string& path, const std::string& body) {
  return SharedBytes::copy_of(method + " " + path + " HTTP/1.0\r\nContent-Length: " + std::to_string(body.size()) +
                              "\r\n\r\n" + body);
}

}  // namespace thalweg::schema_registry

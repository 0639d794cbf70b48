// A broker with a schema registry as a program of a simulated machine, and those who ask it; for the tests of this
// module.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "broker/testing_program.h"
#include "config/broker_config.h"
#include "json/parser.h"
#include "schema_registry/schema_registry.h"
#include "sim/world.h"

namespace thalweg::schema_registry {

struct Program {
  std::unique_ptr<Workers> workers;
  std::unique_ptr<broker::Broker> broker;
  std::unique_ptr<SchemaRegistry> registry;
  bool started = false;
};

// Served on port 8081. `more` are options besides those of a node that stands alone, or in their place.
inline std::shared_ptr<Program> start_program(sim::Node& node, std::unique_ptr<Workers> workers,
                                              const config::Properties& more = {}) {
  config::Properties properties{{"node.id", "1"},
                                {"listeners", "PLAINTEXT://:9092"},
                                {"advertised.listeners", "PLAINTEXT://server:9092"},
                                {"log.dirs", "/data"},
                                {"schema.registry.listeners", "http://:8081"}};
  for (const auto& [option, value] : more) properties[option] = value;
  auto program = std::make_shared<Program>();
  program->workers = std::move(workers);
  program->broker = broker::make_broker(node, properties);
  program->registry = std::make_unique<SchemaRegistry>(*program->broker, *program->workers);
  spawn(node.shard(0), [](Program* program) -> Task<> {
    if (!co_await program->broker->start()) co_return;
    CHECK(co_await program->registry->start());
    program->started = true;
  }(program.get()));
  return program;
}

// Asks over HTTP and gives the status with the body; 0 when the connection broke, so that nobody knows what became of
// it.
struct Answered {
  int status = 0;
  json::Value body;
};

inline SharedBytes request_of(const std::string& method, const std::string& path, const std::string& body) {
  return SharedBytes::copy_of(method + " " + path + " HTTP/1.0\r\nContent-Length: " + std::to_string(body.size()) +
                              "\r\n\r\n" + body);
}

inline Task<Answered> ask(const Shard* shard, std::string host, std::string method, std::string path,
                          std::string body) {
  auto connection = co_await shard->network.connect({host, 8081}, shard->clock.now() + std::chrono::seconds(1));
  if (!connection) co_return Answered{};
  if (!co_await (*connection)->write({request_of(method, path, body)})) co_return Answered{};
  std::string text;
  std::vector<std::byte> buffer(16 * 1024);
  for (;;) {
    const auto got = co_await (*connection)->read_some(buffer);
    if (!got) co_return Answered{};
    if (*got == 0) break;
    text += as_text(BytesView(buffer).first(*got));
  }
  const auto split = text.find("\r\n\r\n");
  if (split == text.npos) co_return Answered{};
  const auto tree = json::parse(std::string_view(text).substr(split + 4));
  if (!tree) co_return Answered{};
  co_return Answered{std::stoi(text.substr(9, 3)), *tree};
}

// What clients were told, and whether it can all be true.
struct History {
  std::map<std::int64_t, std::string> text_of;                                  // by id
  std::map<std::pair<std::string, std::string>, std::int64_t> id_of;            // by subject and text
  std::map<std::pair<std::string, std::int64_t>, std::string> text_of_version;  // by subject
  int acknowledged = 0;

  void registered(const std::string& subject, const std::string& text, const json::Value& answer) {
    const auto id = *answer.find("id")->if_number()->as_int64();
    const auto version = *answer.find("version")->if_number()->as_int64();
    ++acknowledged;
    EXPECT_EQ(text_of.try_emplace(id, text).first->second, text) << "id " << id << " was given out twice";
    EXPECT_EQ(id_of.try_emplace({subject, text}, id).first->second, id) << "one schema, two ids";
    EXPECT_EQ(text_of_version.try_emplace({subject, version}, text).first->second, text)
        << "version " << version << " of " << subject << " was given out twice";
  }
};

}  // namespace thalweg::schema_registry

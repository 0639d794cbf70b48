// A broker with a console as a program of a simulated machine, and clients of both, for the tests of this module.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/broker.h"
#include "broker/registry_door.h"
#include "broker/testing_program.h"
#include "config/broker_config.h"
#include "console/console.h"
#include "console/testing_openapi.h"
#include "json/writer.h"
#include "network/channel.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/find_coordinator_request.h"
#include "protocol/find_coordinator_response.h"
#include "protocol/join_group_request.h"
#include "protocol/join_group_response.h"
#include "protocol/offset_commit_request.h"
#include "protocol/offset_commit_response.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"
#include "record/builder.h"
#include "schema_registry/schema_registry.h"
#include "sim/sim_workers.h"
#include "sim/world.h"

namespace thalweg::console {
using namespace std::chrono_literals;

struct Answered {
  int status = 0;
  std::string head, body;

  json::Value json() const {
    auto value = json::parse(body);
    CHECK(value);
    return *std::move(value);
  }
  std::string header(const std::string& name) const {
    const auto at = head.find("\r\n" + name + ": ");
    if (at == head.npos) return {};
    const auto from = at + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
  }
};

struct ConsoleTest : testing::Test {
  struct Program {
    std::unique_ptr<Workers> workers;
    std::unique_ptr<broker::Broker> broker;
    std::unique_ptr<schema_registry::SchemaRegistry> registry;
    std::unique_ptr<Console> console;
    bool started = false, stopped = false;
  };

  sim::World world{17};
  config::Properties more{{"console.listeners", "http://:8080"}, {"console.auth", "none"}};
  std::vector<console_asset> files;
  bool with_registry = false;
  sim::Node* server = nullptr;
  sim::Node* client = nullptr;

  void start() {
    server = &world.add_node("server", 2, [this](sim::Node& node) { return program(node); });
    client = &world.add_node("client", 1, [](sim::Node&) { return nullptr; });
    server->start();
    client->start();
    wait_for_start();
  }
  void wait_for_start() {
    ASSERT_TRUE(world.run_until([&] { return server->program<Program>().started; }, 1min));
  }
  broker::Broker& the_broker() { return *server->program<Program>().broker; }
  std::string token() { return server->program<Program>().console->token(); }

  // GET, unless `text` says another method; over a connection of its own.
  Answered ask(const std::string& path, const std::string& headers = "Host: 10.0.0.1:8080\r\n") {
    return send("GET " + path + " HTTP/1.1\r\nConnection: close\r\n" + headers + "\r\n");
  }
  Answered post(const std::string& path, const std::string& body, const std::string& headers = "") {
    return send("POST " + path +
                " HTTP/1.1\r\nConnection: close\r\nHost: 10.0.0.1:8080\r\nContent-Type: application/json\r\n" +
                headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  Answered send(const std::string& request) {
    auto text = world.run(*client, exchange(&client->shard(0), request));
    CHECK(text);
    const auto end = text->find("\r\n\r\n");
    CHECK(end != text->npos);
    return {std::stoi(text->substr(9, 3)), text->substr(0, end + 2), text->substr(end + 4)};
  }
  // An answer of the API, which has to be as it is described.
  json::Value get(const std::string& path, const std::string& pattern, int status = 200) {
    const auto answered = ask("/api/v1" + path);
    EXPECT_EQ(answered.status, status) << path << ": " << answered.body;
    auto value = answered.json();
    EXPECT_EQ(checker.check("/api/v1" + pattern, "get", answered.status, value), "") << path << ": " << answered.body;
    return value;
  }
  OpenApiChecker checker;

  template <class Response, class Request>
  Response kafka(Request request, std::int16_t version) {
    auto answer = world.run(*client, call<Response>(&client->shard(0), std::move(request), version));
    CHECK(answer && *answer);
    return std::move(**answer);
  }
  void create(const std::string& topic, int partitions, const config::Properties& options = {}) {
    protocol::CreateTopicsRequest request;
    auto& wanted = request.topics.emplace_back();
    wanted.name = topic;
    wanted.num_partitions = partitions;
    wanted.replication_factor = 1;
    for (const auto& [name, value] : options) {
      auto& option = wanted.configs.emplace_back();
      option.name = name;
      option.value = value;
    }
    request.timeout_ms = 10'000;
    const auto answer = kafka<protocol::CreateTopicsResponse>(std::move(request), 5);
    CHECK(answer.topics.at(0).error_code == ErrorCode::kNone);
  }
  void produce(const std::string& topic, int partition, int records) {
    record::BatchBuilder builder({});
    for (int i = 0; i < records; ++i) builder.append({.timestamp = 1'700'000'000'000, .value = as_bytes("value")});
    send_batch(topic, partition, builder.build());
  }
  void send_batch(const std::string& topic, int partition, SharedBytes batch) {
    protocol::ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 1000;
    auto& data = request.topic_data.emplace_back();
    data.name = topic;
    data.partition_data.push_back({PartitionId{partition}, std::move(batch)});
    const auto answer = kafka<protocol::ProduceResponse>(std::move(request), 9);
    CHECK(answer.responses.at(0).partition_responses.at(0).error_code == ErrorCode::kNone);
  }
  // A registry that knows the Avro schema 7 with a long `id`, and nothing else; counts in `asked` what it is asked.
  void open_registry_of_one(int* asked) {
    const auto registry = [asked](broker::RegistryDoor::Request request) { return answer_of_one(request, asked); };
    the_broker().registry_door().open(registry, registry);
  }
  static Task<broker::RegistryDoor::Response> answer_of_one(broker::RegistryDoor::Request request, int* asked) {
    ++*asked;
    broker::RegistryDoor::Response response;
    response.status = 200;
    std::string body = R"({"error_code":40403,"message":"Schema not found"})";
    if (request.target == "/schemas/ids/7")
      body = R"({"schema":"{\"type\":\"record\",\"name\":\"O\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"}]}"})";
    else if (request.target == "/schemas/ids/7/versions")
      body = R"([{"subject":"orders-value","version":3}])";
    else
      response.status = 404;
    response.body = SharedBytes::copy_of(body);
    co_return response;
  }
  // As a serializer does. REQUIRES: with_registry
  void register_schema(const std::string& subject, const std::string& text, const std::string& more_members = "") {
    broker::RegistryDoor::Request request;
    request.method = "POST";
    request.target = "/subjects/" + subject + "/versions";
    request.body = SharedBytes::copy_of("{\"schema\":" + json::quoted(text) + more_members + "}");
    const auto answer = world.run(*server, the_broker().registry_door().ask_anywhere(std::move(request)));
    CHECK(answer && answer->error_code == ErrorCode::kNone);
    ASSERT_EQ(answer->status, 200) << answer->body.text();
  }
  // The first group of all makes the topic that its offsets go to, so it may take a few tries.
  void commit(const std::string& group, const std::string& topic, int partition, std::int64_t offset) {
    protocol::OffsetCommitRequest request;
    request.group_id = group;
    request.generation_id_or_member_epoch = -1;
    auto& wanted = request.topics.emplace_back();
    wanted.name = topic;
    auto& at = wanted.partitions.emplace_back();
    at.partition_index = PartitionId{partition};
    at.committed_offset = Offset{offset};
    for (int tries = 0; tries < 100; ++tries) {
      const auto answer = kafka<protocol::OffsetCommitResponse>(request, 7);
      if (answer.topics.at(0).partitions.at(0).error_code == ErrorCode::kNone) return;
      protocol::FindCoordinatorRequest find;
      find.key = group;
      kafka<protocol::FindCoordinatorResponse>(find, 3);
      world.run_for(100ms);
    }
    FAIL() << "offsets cannot be committed";
  }

 private:
  std::shared_ptr<void> program(sim::Node& node) {
    config::Properties properties{{"node.id", "1"},
                                  {"listeners", "PLAINTEXT://:9092"},
                                  {"advertised.listeners", "PLAINTEXT://server:9092"},
                                  {"log.dirs", "/data"},
                                  {"offsets.topic.replication.factor", "1"},
                                  {"offsets.topic.num.partitions", "4"}};
    properties.insert(more.begin(), more.end());
    auto program = std::make_shared<Program>();
    program->broker = broker::make_broker(node, properties);
    program->workers = std::make_unique<sim::SimWorkers>(node.world().simulation);
    if (with_registry)
      program->registry = std::make_unique<schema_registry::SchemaRegistry>(*program->broker, *program->workers);
    program->console = std::make_unique<Console>(*program->broker, *program->workers, About{"1.2", "4.3"}, files);
    spawn(node.shard(0), run(program.get()));
    return program;
  }
  static Task<> run(Program* program) {
    program->console->look_back();
    CHECK(co_await program->broker->start());
    if (program->registry) CHECK(co_await program->registry->start());
    CHECK(co_await program->console->start());
    program->started = true;
  }
  static Task<std::string> exchange(const Shard* shard, std::string request) {
    auto connection = co_await shard->network.connect({"server", 8080}, shard->clock.now() + 1s);
    CHECK(connection);
    CHECK(co_await (*connection)->write({SharedBytes::copy_of(request)}));
    std::string text;
    std::vector<std::byte> buffer(64 * 1024);
    for (;;) {
      const auto got = co_await (*connection)->read_some(buffer);
      if (!got || *got == 0) co_return text;
      text += as_text(BytesView(buffer).first(*got));
    }
  }
  template <class Response, class Request>
  static Task<Result<Response>> call(const Shard* shard, Request request, std::int16_t version) {
    CO_TRY(const auto channel, co_await network::Channel::connect(*shard, {"server", 9092}, shard->clock.now() + 5s));
    co_return co_await channel->template send<Response>(std::move(request), version, shard->clock.now() + 30s);
  }
};

// What `path` leads to in a tree: "items/0/name". Null where it leads nowhere.
inline json::Value at(const json::Value& value, std::string_view path) {
  const json::Value* here = &value;
  for (std::string_view rest = path; here && !rest.empty();) {
    const auto slash = rest.find('/');
    const std::string word(rest.substr(0, slash));
    rest = slash == rest.npos ? std::string_view() : rest.substr(slash + 1);
    if (const auto* array = here->if_array()) {
      const auto index = std::size_t(std::stoi(word));
      here = index < array->size() ? &(*array)[index] : nullptr;
    } else {
      here = here->find(word);
    }
  }
  return here ? *here : json::Value();
}
inline std::int64_t number_at(const json::Value& value, std::string_view path) {
  const auto found = at(value, path);
  return found.if_number() ? found.if_number()->as_int64().value_or(INT64_MIN) : INT64_MIN;
}
inline std::string text_at(const json::Value& value, std::string_view path) {
  const auto found = at(value, path);
  return found.if_string() ? *found.if_string() : "(no text)";
}

inline const std::string kJson = "Host: 10.0.0.1:8080\r\nContent-Type: application/json\r\n";

// Those who change something, after they have planned it.
struct ChangesTest : ConsoleTest {
  Answered change(const std::string& method, const std::string& path, const std::string& body,
                  const std::string& headers) {
    return send(method + " /api/v1" + path + " HTTP/1.1\r\nConnection: close\r\n" + headers +
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  // The answer of a dry run, or of an act that carries `plan`, which has to be as it is described.
  json::Value planned(const std::string& method, const std::string& path, const std::string& pattern,
                      const std::string& body = "", int status = 200) {
    const auto dry = path + (path.contains('?') ? "&" : "?") + "dry_run=true";
    return checked(method, pattern, status, change(method, dry, body, kJson));
  }
  json::Value acted(const std::string& method, const std::string& path, const std::string& pattern,
                    const std::string& plan, const std::string& body = "", int status = 200) {
    return checked(method, pattern, status, change(method, path, body, kJson + "If-Match: \"" + plan + "\"\r\n"));
  }
  json::Value checked(std::string method, const std::string& pattern, int status, const Answered& answered) {
    EXPECT_EQ(answered.status, status) << method << " " << pattern << ": " << answered.body;
    auto value = answered.json();
    for (char& c : method) c = char(c - 'A' + 'a');
    EXPECT_EQ(checker.check("/api/v1" + pattern, method, answered.status, value), "") << answered.body;
    return value;
  }
  // A member that the group then has.
  void join(const std::string& group, const std::string& topic = "orders") {
    protocol::JoinGroupRequest request;
    request.group_id = group;
    request.session_timeout_ms = 60'000;
    request.protocol_type = "consumer";
    auto& range = request.protocols.emplace_back();
    range.name = "range";
    // ConsumerProtocolSubscription of version 0: its topics, and no data of its own.
    range.metadata =
        SharedBytes::copy_of(std::string("\0\0\0\0\0\1\0", 7) + char(topic.size()) + topic + "\xff\xff\xff\xff");
    const auto answer = kafka<protocol::JoinGroupResponse>(std::move(request), 2);
    CHECK(answer.error_code == ErrorCode::kNone);
  }
  // Plans, and does what was planned.
  json::Value carried_out(const std::string& method, const std::string& path, const std::string& pattern,
                          const std::string& body = "") {
    return acted(method, path, pattern, text_at(planned(method, path, pattern, body), "plan"), body);
  }
};

}  // namespace thalweg::console

// One client's schemas of a megabyte do not hold the shard that everybody else is served on. What a simulation runs in
// one step is what a shard does in one go, so the longest step tells, in time of the processor; what workers do is not
// the shard's.
#include <gtest/gtest.h>
#include <time.h>

#include <cstdio>
#include <functional>

#include "base/log.h"
#include "broker/broker.h"
#include "config/broker_config.h"
#include "json/writer.h"
#include "schema_registry/schema_registry.h"
#include "sim/sim_workers.h"
#include "sim/world.h"

namespace thalweg::schema_registry {
namespace {
using namespace std::chrono_literals;

// What one step may take of all the work, which a busy machine and a build with sanitizers change little. Where a
// schema is read and compared on the shard, one step is more than half of it. The longest that is left writes the
// record, JSON in JSON, with sanitizers a fifth to a seventh. A release build on an idle machine prints how far from 2
// ms each is.
constexpr int kShareMax = 4;

Instant processor_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

class TimedWorkers : public Workers {
 public:
  explicit TimedWorkers(sim::Simulation& simulation) : inner_(simulation) {}
  Instant spent{0};

 private:
  Task<> carry_out(std::move_only_function<void()> work) override {
    co_await inner_.run([this, work = std::move(work)]() mutable {
      const Instant begun = processor_time();
      work();
      spent += processor_time() - begun;
      return true;
    });
  }
  sim::SimWorkers inner_;
};

struct Program {
  explicit Program(sim::Node& node) : workers(node.world().simulation) {}
  TimedWorkers workers;
  std::unique_ptr<broker::Broker> broker;
  std::unique_ptr<SchemaRegistry> registry;
  bool started = false;
};

std::shared_ptr<void> program(sim::Node& node) {
  auto loaded = config::load_broker_config({{"node.id", "1"},
                                            {"listeners", "PLAINTEXT://:9092"},
                                            {"advertised.listeners", "PLAINTEXT://server:9092"},
                                            {"log.dirs", "/data"},
                                            {"schema.registry.listeners", "http://:8081"}});
  CHECK(loaded);
  auto program = std::make_shared<Program>(node);
  program->broker =
      std::make_unique<broker::Broker>(std::vector<const Shard*>{&node.shard(0)}, std::move(loaded->config));
  program->registry = std::make_unique<SchemaRegistry>(*program->broker, program->workers);
  spawn(node.shard(0), [](Program* program) -> Task<> {
    CHECK(co_await program->broker->start());
    CHECK(co_await program->registry->start());
    program->started = true;
  }(program.get()));
  return program;
}

// The status, and the answer thrown away.
Task<int> ask(const Shard* shard, SharedBytes request) {
  auto connection = co_await shard->network.connect({"server", 8081}, shard->clock.now() + 1s);
  if (!connection || !co_await (*connection)->write({request})) co_return 0;
  std::string head;
  std::vector<std::byte> buffer(16 * 1024);
  for (;;) {
    const auto got = co_await (*connection)->read_some(buffer);
    if (!got) co_return 0;
    if (*got == 0) co_return head.size() < 12 ? 0 : std::stoi(head.substr(9, 3));
    if (head.size() < 12) head += as_text(BytesView(buffer).first(*got));
  }
}

SharedBytes request_of(const std::string& line, const std::string& body) {
  return SharedBytes::copy_of(line + " HTTP/1.0\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

std::string body_of(const std::string& type, const std::string& text) {
  return json::write(json::Object::of({{"schemaType", type}, {"schema", text}}));
}

std::string made_of(std::string text, const std::function<std::string(int)>& part, const std::string& end) {
  constexpr std::size_t kBytes = 700'000;  // a record of a good 900 kB, since quotes are escaped there
  for (int i = 0; text.size() < kBytes; ++i) text += (i ? "," : "") + part(i);
  return text + end;
}

std::string avro(const std::string& type) {
  return made_of(
      R"({"type":"record","name":"R","fields":[)",
      [&](int i) {
        return R"({"name":"field)" + std::to_string(i) + R"(","type":["null",")" + type + R"("],"default":null})";
      },
      "]}");
}

std::string json_schema(const std::string& type) {
  return made_of(
      R"({"type":"object","properties":{)",
      [&](int i) { return "\"property" + std::to_string(i) + R"(":{"type":")" + type + R"(","minimum":1})"; }, "}}");
}

class LongSteps : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kError);
    server_.start();
    client_.start();
    ASSERT_TRUE(world_.run_until([&] { return server_.program<Program>().started; }, 1min));
    ASSERT_EQ(asked("have the topic made", "GET /subjects", ""), 200);
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  // The status; 0 when the connection broke.
  int asked(const char* what, const std::string& line, const std::string& body, int share_max = 0) {
    const auto status = std::make_shared<std::optional<int>>();
    spawn(client_.shard(0), keep(&client_.shard(0), request_of(line, body), status));
    auto& spent = server_.program<Program>().workers.spent;
    Instant longest{0}, all{0};
    while (!status->has_value()) {
      const Instant before = processor_time(), elsewhere = spent;
      CHECK(world_.simulation.step());
      const Instant step = processor_time() - before;
      all += step;
      longest = std::max(longest, step - (spent - elsewhere));
    }
    std::printf("%-40s %6.1f ms of %7.1f ms\n", what, longest.count() / 1e6, all.count() / 1e6);
    if (share_max > 0) EXPECT_LT(longest, all / share_max) << what;
    return **status;
  }
  int post(const char* what, const std::string& path, const std::string& body) {
    return asked(what, "POST " + path, body, kShareMax);
  }

 private:
  static Task<> keep(const Shard* shard, SharedBytes request, std::shared_ptr<std::optional<int>> status) {
    status->emplace(co_await ask(shard, std::move(request)));
  }
  sim::World world_{1};
  sim::Node& server_ = world_.add_node("server", 1, program);
  sim::Node& client_ = world_.add_node("client", 1, [](sim::Node&) { return nullptr; });
};

TEST_F(LongSteps, OfALargeSchema) {
  EXPECT_EQ(post("register Avro", "/subjects/a/versions", body_of("AVRO", avro("int"))), 200);
  EXPECT_EQ(post("register the next version", "/subjects/a/versions", body_of("AVRO", avro("long"))), 200);
  EXPECT_EQ(post("look it up", "/subjects/a", body_of("AVRO", avro("int"))), 200);
  EXPECT_EQ(post("one that does not fit", "/subjects/a/versions", body_of("AVRO", avro("string"))), 409);
  EXPECT_EQ(post("check", "/compatibility/subjects/a/versions/latest?verbose=true", body_of("AVRO", avro("string"))),
            200);
  EXPECT_EQ(post("register JSON Schema, normalized", "/subjects/j/versions?normalize=true",
                 body_of("JSON", json_schema("integer"))),
            200);
  EXPECT_EQ(post("the next version", "/subjects/j/versions", body_of("JSON", json_schema("number"))), 200);
  EXPECT_EQ(asked("get it", "GET /schemas/ids/1", ""), 200);
  EXPECT_EQ(asked("get it printed", "GET /schemas/ids/1?format=resolved", "", kShareMax), 200);
}

}  // namespace
}  // namespace thalweg::schema_registry

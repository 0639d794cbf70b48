// One client's schemas of a megabyte do not hold the shard that everybody else is served on. What a simulation runs in
// one step is what a shard does in one go, so the longest step tells, in time of the processor; what workers do is not
// the shard's.
#include <gtest/gtest.h>
#include <time.h>

#include <cstdio>
#include <functional>

#include "base/log.h"
#include "json/writer.h"
#include "schema_registry/testing.h"
#include "sim/sim_workers.h"

namespace thalweg::schema_registry {
namespace {
using namespace std::chrono_literals;

// What one step may take of all the work, which a busy machine and a build with sanitizers change little. Where a
// schema is read and compared on the shard, one step is more than half of it. A release build on an idle machine prints
// how far from 2 ms each is; with 0 a request is only printed.
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

TimedWorkers& workers_of(sim::Node& server) { return static_cast<TimedWorkers&>(*server.program<Program>().workers); }

std::shared_ptr<void> timed_program(sim::Node& node) {
  return start_program(node, std::make_unique<TimedWorkers>(node.world().simulation));
}

// The status, and the answer thrown away.
Task<int> status_of(const Shard* shard, SharedBytes request) {
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

std::string body_of(const std::string& type, const std::string& text) {
  return json::write(json::Object::of({{"schemaType", type}, {"schema", text}}));
}

constexpr std::size_t kBytes = 700'000;  // a record of a good 900 kB, since quotes are escaped there

std::string made_of(std::string text, const std::function<std::string(int)>& part, const std::string& end) {
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

std::string protobuf(const std::string& type) {
  std::string text = "syntax = \"proto3\";\n";
  for (int message = 0; text.size() < kBytes; ++message) {
    text += "message M" + std::to_string(message) + " {\n";
    for (int i = 1; i <= 100; ++i)
      text += "  " + type + " field" + std::to_string(i) + " = " + std::to_string(i) + ";\n";
    text += "}\n";
  }
  return text;
}

class LongSteps : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kError);
    server_.start();
    client_.start();
    ASSERT_TRUE(world_.run_until([&] { return server_.program<Program>().started; }, 1min));
    ASSERT_EQ(asked("have the topic made", "GET", "/subjects", "", 0), 200);
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  // The status; 0 when the connection broke.
  int asked(const char* what, const char* method, const std::string& path, const std::string& body = "",
            int share_max = kShareMax) {
    const auto status = std::make_shared<std::optional<int>>();
    spawn(client_.shard(0), keep(&client_.shard(0), request_of(method, path, body), status));
    auto& spent = workers_of(server_).spent;
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
    return asked(what, "POST", path, body);
  }

 private:
  static Task<> keep(const Shard* shard, SharedBytes request, std::shared_ptr<std::optional<int>> status) {
    status->emplace(co_await status_of(shard, std::move(request)));
  }
  sim::World world_{1};
  sim::Node& server_ = world_.add_node("server", 1, timed_program);
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
  EXPECT_EQ(post("register Protobuf", "/subjects/p/versions", body_of("PROTOBUF", protobuf("int32"))), 200);
  EXPECT_EQ(post("the next version", "/subjects/p/versions", body_of("PROTOBUF", protobuf("int64"))), 200);
  EXPECT_EQ(asked("get it", "GET", "/schemas/ids/1", "", 0), 200);
  EXPECT_EQ(asked("get it printed", "GET", "/schemas/ids/1?format=resolved"), 200);
  EXPECT_EQ(asked("get all of them", "GET", "/schemas", "", 0), 200);
  EXPECT_EQ(asked("delete a version", "DELETE", "/subjects/a/versions/1", "", 0), 200);
}

}  // namespace
}  // namespace thalweg::schema_registry

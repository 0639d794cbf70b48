// thalweg schema against a registry of canned answers, and against what is no registry.
#include <gtest/gtest.h>

#include <algorithm>

#include "admin/testing.h"
#include "cli/testing.h"
#include "http/server.h"
#include "runtime/signal.h"

namespace thalweg::cli {
namespace {
using namespace std::chrono_literals;

struct Canned {
  int status = 200;
  std::string body;
};

// Answers "GET /subjects?…" as it is told to, and remembers what was asked.
class FakeRegistry {
 public:
  explicit FakeRegistry(const Shard& shard) : shard_(shard), server_(shard, {}, memory_, router_) {
    std::string pattern;
    for (int segments = 0; segments <= 6; ++segments) {
      for (const char* method : {"GET", "POST", "PUT", "DELETE"})
        router_.add(method, segments == 0 ? "/" : pattern, [this](http::Request r) { return answer(std::move(r)); },
                    {.body_max = 1u << 20});
      pattern += "/{" + std::to_string(segments) + "}";
    }
    auto listener = shard.network.listen({"127.0.0.1", 0});
    CHECK(listener);
    url = "http://" + to_string((*listener)->local());
    server_.serve(std::move(*listener), "registry");
    answers["GET /"] = {200, "{}"};
  }
  Task<> stop() { co_await server_.stop(shard_.clock.now() + 5s); }

  std::string url;
  std::map<std::string, Canned> answers;
  std::vector<std::string> asked, bodies;
  bool is_slow_at_first = false;  // "GET /" is answered when the test says so
  Signal go_on;

 private:
  Task<http::Response> answer(http::Request request) {
    asked.push_back(request.head.method + " " + request.head.target);
    bodies.emplace_back(request.body.text());
    if (is_slow_at_first && request.head.target == "/") co_await go_on.wait();
    const auto at = answers.find(asked.back());
    if (at == answers.end())
      co_return http::text_response(404, R"({"error_code":40401,"message":"Subject not found."})", "application/json");
    co_return http::text_response(at->second.status, at->second.body, "application/json");
  }

  const Shard& shard_;
  http::Router router_;
  Budget memory_{8u << 20};
  http::Server server_;
};

struct Run {
  int code = 0;
  std::string out, err;
  Instant took{};
};

Task<Run> run(const Shard* shard, Arguments arguments, bool on_terminal = false, std::deque<std::string> lines = {}) {
  FakeTerminal terminal;
  terminal.is_terminal = on_terminal;
  terminal.lines = std::move(lines);
  terminal.variables["NO_COLOR"] = "1";
  terminal.files["users.avsc"] = R"("string")";
  terminal.files["plain.txt"] = R"("string")";
  const Instant begun = shard->clock.now();
  Run ran;
  ran.code = co_await run_thalweg({*shard, terminal}, std::move(arguments));
  ran.out = terminal.out_text;
  ran.err = terminal.err_text;
  ran.took = shard->clock.now() - begun;
  co_return ran;
}

// A command against the registry.
template <class Script>
void play_registry(Script script) {
  platform::TestShards shards;
  platform::run_on(shards[0], script(&shards[0]));
}
Task<Run> ask(const Shard* shard, FakeRegistry& registry, Arguments arguments, std::deque<std::string> lines = {},
              bool on_terminal = false) {
  arguments.insert(arguments.begin(), "schema");
  arguments.insert(arguments.end(), {"--registry", registry.url});
  return run(shard, std::move(arguments), on_terminal, std::move(lines));
}

constexpr const char* kUsers =
    R"({"subject":"users-value","version":2,"id":7,"guid":"g","schemaType":"AVRO","schema":"{\"type\":\"string\"}"})";

TEST(Schema, ListsSubjectsPageByPage) {
  play_registry([](const Shard* shard) -> Task<> {
    FakeRegistry registry(*shard);
    std::string page;
    for (int i = 0; i < 250; ++i)
      page +=
          std::string(i ? "," : "[") + R"({"subject":"s)" + std::to_string(i) + R"(","version":1,"id":1,"schema":""})";
    const std::string target = "GET /schemas?latestOnly=true&deleted=false&subjectPrefix=a%26b";
    registry.answers[target + "&offset=0&limit=250"] = {200, page + "]"};
    registry.answers[target + "&offset=250&limit=250"] = {200, std::string("[") + kUsers + "]"};
    const auto ran = co_await ask(shard, registry, {"list", "--prefix", "a&b", "--output", "json"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_TRUE(ran.out.contains(R"({"subject":"s249","version":1,"id":1,"type":"AVRO"})")) << ran.out;
    EXPECT_TRUE(ran.out.contains(R"({"subject":"users-value","version":2,"id":7,"type":"AVRO"})")) << ran.out;
    co_await registry.stop();
  });
}

TEST(Schema, EndsWithARegistryThatKnowsNoPages) {
  play_registry([](const Shard* shard) -> Task<> {
    FakeRegistry registry(*shard);
    std::string all;
    for (int i = 0; i < 250; ++i) all += std::string(i ? "," : "[") + kUsers;
    for (const char* offset : {"0", "250"})
      registry.answers[std::string("GET /schemas?latestOnly=true&deleted=true&offset=") + offset + "&limit=250"] = {
          200, all + "]"};
    const auto ran = co_await ask(shard, registry, {"list", "--deleted"});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(std::ranges::count(ran.out, '\n'), 251);
    EXPECT_TRUE(ran.out.contains("DELETED")) << ran.out;
    co_await registry.stop();
  });
}

TEST(Schema, ShowsTheTextLaidOutOrAsItIs) {
  play_registry([](const Shard* shard) -> Task<> {
    FakeRegistry registry(*shard);
    registry.answers["GET /subjects/users-value/versions/latest"] = {200, kUsers};
    registry.answers["GET /subjects/a%2Fb/versions/3?deleted=true"] = {200, kUsers};
    registry.answers["GET /schemas/ids/7"] = {200, R"({"schema":"syntax = \"proto3\";\n","schemaType":"PROTOBUF"})"};
    EXPECT_EQ((co_await ask(shard, registry, {"show", "users-value"})).out, "{\n  \"type\": \"string\"\n}\n");
    EXPECT_EQ((co_await ask(shard, registry, {"show", "a/b", "--version", "3", "--deleted", "--raw"})).out,
              "{\"type\":\"string\"}\n");
    EXPECT_EQ((co_await ask(shard, registry, {"show", "--id", "7"})).out, "syntax = \"proto3\";\n");
    EXPECT_EQ((co_await ask(shard, registry, {"show", "users-value", "--output", "json"})).out,
              R"({"subject":"users-value","version":2,"id":7,"guid":"g","type":"AVRO","references":[],)"
              R"("schema":"{\"type\":\"string\"}"})"
              "\n");
    co_await registry.stop();
  });
}

TEST(Schema, RegistersWhatIsNotThereYet) {
  play_registry([](const Shard* shard) -> Task<> {
    FakeRegistry registry(*shard);
    registry.answers["POST /subjects/users-value/versions"] = {200, R"({"id":7})"};
    registry.answers["POST /subjects/there"] = {200, kUsers};
    // Nothing looks it up after it was registered: an odd registry, and no success.
    const auto odd = co_await ask(shard, registry, {"register", "users-value", "users.avsc"});
    EXPECT_EQ(odd.code, 1);
    EXPECT_EQ(registry.asked[1], "POST /subjects/users-value/versions");
    EXPECT_EQ(registry.bodies[1], R"({"schema":"\"string\"","schemaType":"AVRO"})");
    const auto there = co_await ask(
        shard, registry, {"register", "there", "-", "--type", "protobuf", "--reference", "a/b.proto=:.c:x:3"},
        {"syntax = \"proto3\";", "message M {}"});
    EXPECT_EQ(there.out, "SUBJECT  VERSION  ID  RESULT\nthere          2   7  was there\n");
    EXPECT_EQ(registry.bodies.back(), R"({"schema":"syntax = \"proto3\";\nmessage M {}\n","schemaType":"PROTOBUF",)"
                                      R"("references":[{"name":"a/b.proto","subject":":.c:x","version":3}]})");
    co_await registry.stop();
  });
}

TEST(Schema, ChecksAndSaysWhyNot) {
  play_registry([](const Shard* shard) -> Task<> {
    FakeRegistry registry(*shard);
    const std::string path = "POST /compatibility/subjects/users-value/versions";
    registry.answers[path + "?verbose=true"] = {200, R"({"is_compatible":true})"};
    registry.answers[path + "/latest?verbose=true"] = {200, R"({"is_compatible":false,"messages":["at /fields/1"]})"};
    registry.answers["GET /subjects"] = {200, R"(["users-values"])"};
    const auto bad = co_await ask(shard, registry, {"check", "users-value", "users.avsc"});
    EXPECT_EQ(std::pair(bad.code, bad.out), std::pair(1, std::string("at /fields/1\n")));
    EXPECT_TRUE(bad.err.contains("it does not fit what 'users-value' has")) << bad.err;
    const auto json = co_await ask(shard, registry, {"check", "users-value", "users.avsc", "--output", "json"});
    EXPECT_EQ(json.out, R"({"subject":"users-value","compatible":false,"messages":["at /fields/1"]})"
                        "\n");
    const auto good = co_await ask(shard, registry, {"check", "users-value", "users.avsc", "--all"});
    EXPECT_EQ(std::pair(good.code, good.out), std::pair(0, std::string("compatible\n")));
    EXPECT_EQ(good.err, "nothing is registered under 'users-value' yet; did you mean users-values?\n");
    co_await registry.stop();
  });
}

TEST(Schema, DeletesAfterAQuestionOnATerminalOnly) {
  play_registry([](const Shard* shard) -> Task<> {
    FakeRegistry registry(*shard);
    registry.answers["DELETE /subjects/s"] = {200, "[1,2]"};
    registry.answers["DELETE /subjects/s/versions/2?permanent=true"] = {200, "2"};
    registry.answers["DELETE /subjects/s?permanent=true"] = {404, R"({"error_code":40405,"message":"not first"})"};
    EXPECT_EQ((co_await ask(shard, registry, {"delete", "s"})).out,
              "SUBJECT  VERSION  RESULT\ns              1  deleted\ns              2  deleted\n");
    const auto refused = co_await ask(shard, registry, {"delete", "s", "--permanent", "--version", "2"}, {"n"}, true);
    EXPECT_EQ(refused.code, 1);
    EXPECT_TRUE(refused.err.starts_with("Delete version 2 of s for good? [y/N] ")) << refused.err;
    const auto gone = co_await ask(shard, registry, {"delete", "s", "--permanent", "--version", "2"}, {"y"}, true);
    EXPECT_TRUE(gone.out.contains("gone for good")) << gone.out << gone.err;
    const auto early = co_await ask(shard, registry, {"delete", "s", "--permanent", "--yes"});
    EXPECT_EQ(early.err, "thalweg schema delete: not first (error 40405)\nDelete it without --permanent first\n");
    co_await registry.stop();
  });
}

TEST(Schema, ShowsAndSetsLevels) {
  play_registry([](const Shard* shard) -> Task<> {
    FakeRegistry registry(*shard);
    registry.answers["GET /config"] = {200, R"({"compatibilityLevel":"BACKWARD"})"};
    registry.answers["GET /config/s"] = {404, R"({"error_code":40408,"message":"none"})"};
    registry.answers["PUT /config/s"] = {200, R"({"compatibility":"FULL"})"};
    registry.answers["DELETE /config/s"] = {404, R"({"error_code":40408,"message":"none"})"};
    EXPECT_EQ((co_await ask(shard, registry, {"level"})).out, "SUBJECT  LEVEL     SOURCE\n-        BACKWARD  global\n");
    EXPECT_EQ((co_await ask(shard, registry, {"level", "s"})).out,
              "SUBJECT  LEVEL     SOURCE\ns        BACKWARD  global\n");
    registry.answers["GET /config/s"] = {200, R"({"compatibilityLevel":"FULL"})"};
    EXPECT_EQ((co_await ask(shard, registry, {"level", "s", "--set", "full"})).out,
              "SUBJECT  LEVEL  SOURCE\ns        FULL   subject\n");
    EXPECT_TRUE(std::ranges::find(registry.bodies, R"({"compatibility":"FULL"})") != registry.bodies.end());
    EXPECT_EQ((co_await ask(shard, registry, {"level", "s", "--unset"})).code, 0);
    co_await registry.stop();
  });
}

TEST(Schema, PassesOnWhatTheRegistryRefusesAndWhatToDo) {
  play_registry([](const Shard* shard) -> Task<> {
    FakeRegistry registry(*shard);
    registry.answers["GET /subjects"] = {200, R"(["users-value"])"};
    registry.answers["GET /schemas/ids/9"] = {404, R"({"error_code":40403,"message":"Schema 9 not found"})"};
    registry.answers["GET /schemas/ids/8"] = {401, "who?"};
    registry.answers["GET /schemas/ids/7"] = {502, "<html>"};
    registry.answers["GET /schemas/ids/6"] = {200, R"({"id":6})"};
    registry.answers["GET /schemas/ids/5"] = {200, "<html>"};
    const auto error = [&](Arguments arguments) -> Task<std::string> {
      arguments.insert(arguments.begin(), "show");
      const auto ran = co_await ask(shard, registry, arguments);
      EXPECT_EQ(ran.code, 1);
      EXPECT_EQ(ran.out, "");
      co_return ran.err;
    };
    EXPECT_EQ(co_await error({"user-value"}),
              "thalweg schema show: no subject 'user-value'; did you mean users-value?\n");
    EXPECT_EQ(
        co_await error({"--id", "9"}),
        "thalweg schema show: Schema 9 not found (error 40403)\nthalweg schema list --all-versions shows all ids\n");
    EXPECT_TRUE((co_await error({"--id", "8"})).contains("wants to know who asks (401)"));
    EXPECT_TRUE((co_await error({"--id", "7"})).contains("answered 502\n"));
    EXPECT_TRUE((co_await error({"--id", "6"})).contains("is a web server, but no schema registry"));
    EXPECT_TRUE((co_await error({"--id", "5"})).contains("is a web server, but no schema registry"));
    co_await registry.stop();
  });
}

TEST(Schema, SaysSoonThatThereIsNoRegistry) {
  play_registry([](const Shard* shard) -> Task<> {
    const Stranger silent(*shard, ""), tls(*shard, std::string("\x15\x03\x01\0\2\2\x28", 7)),
        ssh(*shard, "SSH-2.0\r\n");
    admin::FakeBroker kafka(*shard);
    const std::pair<std::string, std::string> all[] = {
        {"127.0.0.1:1",
         "nothing listens at 127.0.0.1:1\nIs the server running, and does its option "
         "schema.registry.listeners name this port?"},
        {to_string(kafka.endpoint), "is a Kafka broker, no schema registry\nThe registry's port is 8081"},
        {to_string(tls.endpoint), "speaks TLS"},
        {to_string(ssh.endpoint), "is no schema registry"},
        {"no-such-host.invalid", "the name 'no-such-host.invalid' cannot be resolved"},
        {to_string(silent.endpoint), "takes connections but does not answer"}};
    for (const auto& [address, text] : all) {
      const auto ran = co_await run(shard, {"schema", "list", "--registry", address}, true);
      EXPECT_EQ(ran.code, 1);
      EXPECT_TRUE(ran.err.contains(text)) << address << ": " << ran.err;
      EXPECT_TRUE(ran.err.contains("SCHEMA_REGISTRY_URL")) << ran.err;
      EXPECT_LT(ran.took, 2s) << address;
    }
    co_await kafka.stop();
  });
}

TEST(Schema, WaitsAtAScreenForARegistryThatIsOnlySlow) {
  play_registry([](const Shard* shard) -> Task<> {
    FakeRegistry registry(*shard);
    registry.is_slow_at_first = true;
    registry.answers["GET /config"] = {200, R"({"compatibilityLevel":"NONE"})"};
    const auto ran = co_await ask(shard, registry, {"level"}, {}, true);
    EXPECT_EQ(registry.asked.front(), "GET /");
    EXPECT_TRUE(ran.out.contains("NONE")) << ran.err;
    registry.go_on.notify();
    co_await registry.stop();
  });
}

TEST(Schema, TakesTheFirstAddressThatCanBeReached) {
  play_registry([](const Shard* shard) -> Task<> {
    FakeRegistry registry(*shard);
    registry.answers["GET /config"] = {200, R"({"compatibilityLevel":"NONE"})"};
    const auto ran = co_await run(shard, {"schema", "level", "--registry", "127.0.0.1:1," + registry.url});
    EXPECT_TRUE(ran.out.contains("NONE")) << ran.err;
    co_await registry.stop();
  });
}

TEST(Schema, RefusesWhatMakesNoSenseBeforeItConnects) {
  const std::vector<Arguments> all{
      {"show"},
      {"show", "s", "--id", "1"},
      {"show", "--id", "1", "--version", "2"},
      {"show", "--id", "x"},
      {"show", "s", "--version", "0"},
      {"show", "s", "--version", "last"},
      {"register"},
      {"register", "s"},
      {"register", "s", "plain.txt"},
      {"register", "s", "-"},
      {"register", "s", "users.avsc", "--type", "xml"},
      {"register", "s", "users.avsc", "--reference", "a"},
      {"register", "s", "users.avsc", "--reference", "a=b"},
      {"register", "s", "users.avsc", "--reference", "a=b:x"},
      {"register", "s", "users.avsc", "--reference", "a=b:0"},
      {"register", "s", "users.avsc", "--reference", "=b:1"},
      {"check", "s", "users.avsc", "--all", "--version", "1"},
      {"delete"},
      {"delete", "s", "--version", "-1"},
      {"level", "s", "--set", "SIDEWAYS"},
      {"level", "s", "--set", "FULL", "--unset"},
      {"list", "--registry", "https://a"},
      {"list", "--registry", "http://u:secret@a"},
      {"list", "--registry", "a,,b"},
      {"list", "--brokers", "a:1"},
  };
  play_registry([&all](const Shard* shard) -> Task<> {
    for (Arguments arguments : all) {
      std::string shown;
      for (const auto& word : arguments) shown += word + " ";
      arguments.insert(arguments.begin(), "schema");
      if (!shown.contains("--registry")) arguments.insert(arguments.end(), {"--registry", "127.0.0.1:1"});
      const auto ran = co_await run(shard, arguments);
      EXPECT_EQ(ran.code, 2) << shown << ran.err;
      EXPECT_EQ(ran.out, "") << shown;
      EXPECT_FALSE(ran.err.contains("secret")) << ran.err;
    }
  });
}

}  // namespace
}  // namespace thalweg::cli

// What strangers send and what goes wrong around the console, over HTTP of a broker in a simulation: it is answered in
// order, and nothing is below zero or no text that should be.
#include "console/testing.h"

namespace thalweg::console {
namespace {

struct Member {
  std::string name, valid;
};
struct Body {
  std::string method, path, pattern;
  std::vector<Member> members;
};

// One of each kind of operation that takes a body; those that have a plan are asked for it alone.
std::vector<Body> bodies() {
  const std::vector<Member> options = {{"set", R"([{"name":"retention.ms","value":"60000"}])"}, {"unset", R"([])"}};
  return {
      {"post",
       "/topics?dry_run=true",
       "/topics",
       {{"name", R"("fresh")"}, {"partitions", "3"}, {"replicas", "1"}, {"options", "[]"}}},
      {"post", "/topics/orders/partitions?dry_run=true", "/topics/{topic}/partitions", {{"partitions", "5"}}},
      {"patch", "/topics/orders/config?dry_run=true", "/topics/{topic}/config", options},
      {"patch", "/brokers/1/config?dry_run=true", "/brokers/{id}/config", options},
      {"patch", "/groups/readers/config?dry_run=true", "/groups/{group}/config", options},
      {"post",
       "/topics/orders/delete-records?dry_run=true",
       "/topics/{topic}/delete-records",
       {{"before", R"("offset")"}, {"offset", "1"}, {"time", "1"}, {"partitions", "[0]"}}},
      {"post",
       "/groups/readers/offsets?dry_run=true",
       "/groups/{group}/offsets",
       {{"to", R"("shift")"},
        {"time", "1"},
        {"offset", "1"},
        {"shift", "-1"},
        {"topics", R"(["orders"])"},
        {"partitions", "[0]"}}},
      {"post",
       "/topics/orders/records",
       "/topics/{topic}/records",
       {{"partition", "0"},
        {"timestamp", "1700000000000"},
        {"key", R"({"text":"1","format":"int64"})"},
        {"value", R"({"text":"x"})"},
        {"headers", R"([{"name":"h","value":{"text":"x"}}])"}}},
      {"post", "/session", "/session", {{"token", R"("guessed")"}}},
  };
}

std::string with(const Body& body, const std::string& member, const std::string& value) {
  std::string text;
  for (const auto& [name, valid] : body.members)
    text += (text.empty() ? "{\"" : ",\"") + name + "\":" + (name == member ? value : valid);
  return text + "}";
}

struct HostileTest : ConsoleTest {
  void start_with_orders() {
    more["console.auth"] = "none";
    start();
    create("orders", 2);
    produce("orders", 0, 5);
    commit("readers", "orders", 0, 2);
  }
  // In order: no 5xx, and as it is described.
  void try_body(const Body& body, const std::string& text) {
    std::string method = body.method;
    for (char& c : method) c = char(c - 'a' + 'A');
    const auto answered = send(method + " /api/v1" + body.path +
                               " HTTP/1.1\r\nConnection: close\r\nHost: 10.0.0.1:8080\r\nContent-Type: "
                               "application/json\r\nContent-Length: " +
                               std::to_string(text.size()) + "\r\n\r\n" + text);
    EXPECT_LT(answered.status, 500) << body.path << " " << text.substr(0, 200) << ": " << answered.body;
    EXPECT_EQ(checker.check("/api/v1" + body.pattern, body.method, answered.status, answered.json()), "")
        << body.path << " " << text.substr(0, 200) << ": " << answered.body;
  }
};

TEST_F(HostileTest, EveryMemberOfEveryBodyMayBeAnything) {
  start_with_orders();
  const std::string huge(100'000, 'x');
  const std::vector<std::string> values = {"null",
                                           "true",
                                           "-1",
                                           "0",
                                           "2147483647",
                                           "9223372036854775807",
                                           "-9223372036854775808",
                                           "9223372036854775808",
                                           "1e999",
                                           "1.5",
                                           R"("")",
                                           R"("\u0000")",
                                           R"("\ud800")",
                                           "\"\xff\"",
                                           R"("../../etc/passwd")",
                                           R"("'; rm -rf / #")",
                                           "\"" + huge + "\"",
                                           "[]",
                                           "{}",
                                           "[[[[[[]]]]]]",
                                           "[null,{},-1,\"\"]",
                                           R"({"text":"no number","format":"int64"})",
                                           R"([{"name":"","value":null}])",
                                           R"([{"name":"retention.ms","value":"-99999999999999999999"}])"};
  for (const auto& body : bodies())
    for (const auto& [member, valid] : body.members)
      for (const auto& value : values) try_body(body, with(body, member, value));
  EXPECT_EQ(number_at(get("/topics?show=own", "/topics"), "total"), 1);  // dry runs make nothing
}

TEST_F(HostileTest, ABodyThatIsNoObjectIsRefused) {
  start_with_orders();
  for (const auto& body : bodies())
    for (const auto* text : {"", "{", "[]", "null", "\"x\"", "{}{}", "{\"a\":1,\"a\":2}", "\xef\xbb\xbf{}"})
      try_body(body, text);
}

// Ages go by the date, and the records of the test are of November 2023.
TEST_F(HostileTest, ADateThatJumpsMakesNoAgeBelowZeroAndHidesNoRecord) {
  start_with_orders();
  for (const auto by : {-std::chrono::years(20), 2 * std::chrono::years(20), -std::chrono::years(40)}) {
    server->jump_wall(by);
    world.run_for(3s);
    EXPECT_GE(number_at(get("/groups/readers", "/groups/{group}"), "oldest_unread_ms"), 0);
    EXPECT_GE(number_at(get("/groups/readers/partitions", "/groups/{group}/partitions"), "items/0/oldest_unread_ms"),
              0);
    const std::string records = "/topics/{topic}/records";
    EXPECT_EQ(number_at(get("/topics/orders/records", records), "items/0/offset"), 4);
    EXPECT_EQ(number_at(get("/topics/orders/records?from=time&time=1", records), "items/0/offset"), 0);
    EXPECT_EQ(number_at(get("/topics/orders/search?order=oldest", "/topics/{topic}/search"), "progress/matches"), 5);
    get("/cluster", "/cluster");
    get("/attention", "/attention");
    get("/series?minutes=60", "/series");
  }
}

TEST_F(HostileTest, ATopicThatIsDeletedUnderALiveTailEndsItAlsoWhenAnotherComesByItsName) {
  start_with_orders();
  const std::string records = "/topics/{topic}/records";
  const auto live = get("/topics/orders/records?from=live", records);
  const std::string next = "/topics/orders/records?from=live&cursor=" + text_at(live, "cursor");
  get(next, records);
  const std::string headers = "Host: 10.0.0.1:8080\r\nContent-Type: application/json\r\nIf-Match: *\r\n";
  EXPECT_EQ(send("DELETE /api/v1/topics/orders HTTP/1.1\r\nConnection: close\r\n" + headers + "\r\n").status, 200);
  get(next, records, 404);
  create("orders", 2);
  produce("orders", 0, 5);
  get(next, records, 400);
}

TEST_F(HostileTest, ThousandsOfParametersAndNamesOfAnyBytesAreAnswered) {
  start_with_orders();
  std::string many = "/api/v1/topics?";
  for (int i = 0; i < 2000; ++i) many += "q=x&";
  for (const auto& path : {many, std::string("/api/v1/topics/%ff%fe/groups"), std::string("/api/v1/groups/%00"),
                           std::string("/api/v1/topics/orders/records/99999999999/0"),
                           std::string("/api/v1/topics/orders/records/0/-9223372036854775808")}) {
    const auto answered = ask(path);
    EXPECT_GE(answered.status, 200) << path.substr(0, 100);
    EXPECT_LT(answered.status, 500) << path.substr(0, 100) << answered.body;
  }
}

}  // namespace
}  // namespace thalweg::console

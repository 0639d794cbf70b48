// Changes over HTTP of a broker in a simulation: what is planned, what is refused, and that what was planned is what
// happens. Answers are held against their description.
#include <set>

#include "console/testing.h"

namespace thalweg::console {
namespace {

struct PlansTest : ChangesTest {
  std::int64_t committed(const std::string& group, int row = 0) {
    return number_at(get("/groups/" + group + "/partitions", "/groups/{group}/partitions"),
                     "items/" + std::to_string(row) + "/committed");
  }
};

TEST_F(PlansTest, ATopicIsPlannedThenMadeAsPlanned) {
  start();
  const std::string body = R"({"name":"orders","partitions":3,"options":[{"name":"retention.ms","value":"60000"}]})";
  const auto plan = planned("POST", "/topics", "/topics", body);
  EXPECT_EQ(text_at(plan, "title"), "Create the topic orders with 3 partitions and 1 replica of each");
  EXPECT_EQ(at(plan, "applied"), json::Value(false));
  EXPECT_EQ(text_at(plan, "command"),
            "kafka-topics --bootstrap-server server:9092 --create --topic orders --partitions 3 --replication-factor 1 "
            "--config retention.ms=60000");
  get("/topics/orders", "/topics/{topic}", 404);
  EXPECT_EQ(at(acted("POST", "/topics", "/topics", text_at(plan, "plan"), body), "applied"), json::Value(true));
  EXPECT_EQ(number_at(get("/topics/orders", "/topics/{topic}"), "retention_ms"), 60000);
  const auto twice = acted("POST", "/topics", "/topics", text_at(plan, "plan"), body, 409);
  EXPECT_EQ(text_at(twice, "code"), "TOPIC_ALREADY_EXISTS");
  EXPECT_EQ(text_at(twice, "fields/0/path"), "/name");
}

TEST_F(PlansTest, WhatIsWrongWithATopicToBeIsSaidWhereItIs) {
  start();
  const auto path = [&](const std::string& body, int status) {
    return text_at(planned("POST", "/topics", "/topics", body, status), "fields/0/path");
  };
  EXPECT_EQ(path(R"({"name":"a b"})", 400), "/name");
  EXPECT_EQ(path(R"({"name":"a","partitions":0})", 422), "/partitions");
  EXPECT_EQ(path(R"({"name":"a","replicas":9})", 422), "/replicas");
  EXPECT_EQ(path(R"({"name":"a","replicas":70000})", 400), "/replicas");
  EXPECT_EQ(path(R"({"name":"a","options":[{"name":"retention.ms","value":"soon"}]})", 422), "/options");
  EXPECT_EQ(path(R"({"name":"a","options":[{"name":"retention.ms"}]})", 400), "/options/0/value");
  EXPECT_EQ(path(R"({"partitions":1})", 400), "/name");
  EXPECT_EQ(path(R"({"name":"a","partitions":"1"})", 400), "/partitions");
}

TEST_F(PlansTest, AnActCarriesItsPlan) {
  start();
  create("orders", 1);
  const auto without = change("DELETE", "/topics/orders", "", kJson);
  EXPECT_EQ(without.status, 428);
  EXPECT_EQ(checker.check("/api/v1/topics/{topic}", "delete", 428, without.json()), "");
  EXPECT_EQ(text_at(acted("DELETE", "/topics/orders", "/topics/{topic}", "0123", "", 409), "type"),
            "/problems/stale-plan");
  get("/topics/orders", "/topics/{topic}");
  acted("DELETE", "/topics/orders", "/topics/{topic}", "*");
  get("/topics/orders", "/topics/{topic}", 404);
}

TEST_F(PlansTest, AnOutdatedPlanDeletesNoTopic) {
  start();
  create("orders", 1);
  produce("orders", 0, 4);
  const auto plan = planned("DELETE", "/topics/orders", "/topics/{topic}");
  EXPECT_EQ(text_at(plan, "confirm"), "orders");
  EXPECT_EQ(number_at(plan, "records"), 4);
  carried_out("DELETE", "/topics/orders", "/topics/{topic}");
  create("orders", 1);  // another one, under the same name
  acted("DELETE", "/topics/orders", "/topics/{topic}", text_at(plan, "plan"), "", 409);
  const auto again = text_at(planned("DELETE", "/topics/orders", "/topics/{topic}"), "plan");
  produce("orders", 0, 1);  // records come and go: the plan stays
  EXPECT_EQ(text_at(planned("DELETE", "/topics/orders", "/topics/{topic}"), "plan"), again);
  carried_out("POST", "/topics/orders/partitions", "/topics/{topic}/partitions", R"({"partitions":3})");
  acted("DELETE", "/topics/orders", "/topics/{topic}", again, "", 409);
  EXPECT_EQ(number_at(get("/topics/orders", "/topics/{topic}"), "partitions"), 3);
}

TEST_F(PlansTest, DeletionThatTheClusterForbidsIsBlocked) {
  more["delete.topic.enable"] = "false";
  start();
  create("orders", 1);
  const auto plan = planned("DELETE", "/topics/orders", "/topics/{topic}");
  EXPECT_TRUE(text_at(plan, "blocked_by/0").starts_with("delete.topic.enable is false"))
      << text_at(plan, "blocked_by/0");
  EXPECT_EQ(text_at(acted("DELETE", "/topics/orders", "/topics/{topic}", text_at(plan, "plan"), "", 409), "type"),
            "/problems/blocked");
}

TEST_F(PlansTest, ATopicOnlyGrows) {
  start();
  create("orders", 2);
  const auto plan = planned("POST", "/topics/orders/partitions", "/topics/{topic}/partitions", R"({"partitions":5})");
  EXPECT_EQ(text_at(plan, "title"), "Add 3 partitions to orders, which then has 5");
  EXPECT_TRUE(text_at(plan, "warnings/0").starts_with("keys move"));
  planned("POST", "/topics/orders/partitions", "/topics/{topic}/partitions", R"({"partitions":1})", 422);
  planned("POST", "/topics/nothing/partitions", "/topics/{topic}/partitions", R"({"partitions":1})", 404);
}

TEST_F(PlansTest, AnOptionSaysWhatItChangesFromAndToAndWhoWins) {
  more["log.retention.ms"] = "7000";
  start();
  create("orders", 1);
  const std::string path = "/topics/orders/config", pattern = "/topics/{topic}/config";
  const auto set = R"({"set":[{"name":"retention.ms","value":"60000"}]})";
  const auto plan = planned("PATCH", path, pattern, set);
  EXPECT_EQ(text_at(plan, "options/0/from"), "7000");
  EXPECT_EQ(text_at(plan, "options/0/from_layer"), "file");
  EXPECT_EQ(text_at(plan, "options/0/to"), "60000");
  EXPECT_EQ(text_at(plan, "options/0/to_layer"), "topic");
  EXPECT_EQ(
      text_at(plan, "command"),
      "kafka-configs --bootstrap-server server:9092 --entity-type topics --entity-name orders --alter --add-config "
      "retention.ms=60000");
  acted("PATCH", path, pattern, text_at(plan, "plan"), set);
  EXPECT_EQ(number_at(get("/topics/orders", "/topics/{topic}"), "retention_ms"), 60000);
  // The world has moved: the same request is another change now.
  acted("PATCH", path, pattern, text_at(plan, "plan"), set, 409);
  EXPECT_TRUE(text_at(planned("PATCH", path, pattern, set), "warnings/0").starts_with("nothing would be different"));
  const auto back = planned("PATCH", path, pattern, R"({"unset":["retention.ms"]})");
  EXPECT_EQ(text_at(back, "options/0/to"), "7000");
  EXPECT_EQ(text_at(back, "options/0/to_layer"), "file");
  carried_out("PATCH", path, pattern, R"({"unset":["retention.ms"]})");
  EXPECT_EQ(number_at(get("/topics/orders", "/topics/{topic}"), "retention_ms"), 7000);
}

TEST_F(PlansTest, OptionsThatKafkaRefusesAreRefusedInThePlan) {
  start();
  create("orders", 1);
  const std::string path = "/topics/orders/config", pattern = "/topics/{topic}/config";
  EXPECT_EQ(
      text_at(planned("PATCH", path, pattern, R"({"set":[{"name":"retention.ms","value":"soon"}]})", 422), "code"),
      "INVALID_CONFIG");
  planned("PATCH", path, pattern, R"({"set":[{"name":"retention.lunch","value":"1"}]})", 422);
  planned("PATCH", path, pattern, "{}", 400);
  planned("PATCH", "/topics/none/config", pattern, R"({"unset":["retention.ms"]})", 404);
  planned("PATCH", "/brokers/7/config", "/brokers/{id}/config", R"({"unset":["log.retention.ms"]})", 404);
}

TEST_F(PlansTest, WhatABrokerSaysItselfGoesBeforeWhatAllSay) {
  start();
  const std::string pattern = "/brokers/{id}/config", set = R"({"set":[{"name":"log.retention.ms","value":"1000"}]})";
  carried_out("PATCH", "/brokers/1/config", pattern, set);
  const auto all = R"({"set":[{"name":"log.retention.ms","value":"2000"}]})";
  const auto plan = planned("PATCH", "/brokers/default/config", pattern, all);
  EXPECT_EQ(text_at(plan, "options/0/to"), "1000");
  EXPECT_EQ(text_at(plan, "options/0/to_layer"), "broker");
  EXPECT_EQ(text_at(plan, "warnings/0"), "log.retention.ms is passed over: this broker says 1000, which wins");
  carried_out("PATCH", "/brokers/default/config", pattern, all);
  const auto back = planned("PATCH", "/brokers/1/config", pattern, R"({"unset":["log.retention.ms"]})");
  EXPECT_EQ(text_at(back, "options/0/to"), "2000");
  EXPECT_EQ(text_at(back, "options/0/to_layer"), "brokers");
}

TEST_F(PlansTest, RecordsGoUpToAnOffsetOrAllOfThem) {
  start();
  create("orders", 2);
  produce("orders", 0, 5);
  produce("orders", 1, 3);
  const std::string path = "/topics/orders/delete-records", pattern = "/topics/{topic}/delete-records";
  const auto some = R"({"before":"offset","offset":4,"partitions":[0]})";
  const auto plan = planned("POST", path, pattern, some);
  EXPECT_EQ(text_at(plan, "title"), "Delete 4 records of orders");
  EXPECT_EQ(number_at(plan, "offsets/0/from"), 0);
  EXPECT_EQ(number_at(plan, "offsets/0/to"), 4);
  acted("POST", path, pattern, text_at(plan, "plan"), some);
  EXPECT_EQ(number_at(get("/topics/orders", "/topics/{topic}"), "records"), 4);
  EXPECT_EQ(text_at(planned("POST", path, pattern, some), "blocked_by/0"),
            "There is nothing to delete: no record is older");
  const auto all = R"({"before":"end"})";
  const auto everything = planned("POST", path, pattern, all);
  EXPECT_EQ(number_at(everything, "records"), 4);
  produce("orders", 1, 2);  // goes, too
  acted("POST", path, pattern, text_at(everything, "plan"), all);
  EXPECT_EQ(number_at(get("/topics/orders", "/topics/{topic}"), "records"), 0);
  planned("POST", path, pattern, R"({"before":"offset"})", 400);
  planned("POST", path, pattern, R"({"before":"yesterday"})", 400);
  planned("POST", path, pattern, R"({"before":"end","partitions":[7]})", 400);
}

TEST_F(PlansTest, RecordsGoUpToATime) {
  start();
  create("orders", 1);
  produce("orders", 0, 5);  // of November 2023
  const std::string path = "/topics/orders/delete-records", pattern = "/topics/{topic}/delete-records";
  EXPECT_EQ(number_at(planned("POST", path, pattern, R"({"before":"time","time":1600000000000})"), "records"), 0);
  EXPECT_EQ(number_at(planned("POST", path, pattern, R"({"before":"time","time":1800000000000})"), "records"), 5);
}

TEST_F(PlansTest, AGroupGoesOnWhereThePlanSays) {
  start();
  create("orders", 2);
  produce("orders", 0, 5);
  produce("orders", 1, 3);
  commit("readers", "orders", 0, 4);
  const std::string path = "/groups/readers/offsets", pattern = "/groups/{group}/offsets";
  const auto plan = planned("POST", path, pattern, R"({"to":"earliest"})");
  EXPECT_EQ(text_at(plan, "title"), "Reset 1 partition of the group readers");
  EXPECT_EQ(number_at(plan, "offsets/0/from"), 4);
  EXPECT_EQ(number_at(plan, "offsets/0/to"), 0);
  EXPECT_EQ(number_at(plan, "read_again"), 4);
  EXPECT_EQ(number_at(plan, "skipped"), 0);
  EXPECT_EQ(number_at(plan, "lag_after"), 5);
  EXPECT_EQ(text_at(plan, "command"),
            "kafka-consumer-groups --bootstrap-server server:9092 --group readers --reset-offsets --to-earliest "
            "--all-topics --execute");
  acted("POST", path, pattern, text_at(plan, "plan"), R"({"to":"earliest"})");
  EXPECT_EQ(committed("readers"), 0);
  acted("POST", path, pattern, text_at(plan, "plan"), R"({"to":"earliest"})", 409);  // it stands elsewhere now
  carried_out("POST", path, pattern, R"({"to":"shift","shift":2})");
  EXPECT_EQ(committed("readers"), 2);
  carried_out("POST", path, pattern, R"({"to":"offset","offset":99})");
  EXPECT_EQ(committed("readers"), 5);
  carried_out("POST", path, pattern, R"({"to":"time","time":1600000000000})");
  EXPECT_EQ(committed("readers"), 0);
  carried_out("POST", path, pattern, R"({"to":"latest","topics":["orders"]})");
  EXPECT_EQ(committed("readers"), 5);
  EXPECT_EQ(committed("readers", 1), 3);
}

TEST_F(PlansTest, ToTheEndIsTheEndOfTheAct) {
  start();
  create("orders", 1);
  produce("orders", 0, 5);
  commit("readers", "orders", 0, 0);
  const std::string path = "/groups/readers/offsets", pattern = "/groups/{group}/offsets", body = R"({"to":"latest"})";
  const auto plan = planned("POST", path, pattern, body);
  EXPECT_TRUE(text_at(plan, "warnings/0").starts_with("what is written until it is applied"));
  produce("orders", 0, 2);
  acted("POST", path, pattern, text_at(plan, "plan"), body);
  EXPECT_EQ(committed("readers"), 7);
}

TEST_F(PlansTest, AGroupThatReadsIsNeitherResetNorDeleted) {
  start();
  create("orders", 1);
  produce("orders", 0, 5);
  commit("readers", "orders", 0, 4);
  const std::string path = "/groups/readers/offsets", pattern = "/groups/{group}/offsets",
                    body = R"({"to":"earliest"})";
  const auto before = planned("POST", path, pattern, body);
  join("readers");
  const auto plan = planned("POST", path, pattern, body);
  EXPECT_EQ(text_at(plan, "blocked_by/0"), "The group must be empty first: 1 member is connected");
  EXPECT_EQ(number_at(plan, "offsets/0/to"), 0);  // what it would do is said all the same
  acted("POST", path, pattern, text_at(before, "plan"), body, 409);
  acted("DELETE", "/groups/readers", "/groups/{group}", "*", "", 409);
  EXPECT_EQ(committed("readers"), 4);
}

TEST_F(PlansTest, AGroupForgetsATopicAndGoes) {
  start();
  create("orders", 1);
  create("users", 1);
  commit("readers", "orders", 0, 0);
  commit("readers", "users", 0, 0);
  const std::string offsets = "/groups/readers/offsets?topic=orders";
  const auto plan = planned("DELETE", offsets, "/groups/{group}/offsets");
  EXPECT_EQ(text_at(plan, "title"), "Forget what the group readers has committed in orders");
  EXPECT_EQ(number_at(plan, "partitions"), 1);
  acted("DELETE", offsets, "/groups/{group}/offsets", text_at(plan, "plan"));
  EXPECT_EQ(number_at(get("/groups/readers", "/groups/{group}"), "partitions"), 1);
  EXPECT_EQ(text_at(planned("DELETE", offsets, "/groups/{group}/offsets"), "blocked_by/0"),
            "The group has committed nothing in orders");
  planned("DELETE", "/groups/readers/offsets", "/groups/{group}/offsets", "", 400);
  const auto whole = planned("DELETE", "/groups/readers", "/groups/{group}");
  EXPECT_EQ(text_at(whole, "confirm"), "readers");
  acted("DELETE", "/groups/readers", "/groups/{group}", text_at(whole, "plan"));
  get("/groups/readers", "/groups/{group}", 404);
  planned("DELETE", "/groups/readers", "/groups/{group}", "", 404);
}

TEST_F(PlansTest, NamesOfStrangersAreQuotedInCommands) {
  start();
  create("orders", 1);
  const std::string group = "x; rm -rf '~'";
  commit(group, "orders", 0, 0);
  const auto plan = planned("DELETE", "/groups/x%3B%20rm%20-rf%20'~'", "/groups/{group}");
  EXPECT_EQ(text_at(plan, "command"),
            R"(kafka-consumer-groups --bootstrap-server server:9092 --delete --group 'x; rm -rf '\''~'\''')");
}

// Every operation that changes something, with a request that would be carried out.
struct Write {
  std::string method, path, body;
  bool has_plan = true;  // a record is written as it is
};
std::vector<Write> writes() {
  return {{"POST", "/topics", R"({"name":"new"})"},
          {"DELETE", "/topics/orders", ""},
          {"POST", "/topics/orders/partitions", R"({"partitions":2})"},
          {"PATCH", "/topics/orders/config", R"({"set":[{"name":"retention.ms","value":"1"}]})"},
          {"PATCH", "/groups/readers/config", R"({"set":[{"name":"consumer.session.timeout.ms","value":"46000"}]})"},
          {"PATCH", "/brokers/1/config", R"({"set":[{"name":"log.retention.ms","value":"1"}]})"},
          {"POST", "/topics/orders/delete-records", R"({"before":"end"})"},
          {"POST", "/groups/readers/offsets", R"({"to":"earliest"})"},
          {"DELETE", "/groups/readers/offsets?topic=orders", ""},
          {"DELETE", "/groups/readers", ""},
          {"POST", "/topics/orders/records", R"({"value":{"text":"4"}})", false},
          {"POST", "/schemas/orders-value/check", R"({"text":"\"int\""})", false},
          {"POST", "/schemas/orders-value/versions", R"({"text":"\"long\""})"},
          {"PATCH", "/schemas/orders-value/level", R"({"level":"NONE"})"},
          {"DELETE", "/schemas/orders-value", ""},
          {"DELETE", "/schemas/orders-value/versions/1", ""},
          {"POST", "/dead-letters/dlq.orders/replay", "{}"}};
}

struct WritesTest : PlansTest {
  void begin() {
    with_registry = true;
    start();
    create("orders", 1);
    produce("orders", 0, 3);
    commit("readers", "orders", 0, 2);
    create("dlq.orders", 1);
    bury_one();
    register_schema("orders-value", "\"int\"");
  }
  // A letter of orders.
  void bury_one() {
    record::BatchBuilder builder({});
    const record::HeaderView origin{"__dlq.errors.topic", as_bytes("orders")};
    builder.append({.timestamp = 1'700'000'000'000, .value = as_bytes("value"), .headers = {&origin, 1}});
    send_batch("dlq.orders", 0, builder.build());
  }
  void nothing_changed() {
    EXPECT_EQ(committed("readers"), 2);
    const auto topic = get("/topics/orders", "/topics/{topic}");
    EXPECT_EQ(number_at(topic, "records"), 3);
    EXPECT_EQ(number_at(topic, "partitions"), 1);
    EXPECT_EQ(number_at(topic, "retention_ms"), 604'800'000);
    get("/topics/new", "/topics/{topic}", 404);
    const auto subject = get("/schemas/orders-value", "/schemas/{subject}");
    EXPECT_EQ(at(subject, "versions").if_array()->size(), 1u);
    EXPECT_EQ(at(subject, "deleted"), json::Value(false));
    EXPECT_EQ(text_at(subject, "level/layer"), "all");
  }
};

TEST_F(WritesTest, AreAllThereAre) {
  std::set<std::string> known;
  for (const auto& write : writes()) known.insert(write.method + write.path.substr(0, write.path.find('?')));
  for (const auto& [method, path] : checker.operations()) {
    if (method == "get" || path.ends_with("/session")) continue;
    std::string real = method;
    for (char& c : real) c = char(c - 'a' + 'A');
    real += path.substr(std::string_view("/api/v1").size());
    if (const auto place = real.find("dead-letters/{topic}"); place != real.npos)
      real.replace(place, real.find('}') + 1 - place, "dead-letters/dlq.orders");
    for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{{"{topic}", "orders"},
                                                                                      {"{group}", "readers"},
                                                                                      {"{id}", "1"},
                                                                                      {"{subject}", "orders-value"},
                                                                                      {"{version}", "1"}})
      if (const auto place = real.find(name); place != real.npos) real.replace(place, name.size(), value);
    EXPECT_TRUE(known.contains(real)) << real << " is not among the writes that are tried here";
  }
}

TEST_F(WritesTest, ADryRunChangesNothing) {
  begin();
  for (const auto& [method, path, body, has_plan] : writes()) {
    if (!has_plan) continue;
    const auto dry = path + (path.contains('?') ? "&" : "?") + "dry_run=true";
    const auto answered = change(method, dry, body, kJson + "If-Match: *\r\n");
    EXPECT_EQ(answered.status, 200) << path << answered.body;
  }
  nothing_changed();
}

TEST_F(WritesTest, WithoutAPlanNothingChanges) {
  begin();
  for (const auto& [method, path, body, has_plan] : writes())
    if (has_plan) EXPECT_EQ(change(method, path, body, kJson).status, 428) << path;
  nothing_changed();
}

TEST_F(WritesTest, AConsoleThatOnlyReadsRefusesThemAll) {
  more["console.read.only"] = "true";
  begin();
  for (const auto& [method, path, body, has_plan] : writes()) {
    const auto answered = change(method, path, body, kJson + "If-Match: *\r\n");
    EXPECT_EQ(answered.status, 403) << path;
    EXPECT_EQ(text_at(answered.json(), "type"), "/problems/read-only") << path;
    EXPECT_EQ(change(method, path + (path.contains('?') ? "&" : "?") + "dry_run=true", body, kJson).status, 403);
  }
  nothing_changed();
}

TEST_F(WritesTest, WhoHasNotSignedInChangesNothing) {
  more["console.auth"] = "token";
  start();
  for (const auto& [method, path, body, has_plan] : writes())
    EXPECT_EQ(change(method, path, body, kJson + "If-Match: *\r\n").status, 401) << path;
}

// What a page of another site may send without being asked first, and what it may not.
TEST_F(WritesTest, PagesOfOtherSitesChangeNothing) {
  begin();
  const std::string any = "If-Match: *\r\n";
  for (const auto& [method, path, body, has_plan] : writes()) {
    EXPECT_EQ(change(method, path, body, kJson + any + "Sec-Fetch-Site: cross-site\r\n").status, 403) << path;
    EXPECT_EQ(change(method, path, body, kJson + any + "Sec-Fetch-Site: same-site\r\n").status, 403) << path;
    EXPECT_EQ(change(method, path, body, kJson + any + "Origin: http://evil.example\r\n").status, 403) << path;
    EXPECT_EQ(change(method, path, body, kJson + any + "Origin: null\r\n").status, 403) << path;
    // A name that was made to lead here.
    const std::string rebound = "Host: evil.example\r\nContent-Type: application/json\r\n";
    EXPECT_EQ(change(method, path, body, rebound + any + "Origin: http://evil.example\r\n").status, 421) << path;
    if (body.empty()) continue;
    for (const std::string type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"}) {
      const auto host = "Host: 10.0.0.1:8080\r\nContent-Type: " + type + "\r\n";
      EXPECT_EQ(change(method, path, body, host + any).status, 415) << path << type;
      EXPECT_EQ(change(method, path, body, host + any + "User-Agent: Mozilla/5.0\r\n").status, 415) << path << type;
    }
  }
  nothing_changed();
}

TEST_F(WritesTest, TheAnswersOfAWriteAreNotTakenForThoseOfARead) {
  begin();
  const auto plan = change("POST", "/topics?dry_run=true", R"({"name":"new"})", kJson);
  EXPECT_EQ(plan.header("ETag"), "");
}

}  // namespace
}  // namespace thalweg::console

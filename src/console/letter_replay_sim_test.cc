// Dead letters that go back, over HTTP of a broker in a simulation: what is planned, what arrives, what is remembered,
// and what a crash in the middle does.
#include <set>

#include "console/testing.h"
#include "protocol/offset_fetch_request.h"
#include "protocol/offset_fetch_response.h"

namespace thalweg::console {
namespace {

const std::string kReplay = "/dead-letters/{topic}/replay", kLetters = "/dead-letters/{topic}/letters";

struct LetterReplayTest : ChangesTest {
  using Headers = std::vector<std::pair<std::string, std::string>>;
  struct Buried {
    std::string key, value;
    Headers headers;
  };

  // In one batch.
  void bury(const std::string& topic, int partition, const std::vector<Buried>& letters) {
    record::BatchBuilder builder({});
    for (const auto& [key, value, names] : letters) {
      std::vector<record::HeaderView> headers;
      for (const auto& [name, bytes] : names) headers.push_back({name, as_bytes(bytes)});
      builder.append(
          {.timestamp = 1'700'000'000'000, .key = as_bytes(key), .value = as_bytes(value), .headers = headers});
    }
    send_batch(topic, partition, builder.build());
  }
  static Headers of(const std::string& origin, const std::string& error = "UNKNOWN") {
    return {{"trace", "7"},
            {"__dlq.errors.topic", origin},
            {"__dlq.errors.exception", error},
            {"__dlq.errors.partition", "2"},
            {"__dlq.errors.offset", "41"},
            {"__dlq.errors.delivery.count", "3"}};
  }
  json::Value plan_of(const std::string& queue, const std::string& body, int status = 200) {
    return planned("POST", "/dead-letters/" + queue + "/replay", kReplay, body, status);
  }
  // Empty: all was looked at.
  static std::string next_of(const json::Value& plan) {
    return at(plan, "replay/next") == json::Value() ? "" : text_at(plan, "replay/next");
  }
  static std::string going_on(const std::string& body, const std::string& from) {
    if (from.empty()) return body;
    return "{\"from\":\"" + from + "\"" + (body == "{}" ? "" : ",") + body.substr(1);
  }
  // As the pages do: the act is repeated while some are left.
  std::int64_t send_back(const std::string& queue, const std::string& body) {
    const auto plan = text_at(plan_of(queue, body), "plan");
    std::int64_t sent = 0, left = 1;
    std::string from;
    for (int part = 0; part < 100 && (left > 0 || !from.empty()); ++part) {
      const auto done = acted("POST", "/dead-letters/" + queue + "/replay", kReplay, plan, going_on(body, from));
      sent += number_at(done, "replay/letters");
      left = number_at(done, "replay/left");
      from = next_of(done);
    }
    EXPECT_EQ(left, 0);
    EXPECT_EQ(from, "");
    return sent;
  }
  json::Value letters(const std::string& queue, const std::string& query = "") {
    return get("/dead-letters/" + queue + "/letters" + query, kLetters);
  }
  // "key=value" of all that lie in a topic, the oldest first.
  std::vector<std::string> lying_in(const std::string& topic) {
    std::vector<std::string> all;
    const auto page = get("/topics/" + topic + "/records?from=oldest&limit=500", "/topics/{topic}/records");
    for (std::size_t i = 0; i < at(page, "items").if_array()->size(); ++i) {
      const auto item = "items/" + std::to_string(i);
      all.push_back(text_at(page, item + "/key/text") + "=" + text_at(page, item + "/value/text"));
    }
    return all;
  }
  // "name=value" of the record at an offset of partition 0.
  std::vector<std::string> headers_of(const std::string& topic, int offset) {
    std::vector<std::string> all;
    const auto record = get("/topics/" + topic + "/records/0/" + std::to_string(offset),
                            "/topics/{topic}/records/{partition}/{offset}");
    for (std::size_t i = 0; i < at(record, "header_list").if_array()->size(); ++i) {
      const auto header = "header_list/" + std::to_string(i);
      all.push_back(text_at(record, header + "/name") + "=" + text_at(record, header + "/value/text"));
    }
    return all;
  }
  std::set<std::string> keys_in(const std::string& topic) {
    std::set<std::string> keys;
    for (const auto& record : lying_in(topic)) keys.insert(record.substr(0, record.find('=')));
    return keys;
  }
  // An act whose answer nobody waits for.
  static Task<> begin_act(const Shard* shard, std::string path) {
    auto connection = co_await shard->network.connect({"server", 8080}, shard->clock.now() + 1s);
    if (!connection) co_return;
    std::vector<std::byte> buffer(1024);
    const std::string request = "POST /api/v1" + path + " HTTP/1.1\r\nConnection: close\r\n" + kJson +
                                "If-Match: *\r\nContent-Length: 2\r\n\r\n{}";
    if (!co_await (*connection)->write({SharedBytes::copy_of(request)})) co_return;
    for (auto got = co_await (*connection)->read_some(buffer); got && *got > 0;)
      got = co_await (*connection)->read_some(buffer);
  }
  // After a start the coordinator of the group that remembers is loaded first.
  void wait_for_memory(const std::string& queue) {
    for (int tries = 0; tries < 100; ++tries) {
      if (change("POST", "/dead-letters/" + queue + "/replay?dry_run=true", "{}", kJson).status != 503) return;
      world.run_for(100ms);
    }
    FAIL() << "what was sent back is not remembered";
  }
  static std::string only(const std::vector<std::pair<int, int>>& places, const std::string& more = "") {
    std::string text;
    for (const auto& [partition, offset] : places)
      text += (text.empty() ? "" : ",") +
              ("{\"partition\":" + std::to_string(partition) + ",\"offset\":" + std::to_string(offset) + "}");
    return "{\"letters\":[" + text + "]" + more + "}";
  }
};

TEST_F(LetterReplayTest, LettersOfACauseAreListedWithWhatTheySayAndWhereTheyComeFrom) {
  start();
  create("orders", 1);
  create("dlq.orders", 2);
  bury("dlq.orders", 0,
       {{"ann", R"({"id":9223372036854775807})", of("orders", "_TIMED_OUT")}, {"bob", "x", of("orders")}});
  bury("dlq.orders", 1, {{"cid", "y", of("orders", "_TIMED_OUT")}, {"dan", "z", {}}});
  const auto causes = get("/dead-letters/dlq.orders/causes", "/dead-letters/{topic}/causes");
  ASSERT_EQ(text_at(causes, "items/0/error"), "_TIMED_OUT");
  const auto id = text_at(causes, "items/0/id");
  EXPECT_EQ(id.size(), 32u);
  const auto page = letters("dlq.orders", "?cause=" + id);
  EXPECT_EQ(number_at(page, "total"), 2);
  EXPECT_EQ(number_at(page, "looked_at"), 4);
  EXPECT_EQ(text_at(page, "items/0/value/text"), R"({"id":9223372036854775807})");
  EXPECT_EQ(text_at(page, "items/0/value/format"), "json");
  EXPECT_EQ(text_at(page, "items/0/cause"), id);
  EXPECT_EQ(text_at(page, "items/0/origin"), "orders");
  EXPECT_EQ(number_at(page, "items/0/origin_offset"), 41);
  EXPECT_EQ(number_at(page, "items/0/attempts"), 3);
  EXPECT_EQ(at(page, "items/0/sent_before"), json::Value(false));
  EXPECT_EQ(at(page, "items/0/stays"), json::Value());
  const auto all = letters("dlq.orders", "?limit=1&from=2");
  EXPECT_EQ(number_at(all, "total"), 4);
  EXPECT_EQ(text_at(all, "items/0/stays"), "does not say where it comes from");
  get("/dead-letters/dlq.orders/letters?limit=501", kLetters, 400);
  get("/dead-letters/nowhere/letters", kLetters, 404);
}

TEST_F(LetterReplayTest, LettersGoBackAsTheyWereAndAreMarked) {
  start();
  create("orders", 1);
  create("dlq.orders", 1);
  bury("dlq.orders", 0, {{"ann", "1", of("orders")}, {"bob", "2", of("orders")}});
  const auto plan = plan_of("dlq.orders", "{}");
  EXPECT_EQ(text_at(plan, "title"), "Send 2 letters of dlq.orders back to orders");
  EXPECT_EQ(number_at(plan, "replay/letters"), 2);
  EXPECT_EQ(text_at(plan, "replay/targets/0/topic"), "orders");
  EXPECT_EQ(text_at(plan, "command"), "thalweg dlq replay dlq.orders");
  EXPECT_TRUE(lying_in("orders").empty()) << "a plan sends nothing";
  EXPECT_EQ(send_back("dlq.orders", "{}"), 2);
  EXPECT_EQ(lying_in("orders"), (std::vector<std::string>{"ann=1", "bob=2"}));
  EXPECT_EQ(headers_of("orders", 1),
            (std::vector<std::string>{"trace=7", "thalweg-replay-of=dlq.orders/0/1", "thalweg-replay-count=1"}));
  EXPECT_EQ(at(letters("dlq.orders"), "items/0/sent_before"), json::Value(true));
  EXPECT_EQ(number_at(letters("dlq.orders"), "total"), 2) << "the queue keeps them";
}

TEST_F(LetterReplayTest, ASecondTimeSendsNothingUnlessLettersAreNamedAgain) {
  start();
  create("orders", 1);
  create("dlq.orders", 1);
  bury("dlq.orders", 0, {{"ann", "1", of("orders")}, {"bob", "2", of("orders")}, {"cid", "3", of("orders")}});
  EXPECT_EQ(send_back("dlq.orders", only({{0, 1}})), 1);
  const auto plan = plan_of("dlq.orders", "{}");
  EXPECT_EQ(number_at(plan, "replay/letters"), 2);
  EXPECT_EQ(number_at(plan, "replay/sent_before"), 1);
  EXPECT_EQ(text_at(plan, "warnings/0"), "1 letter was sent back before and is left out");
  EXPECT_EQ(send_back("dlq.orders", "{}"), 2);
  EXPECT_EQ(lying_in("orders"), (std::vector<std::string>{"bob=2", "ann=1", "cid=3"}));
  EXPECT_EQ(text_at(plan_of("dlq.orders", "{}"), "blocked_by/0"), "All of these letters were sent back before");
  acted("POST", "/dead-letters/dlq.orders/replay", kReplay, "*", "{}", 409);
  EXPECT_EQ(send_back("dlq.orders", only({{0, 1}}, R"(,"again":true)")), 1);
  EXPECT_EQ(lying_in("orders").back(), "bob=2");
}

TEST_F(LetterReplayTest, WhatWasSentIsRememberedOverARestartWhereTheCommandLineLooks) {
  start();
  create("orders", 1);
  create("dlq.orders", 1);
  bury("dlq.orders", 0, {{"ann", "1", of("orders")}, {"bob", "2", of("orders")}, {"cid", "3", of("orders")}});
  send_back("dlq.orders", only({{0, 0}, {0, 2}}));
  protocol::OffsetFetchRequest request;
  auto& group = request.groups.emplace_back();
  group.group_id = "thalweg-dlq-replay";
  group.topics = std::nullopt;
  const auto committed = kafka<protocol::OffsetFetchResponse>(std::move(request), 9);
  const auto& partition = committed.groups.at(0).topics.at(0).partitions.at(0);
  EXPECT_EQ(partition.committed_offset, Offset{1});
  EXPECT_EQ(partition.metadata, "sent:1");
  server->crash(sim::Crash::kPowerLoss);
  server->start();
  wait_for_start();
  wait_for_memory("dlq.orders");
  EXPECT_EQ(send_back("dlq.orders", "{}"), 1);
  EXPECT_EQ(lying_in("orders"), (std::vector<std::string>{"ann=1", "cid=3", "bob=2"}));
}

TEST_F(LetterReplayTest, OfAllFamiliesGoWhereTheyComeFrom) {
  start();
  for (const auto* name : {"t1", "t2", "t3", "t4", "t5"}) create(name, 1);
  create("dlq.all", 1);
  bury("dlq.all", 0,
       {{"k", "toolkit", {{"__dlq.errors.topic", "t1"}, {"__dlq.errors.exception", "UNKNOWN"}}},
        {"k", "share", {{"__dlq.errors.topic", "t2"}, {"__dlq.errors.message", "Offset rejected by client."}}},
        {"k", "streams", {{"__streams.errors.topic", "t3"}, {"__streams.errors.exception", "e.F: g"}}},
        {"k", "connect", {{"__connect.errors.topic", "t4"}, {"__connect.errors.exception.class.name", "c.D"}}},
        {"k", "spring", {{"kafka_dlt-original-topic", "t5"}, {"kafka_dlt-exception-fqcn", "a.B"}, {"own", "1"}}}});
  EXPECT_EQ(send_back("dlq.all", "{}"), 5);
  int n = 0;
  for (const std::string value : {"toolkit", "share", "streams", "connect", "spring"}) {
    const auto topic = "t" + std::to_string(++n);
    EXPECT_EQ(lying_in(topic), std::vector<std::string>{"k=" + value});
    EXPECT_EQ(headers_of(topic, 0).size(), topic == "t5" ? 3u : 2u) << "none of the family's";
  }
}

TEST_F(LetterReplayTest, ThoseThatCannotGoStayAndTheOthersGo) {
  start();
  create("orders", 1);
  create("dlq.orders", 1);
  bury("dlq.orders", 0,
       {{"a", "1", {}},
        {"b", "2", of("gone")},
        {"c", "3", of("dlq.orders")},
        {"d", "4", of("__consumer_offsets")},
        {"e", "5", of("orders")}});
  commit("makes-the-topic-of-offsets", "orders", 0, 0);
  const auto plan = plan_of("dlq.orders", "{}");
  EXPECT_EQ(number_at(plan, "replay/letters"), 1);
  EXPECT_EQ(number_at(plan, "replay/stay"), 4);
  EXPECT_EQ(at(plan, "warnings").if_array()->size(), 4u);
  EXPECT_EQ(send_back("dlq.orders", "{}"), 1);
  EXPECT_EQ(text_at(plan_of("dlq.orders", "{}"), "blocked_by/0"), "None of these letters can be sent back");
  create("elsewhere", 1);
  EXPECT_EQ(send_back("dlq.orders", R"({"to":"elsewhere"})"), 4);
  EXPECT_EQ(lying_in("elsewhere"), (std::vector<std::string>{"a=1", "b=2", "c=3", "d=4"}));
}

// More than one act looks at, some of which stay, and some come back while the others go.
TEST_F(LetterReplayTest, AllGoHoweverManyLieThereAndNoneIsSentRoundAndRound) {
  start();
  create("orders", 1);
  create("dlq.orders", 2);
  std::vector<Buried> homeless(2500, {"nowhere", "x", {}}), some;
  bury("dlq.orders", 0, homeless);
  for (int i = 0; i < 2500; ++i) some.push_back({std::to_string(i), "y", of("orders", i % 2 ? "UNKNOWN" : "OTHER")});
  bury("dlq.orders", 1, some);
  const auto plan = plan_of("dlq.orders", "{}");
  EXPECT_GT(number_at(plan, "replay/letters"), 0) << "it is looked on until there is one that goes";
  EXPECT_NE(next_of(plan), "");
  const auto path = "/dead-letters/dlq.orders/replay";
  auto done = acted("POST", path, kReplay, text_at(plan, "plan"), "{}");
  auto sent = number_at(done, "replay/letters");
  bury("dlq.orders", 1, {{"back", "again", of("orders")}});
  for (int part = 0; part < 20 && !next_of(done).empty(); ++part) {
    done = acted("POST", path, kReplay, text_at(plan, "plan"), going_on("{}", next_of(done)));
    sent += number_at(done, "replay/letters");
  }
  EXPECT_EQ(sent, 2500);
  EXPECT_EQ(keys_in("orders").size(), 500u) << "as many as a page shows";
  EXPECT_FALSE(keys_in("orders").contains("back"));
  EXPECT_EQ(send_back("dlq.orders", "{}"), 1) << "the one that came back, when it is asked for";
  EXPECT_EQ(text_at(plan_of("dlq.orders", "{}"), "blocked_by/0"), "None of these letters can be sent back");
}

TEST_F(LetterReplayTest, WhereToGoOnIsReadLikeAnyInput) {
  start();
  create("orders", 1);
  create("dlq.orders", 1);
  bury("dlq.orders", 0, std::vector<Buried>(2001, {"a", "1", of("orders")}));
  const auto next = next_of(plan_of("dlq.orders", "{}"));
  ASSERT_NE(next, "");
  EXPECT_EQ(number_at(plan_of("dlq.orders", going_on("{}", next)), "replay/letters"), 1);
  const auto path = [&](const std::string& from, const std::string& queue = "dlq.orders") {
    return text_at(plan_of(queue, going_on("{}", from), 400), "fields/0/path");
  };
  for (const auto& bad : {std::string("x"), next + "1~", next.substr(0, next.find('~')), "~" + next})
    EXPECT_EQ(path(bad), "/from") << bad;
  create("dlq.others", 1);
  EXPECT_EQ(path(next, "dlq.others"), "/from");
  EXPECT_EQ(text_at(plan_of("dlq.orders", going_on(only({{0, 0}}), next), 400), "fields/0/path"), "/from");
}

TEST_F(LetterReplayTest, OneThatIsTooLargeDoesNotHoldUpThoseBesideIt) {
  start();
  create("orders", 1, {{"max.message.bytes", "400"}});
  create("dlq.orders", 1);
  bury("dlq.orders", 0,
       {{"a", "1", of("orders")}, {"b", std::string(500, 'x'), of("orders")}, {"c", "3", of("orders")}});
  const std::string path = "/dead-letters/dlq.orders/replay";
  const auto refused = acted("POST", path, kReplay, "*", "{}", 413);
  EXPECT_EQ(text_at(refused, "code"), "MESSAGE_TOO_LARGE");
  EXPECT_TRUE(text_at(refused, "title").starts_with("1 letter went, then: A letter could not be sent to orders"))
      << text_at(refused, "title");
  EXPECT_EQ(lying_in("orders"), std::vector<std::string>{"a=1"}) << "the order of the others is kept";
  EXPECT_EQ(send_back("dlq.orders", only({{0, 0}, {0, 2}})), 1) << "the first is remembered";
  EXPECT_EQ(lying_in("orders"), (std::vector<std::string>{"a=1", "c=3"}));
}

TEST_F(LetterReplayTest, WhatIsAskedWronglyIsSaidWhereItIs) {
  start();
  create("dlq.orders", 1);
  const auto path = [&](const std::string& body, int status = 400) {
    return text_at(plan_of("dlq.orders", body, status), "fields/0/path");
  };
  EXPECT_EQ(path(R"({"letters":[]})"), "/letters");
  EXPECT_EQ(path(only({{7, 0}})), "/letters");
  EXPECT_EQ(path(only({{0, -1}})), "/letters");
  EXPECT_EQ(path(only({{0, 0}}, R"(,"cause":"x")")), "/letters");
  EXPECT_EQ(path(R"({"again":true})"), "/again");
  EXPECT_EQ(path(R"({"to":"dlq.orders"})"), "/to");
  EXPECT_EQ(path(R"({"to":"nowhere"})"), "/to");
  plan_of("nowhere", "{}", 404);
  std::vector<std::pair<int, int>> many(501, {0, 0});
  EXPECT_EQ(path(only(many)), "/letters");
  EXPECT_EQ(text_at(plan_of("dlq.orders", only({{0, 9}})), "blocked_by/0"), "There is no such letter any more");
}

TEST_F(LetterReplayTest, WhoReadsInTheGroupThatRemembersIsSaidBeforeAnythingIsSent) {
  start();
  create("orders", 1);
  create("dlq.orders", 1);
  bury("dlq.orders", 0, {{"a", "1", of("orders")}});
  commit("thalweg-dlq-replay", "dlq.orders", 0, 0);
  join("thalweg-dlq-replay");
  const auto refused = acted("POST", "/dead-letters/dlq.orders/replay", kReplay, "*", "{}", 409);
  EXPECT_EQ(text_at(refused, "code"), "NON_EMPTY_GROUP");
  EXPECT_TRUE(lying_in("orders").empty());
}

// The power goes in the middle of an act: whatever was remembered has arrived, so that the next one sends the rest, and
// some maybe twice.
TEST_F(LetterReplayTest, ACrashInTheMiddleLosesNoLetter) {
  start();
  constexpr int kBuried = 24, kCrashes = 16;
  const std::string large(100'000, 'x');  // so that an act reads, writes and remembers several times
  std::set<std::size_t> arrived_before;
  for (int run = 0; run < kCrashes; ++run) {
    const std::string topic = "t" + std::to_string(run), queue = "dlq." + topic;
    create(topic, 1);
    create(queue, 1);
    for (int i = 0; i < kBuried; ++i) bury(queue, 0, {{std::to_string(i), large, of(topic)}});
    spawn(client->shard(0), begin_act(&client->shard(0), "/dead-letters/" + queue + "/replay"));
    int steps = 0;
    world.run_until([&steps, run] { return ++steps > 60 * (run + 1); }, 1min);
    server->crash(sim::Crash::kPowerLoss);
    server->start();
    wait_for_start();
    wait_for_memory(queue);
    arrived_before.insert(keys_in(topic).size());
    const auto remembered = letters(queue, "?limit=500");
    const auto keys = keys_in(topic);
    for (int i = 0; i < kBuried; ++i) {
      const auto item = "items/" + std::to_string(i);
      if (at(remembered, item + "/sent_before") == json::Value(true))
        EXPECT_TRUE(keys.contains(text_at(remembered, item + "/key/text"))) << "remembered, and not there";
    }
    if (text_at(plan_of(queue, "{}"), "blocked_by/0") == "(no text)") send_back(queue, "{}");
    EXPECT_EQ(keys_in(topic).size(), std::size_t(kBuried)) << run;
  }
  EXPECT_GT(arrived_before.size(), 2u) << "no crash came in the middle: " << testing::PrintToString(arrived_before);
}

}  // namespace
}  // namespace thalweg::console

// Searching over HTTP in a simulation: exact counts, order, going on with a cursor, the stream, and what happens to a
// topic meanwhile.
#include <set>

#include "console/testing.h"
#include "protocol/delete_records_request.h"
#include "protocol/delete_records_response.h"
#include "protocol/delete_topics_request.h"
#include "protocol/delete_topics_response.h"

namespace thalweg::console {
namespace {

using Found = std::set<std::pair<std::int64_t, std::int64_t>>;

struct SearchTest : ConsoleTest {
  // Values {"n":0}, {"n":1}, …; a second apart, in batches of a hundred.
  void fill(const std::string& topic, int partition, int records, int first = 0,
            record::Codec codec = record::Codec::kNone) {
    for (int base = 0; base < records; base += 100) {
      record::BatchBuilder builder({.codec = codec});
      for (int i = base; i < std::min(base + 100, records); ++i) {
        const int n = first + i;
        const std::string trace = "t-" + std::to_string(n % 7);
        const record::HeaderView header{"trace", as_bytes(trace)};
        const std::string value = "{\"n\":" + std::to_string(n) + ",\"pad\":\"" + std::string(200, 'x') + "\"}";
        const std::string key = "k" + std::to_string(n % 10);
        builder.append({.timestamp = kBegin + 1000 * n,
                        .key = as_bytes(key),
                        .value = as_bytes(value),
                        .headers = std::span(&header, 1)});
      }
      send_batch(topic, partition, builder.build());
    }
  }
  static std::string encoded(std::string_view text) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
      out += '%';
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return out;
  }
  json::Value search(const std::string& where, const std::string& more = "", int status = 200) {
    return get("/topics/orders/search?where=" + encoded(where) + more, "/topics/{topic}/search", status);
  }
  static Found found_in(const json::Value& answer) {
    Found found;
    for (const auto& item : *at(answer, "items").if_array())
      EXPECT_TRUE(found.emplace(number_at(item, "partition"), number_at(item, "offset")).second) << "found twice";
    return found;
  }
  static constexpr Timestamp kBegin = 1'700'000'000'000;
};

TEST_F(SearchTest, FindsExactlyWhatMatchesAndCountsExactly) {
  start();
  create("orders", 3);
  for (int p = 0; p < 3; ++p) fill("orders", p, 2000, 0, static_cast<record::Codec>(p));
  const auto answer = search("value.n % 500 == 499 && key == \"k9\"");
  EXPECT_EQ(text_at(answer, "why"), "end");
  EXPECT_EQ(found_in(answer).size(), 12u);
  EXPECT_EQ(number_at(answer, "progress/records"), 6000);
  EXPECT_EQ(number_at(answer, "progress/matches"), 12);
  EXPECT_EQ(number_at(answer, "progress/offsets"), 6000);
  EXPECT_EQ(number_at(answer, "progress/of_offsets"), 6000);
  EXPECT_EQ(text_at(answer, "cursor"), "(no text)");
  const auto record = at(answer, "items/0");
  EXPECT_EQ(number_at(record, "offset"), 1999);
  EXPECT_EQ(text_at(record, "key/text"), "k9");
  EXPECT_TRUE(text_at(record, "value/text").starts_with("{\"n\":1999,"));
  EXPECT_EQ(text_at(record, "headers/0/name"), "trace");
  EXPECT_EQ(text_at(record, "headers/0/value/text"), "t-4");
  EXPECT_EQ(number_at(record, "timestamp"), kBegin + 1'999'000);
}

TEST_F(SearchTest, GoesOnWithTheCursorAndFindsNothingTwice) {
  start();
  create("orders", 2);
  fill("orders", 0, 3000, 0, record::Codec::kLz4);
  fill("orders", 1, 1000);
  for (const std::string order : {"newest", "oldest"}) {
    Found all;
    std::int64_t before = order == "newest" ? INT64_MAX : INT64_MIN;
    std::string more = "&limit=7&order=" + order;
    for (int rounds = 0;; ++rounds) {
      ASSERT_LT(rounds, 200);
      const auto answer = search("value.n % 10 == 3", more);
      for (const auto& one : found_in(answer)) EXPECT_TRUE(all.insert(one).second) << "found twice";
      EXPECT_EQ(number_at(answer, "progress/matches"), std::int64_t(all.size()));
      EXPECT_EQ(number_at(answer, "progress/records"), number_at(answer, "progress/offsets"));
      if (text_at(answer, "why") == "end") break;
      EXPECT_EQ(text_at(answer, "why"), "matches");
      const auto frontier = number_at(answer, "progress/frontier");
      if (frontier != INT64_MIN) {
        EXPECT_TRUE(order == "newest" ? frontier <= before : frontier >= before) << order;
        before = frontier;
      }
      more = "&limit=7&order=" + order + "&cursor=" + text_at(answer, "cursor");
    }
    EXPECT_EQ(all.size(), 400u) << order;
  }
}

TEST_F(SearchTest, NewestFirstGoesBackInTimeOverAllPartitions) {
  start();
  create("orders", 2);
  fill("orders", 0, 1000, 0);
  fill("orders", 1, 1000, 1000);  // all of it is newer
  const auto answer = search("", "&limit=500");
  for (const auto& item : *at(answer, "items").if_array()) EXPECT_EQ(number_at(item, "partition"), 1);
}

TEST_F(SearchTest, PartitionsTimesAndWhatTheFilterSaysNarrowIt) {
  start();
  create("orders", 3);
  for (int p = 0; p < 3; ++p) fill("orders", p, 1000);
  const auto looked_at = [&](const std::string& where, const std::string& more) {
    const auto answer = search(where, more + "&limit=500");
    EXPECT_EQ(text_at(answer, "why"), "end");
    return number_at(answer, "progress/records");
  };
  EXPECT_EQ(looked_at("value.n == 5", "&partitions=1-2"), 2000);
  EXPECT_EQ(looked_at("value.n == 5 && partition == 2", ""), 1000);
  EXPECT_EQ(looked_at("offset >= 990 && offset < 995 && value.n == 991", ""), 15);
  EXPECT_EQ(looked_at("value.n == 5", "&from=" + std::to_string(kBegin + 900'000)), 300);
  EXPECT_EQ(looked_at("value.n == 5", "&until=" + std::to_string(kBegin + 100'000)), 300);
  EXPECT_EQ(looked_at("value.n == 5 && record.timestampMs >= " + std::to_string(kBegin + 990'000), ""), 30);
  EXPECT_EQ(looked_at("value.n == 5", "&from=2099-01-01"), 0);
  EXPECT_EQ(found_in(search("record.timestampMs >= " + std::to_string(kBegin + 999'000))).size(), 3u);
}

TEST_F(SearchTest, WhatIsMalformedIs400AndSaysWhatItShouldBe) {
  start();
  create("orders", 2);
  fill("orders", 0, 1);
  const auto problem = search("value.n == valeu.n", "", 400);
  EXPECT_EQ(text_at(problem, "title"), "where, at 11: there is no valeu; text stands in quotes");
  EXPECT_EQ(text_at(problem, "hint"), "value is the nearest name");
  EXPECT_EQ(text_at(problem, "fields/0/path"), "where");
  for (const auto& more :
       {"&limit=0", "&limit=501", "&preview=-1", "&wait_ms=10001", "&order=x", "&partitions=1-", "&partitions=3-1",
        "&partitions=a", "&partitions=0-99999999", "&from=yesterday", "&cursor=AAAA"})
    search("true", more, 400);
  search("true", "&partitions=2", 404);
  get("/topics/ordres/search", "/topics/{topic}/search", 404);
}

TEST_F(SearchTest, ACursorIsGoodForItsSearchAlone) {
  start();
  create("orders", 1);
  fill("orders", 0, 100);
  const auto cursor = text_at(search("value.n >= 0", "&limit=1"), "cursor");
  EXPECT_EQ(number_at(search("value.n >= 0", "&limit=1&cursor=" + cursor), "items/0/offset"), 98);
  search("value.n >= 1", "&limit=1&cursor=" + cursor, 400);
  search("value.n >= 0", "&limit=1&order=oldest&cursor=" + cursor, 400);
  search("value.n >= 0", "&limit=1&uncommitted=true&cursor=" + cursor, 400);
}

TEST_F(SearchTest, ATopicThatIsDeletedOrShortenedMeanwhileEndsTheSearchInOrder) {
  start();
  create("orders", 1);
  fill("orders", 0, 1000);
  const auto first = search("value.n >= 0", "&limit=10&order=oldest");
  const auto go_on = "&limit=500&order=oldest&cursor=" + text_at(first, "cursor");
  protocol::DeleteRecordsRequest shorten;
  shorten.timeout_ms = 1000;
  auto& topic = shorten.topics.emplace_back();
  topic.name = "orders";
  topic.partitions.push_back({PartitionId{0}, Offset{950}});
  kafka<protocol::DeleteRecordsResponse>(std::move(shorten), 2);
  const auto second = search("value.n >= 0", go_on);
  EXPECT_EQ(text_at(second, "why"), "end");
  EXPECT_EQ(number_at(second, "progress/records"), 60);
  EXPECT_EQ(number_at(second, "progress/of_offsets"), 60);
  protocol::DeleteTopicsRequest remove;
  remove.topic_names = {"orders"};
  remove.timeout_ms = 1000;
  kafka<protocol::DeleteTopicsResponse>(std::move(remove), 4);
  search("value.n >= 0", go_on, 404);
  create("orders", 1);
  EXPECT_EQ(text_at(search("value.n >= 0", go_on, 404), "code"), "UNKNOWN_TOPIC_ID");
}

TEST_F(SearchTest, RecordsOfWhichItIsNotKnownAreNamed) {
  start();
  create("orders", 1);
  fill("orders", 0, 20);
  const auto answer = search("100 / (value.n - 7) > 0");
  EXPECT_EQ(number_at(answer, "progress/troubled"), 1);
  EXPECT_EQ(number_at(answer, "troubles/0/offset"), 7);
  EXPECT_EQ(text_at(answer, "troubles/0/why"), "a division by zero");
  EXPECT_EQ(found_in(answer).size(), 12u);
}

TEST_F(SearchTest, WhatIsNoTextIsBase64AndLargeValuesAreCut) {
  start();
  create("orders", 1);
  record::BatchBuilder builder({});
  const std::string large = std::string(509, 'a') + "\xc3\xa9\xc3\xa9";  // the cut goes through the second é
  builder.append({.timestamp = kBegin, .key = as_bytes(std::string_view("\0\xff", 2)), .value = as_bytes(large)});
  builder.append({.timestamp = kBegin, .key = as_bytes("k"), .value = std::nullopt});
  send_batch("orders", 0, builder.build());
  const auto answer = search("", "&preview=512");
  EXPECT_FALSE(at(answer, "items/0").find("value"));
  EXPECT_EQ(text_at(answer, "items/1/key/base64"), "AP8=");
  EXPECT_EQ(text_at(answer, "items/1/value/text"), std::string(509, 'a') + "\xc3\xa9");
  EXPECT_EQ(number_at(answer, "items/1/value/bytes"), 513);
  EXPECT_TRUE(*at(answer, "items/1/value/cut").if_bool());
}

// The events of a stream: name and data.
std::vector<std::pair<std::string, std::string>> events_of(const std::string& body) {
  std::vector<std::pair<std::string, std::string>> events;
  for (std::size_t at = body.find("event: "); at != body.npos; at = body.find("event: ", at)) {
    const auto name_end = body.find('\n', at), data = name_end + 7, end = body.find("\n\n", data);
    events.emplace_back(body.substr(at + 7, name_end - at - 7), body.substr(data, end - data));
    at = end;
  }
  return events;
}

TEST_F(SearchTest, AsAStreamItSaysWhatItFindsWhileItGoesOn) {
  start();
  create("orders", 2);
  for (int p = 0; p < 2; ++p) fill("orders", p, 1500);
  const auto answered = send("GET /api/v1/topics/orders/search?limit=500&where=" + encoded("value.n % 100 == 1") +
                             " HTTP/1.0\r\nHost: 10.0.0.1:8080\r\nAccept: text/event-stream\r\n\r\n");
  EXPECT_EQ(answered.status, 200);
  EXPECT_EQ(answered.header("Content-Type"), "text/event-stream");
  std::size_t records = 0;
  const auto events = events_of(answered.body);
  ASSERT_FALSE(events.empty());
  for (const auto& [name, data] : events)
    if (name == "records") records += json::parse(data)->if_array()->size();
  EXPECT_EQ(records, 30u);
  EXPECT_EQ(events.back().first, "done");
  const auto done = json::parse(events.back().second);
  ASSERT_TRUE(done);
  EXPECT_EQ(text_at(*done, "why"), "end");
  EXPECT_EQ(number_at(*done, "progress/records"), 3000);
}

TEST_F(SearchTest, AStreamThatIsAskedForTooMuchIsAProblemBeforeItBegins) {
  start();
  create("orders", 1);
  const auto answered = send(
      "GET /api/v1/topics/orders/search?where=%28 HTTP/1.0\r\nHost: 10.0.0.1:8080\r\n"
      "Accept: text/event-stream\r\n\r\n");
  EXPECT_EQ(answered.status, 400);
  EXPECT_EQ(answered.header("Content-Type"), "application/problem+json");
}

// Begins a stream, reads what comes first, and leaves it.
Task<ConnectionPtr> begin_stream(const Shard* shard) {
  auto connection = co_await shard->network.connect({"server", 8080}, shard->clock.now() + 1s);
  CHECK(connection);
  CHECK(co_await (*connection)
            ->write(
                {SharedBytes::copy_of(std::string_view("GET /api/v1/topics/orders/search?limit=500 HTTP/1.1\r\n"
                                                       "Host: 10.0.0.1:8080\r\nAccept: text/event-stream\r\n\r\n"))}));
  std::vector<std::byte> buffer(1024);
  const auto got = co_await (*connection)->read_some(buffer);
  CHECK(got && as_text(BytesView(buffer).first(*got)).starts_with("HTTP/1.1 200 "));
  co_return *connection;
}

TEST_F(SearchTest, TheStreamBeginsWithWhatIsLeftOutAndSaysOftenWhereToGoOn) {
  start();
  create("orders", 1);
  fill("orders", 0, 3000);
  const auto answered = send("GET /api/v1/topics/orders/search?where=" + encoded("value.n < 0") +
                             " HTTP/1.0\r\nHost: 10.0.0.1:8080\r\nAccept: text/event-stream\r\n\r\n");
  const auto events = events_of(answered.body);
  ASSERT_GE(events.size(), 2u);
  EXPECT_EQ(events.front(), (std::pair<std::string, std::string>("elsewhere", "[]")));
  // Where nothing matches, a client that stops has a place to go on from all the same.
  std::size_t progress = 0, places = 0;
  for (const auto& [name, data] : events) progress += name == "progress", places += name == "partitions";
  if (progress > 0) EXPECT_GT(places, 0u);
  for (std::size_t at = answered.body.find("event: partitions"); at != answered.body.npos;
       at = answered.body.find("event: partitions", at + 1))
    EXPECT_EQ(answered.body.rfind("id: ", at), answered.body.rfind("\n", at - 2) + 1);
}

TEST_F(SearchTest, ItBeginsAtAnOffset) {
  start();
  create("orders", 1);
  fill("orders", 0, 300);
  const auto answer = search("true", "&order=oldest&offset=290&limit=500");
  EXPECT_EQ(found_in(answer).size(), 10u);
  EXPECT_EQ(number_at(answer, "progress/of_offsets"), 10);
  search("true", "&offset=-1", 400);
}

TEST_F(SearchTest, ValuesInAvroAreLookedIntoAndShownByTheirSchema) {
  start();
  create("orders", 1);
  create("_schemas", 1);
  int asked = 0;
  open_registry_of_one(&asked);
  record::BatchBuilder builder({});
  for (int i = 0; i < 100; ++i) {
    const std::string value{'\0', '\0', '\0', '\0', char(i == 9 ? 8 : 7), char(2 * (i % 50))};
    builder.append({.timestamp = kBegin + i, .value = as_bytes(value)});
  }
  send_batch("orders", 0, builder.build());
  const auto answer = search("value.id == 42");
  EXPECT_EQ(found_in(answer), (Found{{0, 42}, {0, 92}}));
  EXPECT_EQ(text_at(answer, "items/0/value/read/json"), R"({"id":42})");
  EXPECT_EQ(number_at(answer, "items/0/value/read/schema"), 7);
  EXPECT_EQ(number_at(answer, "progress/records"), 100);
  EXPECT_EQ(number_at(answer, "progress/troubled"), 1) << "whose schema there is not";
  EXPECT_EQ(number_at(answer, "troubles/0/offset"), 9);
  EXPECT_EQ(asked, 3) << "7, who has it, and 8: once each";
}

TEST_F(SearchTest, EightRunAndThoseThatNobodyReadsAnyMoreEndWithin100Ms) {
  start();
  create("orders", 2);
  for (int p = 0; p < 2; ++p) fill("orders", p, 1000);
  std::vector<ConnectionPtr> streams;
  for (int i = 0; i < 8; ++i) {
    const auto stream = world.run(*client, begin_stream(&client->shard(0)));
    ASSERT_TRUE(stream);
    streams.push_back(*stream);
  }
  EXPECT_EQ(text_at(search("true", "", 429), "code"), "THROTTLING_QUOTA_EXCEEDED");
  for (const auto& stream : streams) stream->close();
  world.run_for(100ms);
  EXPECT_EQ(text_at(search("true"), "why"), "matches");
}

TEST_F(SearchTest, ItTakesAQuarterOfTheTimeWhileClientsAreServed) {
  start();
  create("orders", 1);
  SearchPace pace(the_broker());
  const auto are_served = [&] {
    world.run_for(SearchPace::kLooksEvery);
    return world.run(*server, pace.clients_are_served()).value();
  };
  are_served();
  EXPECT_FALSE(are_served());
  fill("orders", 0, 1);
  EXPECT_TRUE(are_served());
  EXPECT_FALSE(are_served());
  search("true");
  EXPECT_FALSE(are_served()) << "what a search reads is no client's";
  const WindowSize window;
  EXPECT_EQ(window.bytes(are_served()), search::kWindowBytes) << "alone";
  fill("orders", 0, 1);
  EXPECT_EQ(window.bytes(are_served()), search::kWindowBytesMin) << "beside a producer";
  EXPECT_EQ(window.bytes(are_served()), search::kWindowBytes) << "a tenth of a second after the last record";
  EXPECT_EQ(rest_after(2ms, 1), 6ms);
  EXPECT_EQ(rest_after(2ms, 2), 14ms) << "all searches together";
  EXPECT_EQ(rest_after(2s, 8), 40ms) << "so that a stop is noticed soon";
}

TEST(WindowSize, BesideClientsIsWhatIsLookedAtInAboutAMillisecond) {
  WindowSize window;
  window.took(700us);
  EXPECT_EQ(window.bytes(true), search::kWindowBytesMin) << "is about that";
  window.took(400us);
  EXPECT_EQ(window.bytes(true), 2 * search::kWindowBytesMin);
  for (int i = 0; i < 10; ++i) window.took(100us);
  EXPECT_EQ(window.bytes(true), search::kWindowBytes) << "what is cheap needs no small ones";
  window.took(15ms);
  EXPECT_EQ(window.bytes(true), search::kWindowBytes / 2);
  for (int i = 0; i < 10; ++i) window.took(15ms);
  EXPECT_EQ(window.bytes(true), search::kWindowBytesMin);
  EXPECT_EQ(window.bytes(false), search::kWindowBytes) << "alone it does not matter";
}

TEST_F(SearchTest, AFilterIsCheckedWithoutARecord) {
  start();
  const auto check = [&](const std::string& where) {
    return get("/filters/check?where=" + encoded(where), "/filters/check");
  };
  EXPECT_TRUE(*at(check("value.n == 1"), "ok").if_bool());
  EXPECT_FALSE(*at(check("value.n == 1"), "words").if_bool());
  EXPECT_TRUE(*at(check("order 4711"), "words").if_bool());
  const auto wrong = check("value.n == valeu.n");
  EXPECT_FALSE(*at(wrong, "ok").if_bool());
  EXPECT_EQ(number_at(wrong, "mistake/at"), 11);
  EXPECT_EQ(number_at(wrong, "mistake/length"), 5);
  EXPECT_EQ(text_at(wrong, "mistake/nearest"), "value");
}

}  // namespace
}  // namespace thalweg::console

// Records as the console shows them, asked over HTTP of a broker in a simulation.
#include <algorithm>
#include <random>
#include <set>

#include "base/base64.h"
#include "broker/registry_door.h"
#include "console/testing.h"
#include "protocol/delete_records_request.h"
#include "protocol/delete_records_response.h"
#include "record/hash.h"

namespace thalweg::console {
namespace {

using namespace std::string_literals;

constexpr Timestamp kThen = 1'700'000'000'000;
const std::string kRecords = "/topics/{topic}/records";
const std::string kRecord = "/topics/{topic}/records/{partition}/{offset}";

struct Written {
  std::optional<std::string> key, value;
  Timestamp timestamp = kThen;
  std::vector<std::pair<std::string, std::string>> headers;
};

struct RecordsTest : ConsoleTest {
  void write(const std::string& topic, int partition, const std::vector<Written>& records,
             record::BatchOptions options = {}) {
    record::BatchBuilder builder(options);
    const auto view = [](const std::optional<std::string>& text) {
      return text ? std::optional(as_bytes(*text)) : std::nullopt;
    };
    for (const auto& one : records) {
      std::vector<record::HeaderView> headers;
      for (const auto& [name, value] : one.headers) headers.push_back({name, as_bytes(value)});
      builder.append({.timestamp = one.timestamp, .key = view(one.key), .value = view(one.value), .headers = headers});
    }
    send_batch(topic, partition, std::move(builder).build());
  }
  void delete_before(const std::string& topic, int partition, std::int64_t offset) {
    protocol::DeleteRecordsRequest request;
    request.timeout_ms = 1000;
    auto& wanted = request.topics.emplace_back();
    wanted.name = topic;
    auto& at = wanted.partitions.emplace_back();
    at.partition_index = PartitionId{partition};
    at.offset = Offset{offset};
    kafka<protocol::DeleteRecordsResponse>(std::move(request), 2);
  }
  json::Value page(const std::string& query, int status = 200) {
    return get("/topics/orders/records?" + query, kRecords, status);
  }
  // "partition:offset" of each.
  static std::vector<std::string> places(const json::Value& page) {
    std::vector<std::string> all;
    for (const auto& item : *at(page, "items").if_array())
      all.push_back(std::to_string(number_at(item, "partition")) + ":" + std::to_string(number_at(item, "offset")));
    return all;
  }
  // All pages, until there is no cursor.
  std::vector<std::string> walk(const std::string& query) {
    std::vector<std::string> all;
    std::string cursor;
    for (int pages = 0; pages < 1000; ++pages) {
      const auto one = page(query + (cursor.empty() ? "" : "&cursor=" + cursor));
      for (auto& place : places(one)) all.push_back(std::move(place));
      if (at(one, "cursor").is_null()) return all;
      cursor = text_at(one, "cursor");
    }
    ADD_FAILURE() << "it does not end";
    return all;
  }
};
using Places = std::vector<std::string>;

TEST_F(RecordsTest, TheNewestComeFirstOverAllPartitionsAndPagesFitTogether) {
  start();
  create("orders", 3);
  // Batches of other sizes, times that take turns between partitions.
  std::vector<std::pair<Timestamp, std::string>> expected;
  Timestamp time = kThen;
  std::int64_t next[3] = {};
  std::mt19937 random(7);
  for (int batch = 0; batch < 40; ++batch) {
    const int partition = int(random() % 3);
    std::vector<Written> records;
    for (std::size_t n = 1 + random() % 9; n > 0; --n) {
      expected.emplace_back(time, std::to_string(partition) + ":" + std::to_string(next[partition]++));
      records.push_back({{}, "v", time++, {}});
    }
    record::BatchOptions options;
    options.codec = batch % 2 ? record::Codec::kZstd : record::Codec::kNone;
    write("orders", partition, records, options);
  }
  Places oldest;
  for (const auto& [when, place] : expected) oldest.push_back(place);
  Places newest(oldest.rbegin(), oldest.rend());
  EXPECT_EQ(walk("limit=7"), newest);
  EXPECT_EQ(walk("limit=500"), newest);
  EXPECT_EQ(walk("limit=1"), newest);
  EXPECT_EQ(walk("from=oldest&limit=7"), oldest);
  const auto some = page("partitions=1&limit=500");
  for (const auto& place : places(some)) EXPECT_EQ(place[0], '1');
  EXPECT_EQ(text_at(some, "end"), "end");
  EXPECT_EQ(number_at(some, "partitions/0/end"), next[1]);
  EXPECT_EQ(text_at(page("limit=1"), "end"), "limit");
}

TEST_F(RecordsTest, ItBeginsAtAnOffsetOrATime) {
  start();
  create("orders", 2);
  for (int i = 0; i < 10; ++i) write("orders", i % 2, {{{}, "v", kThen + i * 1000, {}}});
  EXPECT_EQ(places(page("from=offset&offset=3")), (Places{"0:3", "1:3", "0:4", "1:4"}));
  EXPECT_EQ(places(page("from=offset&offset=3&partitions=1")), (Places{"1:3", "1:4"}));
  EXPECT_EQ(places(page("from=offset&offset=99")), Places());
  EXPECT_EQ(places(page("from=time&time=" + std::to_string(kThen + 7500))), (Places{"0:4", "1:4"}));
  EXPECT_EQ(places(page("from=time&time=" + std::to_string(kThen + 9'000'000))), Places());
  EXPECT_EQ(places(page("from=time&time=0")).size(), 10u);
}

TEST_F(RecordsTest, WhatWasDeletedIsNotThere) {
  start();
  create("orders", 1);
  for (int i = 0; i < 5; ++i) write("orders", 0, {{{}, "v", kThen + i, {}}});
  const auto before = page("limit=2");
  delete_before("orders", 0, 3);
  EXPECT_EQ(places(page("")), (Places{"0:4", "0:3"}));
  EXPECT_EQ(places(page("from=oldest")), (Places{"0:3", "0:4"}));
  EXPECT_EQ(number_at(page(""), "partitions/0/start"), 3);
  EXPECT_EQ(places(page("cursor=" + text_at(before, "cursor"))), Places());
  get("/topics/orders/records/0/1", kRecord, 404);
}

TEST_F(RecordsTest, LiveShowsWhatCameSinceAndCountsTheRest) {
  start();
  create("orders", 2);
  write("orders", 0, {{{}, "before", kThen, {}}});
  auto live = page("from=live");
  EXPECT_EQ(places(live), Places());
  live = page("from=live&cursor=" + text_at(live, "cursor"));
  EXPECT_EQ(places(live), Places());
  EXPECT_EQ(number_at(live, "skipped"), 0);
  for (int i = 0; i < 10; ++i) write("orders", i % 2, {{{}, "v", kThen + 1 + i, {}}});
  live = page("from=live&limit=3&cursor=" + text_at(live, "cursor"));
  EXPECT_EQ(places(live), (Places{"1:4", "0:5", "1:3"}));
  EXPECT_EQ(number_at(live, "skipped"), 7);
  live = page("from=live&cursor=" + text_at(live, "cursor"));
  EXPECT_EQ(places(live), Places());
}

TEST_F(RecordsTest, EachSideIsReadAsWhatFits) {
  start();
  create("orders", 1);
  write("orders", 0,
        {{"\x7f\xff\xff\xff\xff\xff\xff\xff"s, "{\"id\": 9223372036854775807}", kThen, {{"h", "x"}, {"h", "\xff"}}},
         {"key", std::nullopt, kThen, {}},
         {std::nullopt, "a\xff"s, kThen, {}}});
  const auto list = page("from=oldest");
  EXPECT_EQ(text_at(list, "items/0/key/format"), "int64");
  EXPECT_EQ(text_at(list, "items/0/key/text"), "9223372036854775807");
  EXPECT_EQ(text_at(list, "items/0/value/format"), "json");
  EXPECT_EQ(text_at(list, "items/0/value/text"), "{\"id\": 9223372036854775807}");
  EXPECT_EQ(number_at(list, "items/0/headers"), 2);
  EXPECT_EQ(text_at(list, "items/1/value/format"), "null");
  EXPECT_EQ(text_at(list, "items/2/key/format"), "null");
  EXPECT_EQ(text_at(list, "items/2/value/text"), "61ff");
  EXPECT_EQ(text_at(page("from=oldest&value=text"), "items/2/value/text"), "a\\xff");
  EXPECT_EQ(text_at(page("from=oldest&key=hex"), "items/0/key/text"), "7fffffffffffffff");
  const auto one = get("/topics/orders/records/0/0", kRecord);
  EXPECT_EQ(text_at(one, "header_list/0/value/text"), "x");
  EXPECT_EQ(text_at(one, "header_list/1/value/text"), "ff");
  EXPECT_EQ(number_at(one, "batch/records"), 3);
  EXPECT_EQ(text_at(one, "batch/codec"), "none");
  const auto wrong = get("/topics/orders/records/0/1?key=int64", kRecord);
  EXPECT_EQ(text_at(wrong, "record/key/flaw/message"), "int64 has 8 bytes, and these are 3");
}

TEST_F(RecordsTest, ALargeRecordIsCutAndFetchedWhole) {
  start();
  create("orders", 1, {{"max.message.bytes", "8000000"}});
  std::string large(3'000'000, 'x');
  large += "\xff end"s;
  record::BatchOptions packed;
  packed.codec = record::Codec::kLz4;
  write("orders", 0, {{"k", "small", kThen, {}}, {"k", large, kThen + 1, {}}, {"k", "after", kThen + 2, {}}}, packed);
  const auto list = page("");
  EXPECT_EQ(places(list), (Places{"0:2", "0:1", "0:0"}));
  EXPECT_EQ(number_at(list, "items/1/value/bytes"), std::int64_t(large.size()));
  EXPECT_EQ(text_at(list, "items/1/value/text").size(), 512u);
  const auto one = get("/topics/orders/records/0/1", kRecord);
  EXPECT_EQ(text_at(one, "record/value/text").size(), std::size_t(1) << 20);
  const auto raw = ask("/api/v1/topics/orders/records/0/1/value");
  EXPECT_EQ(raw.status, 200);
  EXPECT_TRUE(raw.body == large);
  EXPECT_EQ(raw.header("Content-Type"), "application/octet-stream");
  EXPECT_EQ(raw.header("Content-Disposition"), "attachment; filename=\"orders-0-1.value\"");
  EXPECT_NE(raw.head.find("Content-Security-Policy: sandbox"), std::string::npos);
  EXPECT_EQ(ask("/api/v1/topics/orders/records/0/1/key").body, "k");
  write("orders", 0, {{std::nullopt, std::nullopt, kThen, {}}});
  EXPECT_EQ(ask("/api/v1/topics/orders/records/0/3/value").status, 404);
}

TEST_F(RecordsTest, APageThatCostsTooMuchEndsEarlyAndGoesOn) {
  start();
  create("orders", 1);
  record::BatchOptions packed;
  packed.codec = record::Codec::kZstd;
  const int count = 50;
  for (int i = 0; i < count; ++i) write("orders", 0, {{{}, std::string(2 << 20, 'x'), kThen + i, {}}}, packed);
  const auto first = page("limit=500");
  EXPECT_EQ(text_at(first, "end"), "work");
  EXPECT_LT(places(first).size(), std::size_t(count));
  EXPECT_GE(places(first).size(), 20u);
  const auto all = walk("limit=500");
  EXPECT_EQ(all.size(), std::size_t(count));
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), std::size_t(count));
}

TEST_F(RecordsTest, PartitionsThatCostTooMuchAreLeftOutAndSaySo) {
  start();
  create("orders", 9);
  record::BatchOptions packed;
  packed.codec = record::Codec::kZstd;
  for (int i = 0; i < 9; ++i) write("orders", i, {{{}, std::string(64 << 20, 'x'), kThen + i, {}}}, packed);
  const auto one = page("limit=1");
  EXPECT_EQ(text_at(one, "partitions/7/problem"), "(no text)");
  EXPECT_EQ(text_at(one, "partitions/8/problem"),
            "so much had to be read that this partition was left out: ask for fewer partitions");
  EXPECT_EQ(places(page("limit=1&partitions=8")), (Places{"8:0"}));
}

TEST_F(RecordsTest, CommittedOffsetsAreReadAsWhatTheyAre) {
  start();
  create("orders", 1);
  commit("billing", "orders", 0, 42);
  const auto list = get("/topics/__consumer_offsets/records", kRecords);
  EXPECT_EQ(text_at(list, "items/0/key/format"), "internal");
  EXPECT_EQ(text_at(list, "items/0/key/text"), R"({"type":"offset","group":"billing","topic":"orders","partition":0})");
  EXPECT_NE(text_at(list, "items/0/value/text").find("\"offset\":42"), std::string::npos);
}

TEST_F(RecordsTest, SchemasAreAskedOfTheRegistryOnceAndKept) {
  start();
  create("orders", 1);
  create("_schemas", 1);
  int asked = 0;
  open_registry_of_one(&asked);
  write(
      "orders", 0,
      {{{}, "\0\0\0\0\x07\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"s, kThen, {}}, {{}, "\0\0\0\0\x08\xff"s, kThen, {}}});
  const auto list = page("from=oldest");
  EXPECT_EQ(text_at(list, "items/0/value/format"), "avro");
  EXPECT_EQ(text_at(list, "items/0/value/text"), R"({"id":9223372036854775807})");
  EXPECT_EQ(text_at(list, "items/0/value/schema/subject"), "orders-value");
  EXPECT_EQ(number_at(list, "items/0/value/schema/version"), 3);
  EXPECT_EQ(text_at(list, "items/1/value/format"), "hex");
  EXPECT_EQ(text_at(list, "items/1/value/flaw/message"), "schema 8: Schema not found");
  EXPECT_EQ(asked, 3);
  page("from=oldest");
  EXPECT_EQ(asked, 3);
  world.run_for(11s);  // perhaps it is registered by now
  page("from=oldest");
  EXPECT_EQ(asked, 4);
}

TEST_F(RecordsTest, ColumnsAreExpressionsOverTheWholeRecord) {
  start();
  create("orders", 1);
  const std::string far = "{\"pad\":\"" + std::string(2000, 'x') + "\",\"id\":9223372036854775807,\"l\":[1, 2]}";
  write("orders", 0, {{"k", far}, {{}, "no JSON"}, {{}, {}}, {{}, "{\"id\":\"" + std::string(300, 'y') + "\"}"}});
  const auto list = page("from=oldest&columns=value.id,value.l,tombstone");
  EXPECT_EQ(text_at(list, "items/0/columns/0/text"), "9223372036854775807") << "behind what the list shows of it";
  EXPECT_EQ(text_at(list, "items/0/columns/1/text"), "[1, 2]");
  EXPECT_EQ(text_at(list, "items/1/columns/0/text"), "(no text)");
  EXPECT_EQ(text_at(list, "items/2/columns/2/text"), "true");
  EXPECT_EQ(text_at(list, "items/3/columns/0/text"), std::string(256, 'y'));
  EXPECT_TRUE(*at(list, "items/3/columns/0/cut").if_bool());
  EXPECT_TRUE(at(page("from=oldest"), "items/0/columns").is_null());
  page("columns=value.", 400);
  page("columns=1,2,3,4,5,6,7,8,9", 400);
}

TEST_F(RecordsTest, WhatIsMalformedIs400AndWhatIsMissing404) {
  start();
  create("orders", 2);
  const std::string id = text_at(get("/topics/orders", "/topics/{topic}"), "id");
  for (const std::string query : {"limit=0", "limit=501", "limit=x", "from=middle", "from=offset",
                                  "from=offset&offset=-1", "from=offset&offset=x", "from=time", "partitions=x",
                                  "partitions=-1", "cursor=x", "cursor=.", "value=yaml", "isolation=some"})
    page(query, 400);
  page("cursor=" + id + ".n.5-1", 400);
  page("cursor=" + id + ".n.0-1.0-2", 400);
  page("cursor=AAAAAAAAAAAAAAAAAAAAAQ.n.0-1", 400);
  page("partitions=2", 404);
  get("/topics/none/records", kRecords, 404);
  get("/topics/none/records/0/0", kRecord, 404);
  get("/topics/orders/records/2/0", kRecord, 404);
  get("/topics/orders/records/0/0", kRecord, 404);
  get("/topics/orders/records/x/0", kRecord, 400);
  get("/topics/orders/records/0/-1", kRecord, 400);
  EXPECT_EQ(ask("/api/v1/topics/orders/records/0/0/value").status, 404);
}

TEST_F(RecordsTest, ManyPartitionsAreAskedForByChoice) {
  start();
  create("orders", 501);
  const auto problem = page("", 422);
  EXPECT_EQ(text_at(problem, "hint"), "choose some: partitions=0,1,2");
  EXPECT_EQ(places(page("partitions=500,0,500")), Places());
}

struct NewRecordsTest : RecordsTest {
  Answered post_record(const std::string& body, int status, const std::string& headers = "") {
    auto answered = post("/api/v1/topics/orders/records", body, headers);
    EXPECT_EQ(answered.status, status) << body << ": " << answered.body;
    EXPECT_EQ(checker.check("/api/v1" + kRecords, "post", answered.status, answered.json()), "") << answered.body;
    return answered;
  }
};

TEST_F(NewRecordsTest, ARecordIsWrittenAsItWasTyped) {
  start();
  create("orders", 4);
  const auto written =
      post_record(
          R"({"key":{"text":"9223372036854775807","format":"int64"},"value":{"text":"{\"a\":1}","format":"json"},)"
          R"("headers":[{"name":"h","value":{"text":"ff","format":"hex"}},{"name":"none"}],"timestamp":1700000000001})",
          200)
          .json();
  const std::string key = "\x7f\xff\xff\xff\xff\xff\xff\xff"s;
  const auto partition = record::partition_for_key(as_bytes(key), 4);
  EXPECT_EQ(number_at(written, "partition"), partition.value);
  EXPECT_EQ(number_at(written, "offset"), 0);
  EXPECT_EQ(number_at(written, "timestamp"), kThen + 1);
  const auto one = get("/topics/orders/records/" + to_string(partition) + "/0", kRecord);
  EXPECT_EQ(text_at(one, "record/key/text"), "9223372036854775807");
  EXPECT_EQ(text_at(one, "record/value/text"), "{\"a\":1}");
  EXPECT_EQ(text_at(one, "header_list/0/value/text"), "ff");
  EXPECT_EQ(text_at(one, "header_list/1/value/format"), "null");
  EXPECT_EQ(number_at(post_record(R"({"partition":2,"key":{"text":"k"}})", 200).json(), "partition"), 2);
  EXPECT_EQ(text_at(page("partitions=2"), "items/0/value/format"), "null");
}

TEST_F(NewRecordsTest, WhatCannotBeWrittenSaysWhere) {
  start();
  create("orders", 1, {{"max.message.bytes", "1000"}});
  const auto path = [](const Answered& answered) { return text_at(answered.json(), "fields/0/path"); };
  EXPECT_EQ(path(post_record(R"({"key":{"text":"x","format":"int32"}})", 422)), "/key/text");
  EXPECT_EQ(path(post_record(R"({"value":{"text":"{","format":"json"}})", 422)), "/value/text");
  EXPECT_EQ(path(post_record(R"({"headers":[{"name":"a"},{"name":"b","value":{"text":"x","format":"hex"}}]})", 422)),
            "/headers/1/value/text");
  EXPECT_EQ(path(post_record(R"({"headers":[{"value":{"text":"x"}}]})", 400)), "/headers/0/name");
  EXPECT_EQ(path(post_record(R"({"value":{"text":7}})", 400)), "/value/text");
  EXPECT_EQ(path(post_record(R"({"value":{"text":"7","format":"yaml"}})", 400)), "/value/format");
  EXPECT_EQ(path(post_record("[]", 400)), "/");
  post_record("{", 400);
  post_record(R"({"partition":1,"value":{"text":"x"}})", 404);
  post_record(R"({"value":{"text":")" + std::string(2000, 'x') + "\"}}", 413);
  EXPECT_EQ(places(page("")), Places());
}

TEST_F(NewRecordsTest, APageFromElsewhereWritesNothing) {
  start();
  create("orders", 1);
  const std::string body = R"({"value":{"text":"x"}})";
  post_record(body, 403, "Sec-Fetch-Site: cross-site\r\n");
  post_record(body, 403, "Origin: http://elsewhere.example\r\n");
  const auto form = send(
      "POST /api/v1/topics/orders/records HTTP/1.1\r\nConnection: close\r\nHost: 10.0.0.1:8080\r\n"
      "Content-Type: text/plain\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_EQ(form.status, 415);
  EXPECT_EQ(places(page("")), Places());
}

TEST_F(NewRecordsTest, AConsoleThatOnlyReadsRefuses) {
  more["console.read.only"] = "true";
  start();
  create("orders", 1);
  EXPECT_EQ(text_at(post_record(R"({"value":{"text":"x"}})", 403).json(), "type"), "/problems/read-only");
  EXPECT_EQ(places(page("")), Places());
}

TEST_F(NewRecordsTest, WithoutSigningInNothingIsReadOrWritten) {
  more["console.auth"] = "token";
  start();
  create("orders", 1);
  const std::string body = R"({"value":{"text":"x"}})";
  EXPECT_EQ(ask("/api/v1/topics/orders/records").status, 401);
  EXPECT_EQ(ask("/api/v1/topics/orders/records/0/0/value").status, 401);
  EXPECT_EQ(post("/api/v1/topics/orders/records", body).status, 401);
  EXPECT_EQ(post("/api/v1/topics/orders/records", body, "Authorization: Bearer " + token() + "\r\n").status, 200);
}

}  // namespace
}  // namespace thalweg::console

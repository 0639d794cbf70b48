// Typed stores against plain maps, and the bytes that they tell their changelogs.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "dataflow/memory_stores.h"
#include "dataflow/state_store.h"
#include "dataflow/testing_runtime.h"
#include "thalweg/streams/stores.h"

namespace thalweg::streams::detail::typed_stores_tests {
namespace {

using testing::ElementsAre;
using Count = std::int64_t;

Timestamp at(std::int64_t time) { return at_millis(time); }
std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}
template <class T>
const Serde<T>& serde() {
  static const Serde<T> serde = client::serde_of<T>();
  return serde;
}

// A store over memory, and all that its changelog was told.
struct Bytes {
  explicit Bytes(std::unique_ptr<KeptStores> stores = memory_stores(1)) : kept(std::move(stores)) {}
  std::unique_ptr<KeptStores> kept;
  BufferedStore state{"ses", kept->store(0), 0, true};
  TestingRuntime runtime;
  std::vector<Outgoing> log;

  void commit() {
    state.flush("app-ses-changelog", 0, log);
    KeptBatch batch;
    state.take(batch);
    ASSERT_TRUE(kept->write(batch));
  }
  std::string logged() {
    commit();
    std::string text;
    for (const auto& [message, _] : log)
      text += fmt::format("{} @{} key {} value {}\n", message.topic, millis(*message.timestamp), hex(*message.key),
                          message.value ? hex(*message.value) : "null");
    log.clear();
    return text;
  }
};

// From golden/more.txt of Kafka Streams 4.3.1: key "ab", value 1 (or "v"), a record at 7.
TEST(TypedStores, ChangelogsHaveTheBytesOfKafkaStreams) {
  Bytes bytes;
  bytes.runtime.record = at(7);
  TableStore<std::string, Count> table(bytes.state, bytes.runtime, serde<std::string>(), serde<Count>());
  table.put_timed("ab", 1, at(7));
  EXPECT_EQ(bytes.logged(), "app-ses-changelog @7 key 6162 value 0000000000000001\n");
  table.put("ab", {});
  EXPECT_EQ(bytes.logged(), "app-ses-changelog @7 key 6162 value null\n");

  Bytes windows;
  WindowTableStore<std::string, Count> window(windows.state, windows.runtime, serde<std::string>(), serde<Count>(),
                                              {.size = 10ms, .retention = 10ms});
  window.put_timed("ab", 1, at(0), at(7));
  EXPECT_EQ(windows.logged(), "app-ses-changelog @7 key 6162000000000000000000000000 value 0000000000000001\n");

  Bytes sessions;
  sessions.runtime.record = at(7);
  SessionTableStore<std::string, Count> session(sessions.state, sessions.runtime, serde<std::string>(), serde<Count>(),
                                                5ms);
  session.put({"ab", {at(6), at(7)}}, 1);
  EXPECT_EQ(sessions.logged(),
            "app-ses-changelog @7 key 616200000000000000070000000000000006 value 0000000000000001\n");
}

TEST(TypedStores, ATableIsReadInTheOrderOfBytes) {
  Bytes bytes;
  TableStore<std::string, Count> table(bytes.state, bytes.runtime, serde<std::string>(), serde<Count>());
  for (const auto& [key, value] :
       std::map<std::string, Count>{{"a", 1}, {"ab", 2}, {"b", 3}, {"\xff", 4}, {"\xff\xff", 5}})
    table.put_timed(key, value, at(value));
  const auto keys = [](auto cursor) {
    std::vector<std::string> keys;
    while (cursor.next()) keys.push_back(cursor.key());
    return keys;
  };
  EXPECT_THAT(keys(table.range("a", "b")), ElementsAre("a", "ab", "b"));
  EXPECT_THAT(keys(table.range({}, "ab")), ElementsAre("a", "ab"));
  EXPECT_THAT(keys(table.range("b", {})), ElementsAre("b", "\xff", "\xff\xff"));
  EXPECT_THAT(keys(table.prefix("a")), ElementsAre("a", "ab"));
  EXPECT_THAT(keys(table.prefix("\xff")), ElementsAre("\xff", "\xff\xff"));
  EXPECT_EQ(table.get_timed("ab"), (ValueAndTime<Count>{2, at(2)}));
  EXPECT_EQ(table.put_if_absent("ab", 9), 2);
  EXPECT_EQ(table.put_if_absent("c", 9), std::nullopt);
  EXPECT_EQ(table.get("c"), 9);
}

TEST(TypedStores, WhatCannotBeReadBackEndsTheTask) {
  Bytes bytes;
  TableStore<std::string, Count> table(bytes.state, bytes.runtime, serde<std::string>(), serde<Count>());
  bytes.state.put("a", "12345678short");
  EXPECT_THROW(table.get("a"), StoreFailure);
  bytes.state.put("b", "short");
  EXPECT_THROW(table.get("b"), StoreFailure);
}

// What windows and sessions have in common: entries by key, time and something, that go with their time.
struct Model {
  struct At {
    std::int64_t time;
    std::string key;
    std::int64_t extra;
    auto operator<=>(const At&) const = default;
  };
  std::map<At, Count> entries;
  std::int64_t highest = -1;
  std::int64_t retention;

  bool put(const At& at, std::optional<Count> value) {
    if (at.time <= highest - retention) return false;
    highest = std::max(highest, at.time);
    if (value)
      entries[at] = *value;
    else
      entries.erase(at);
    return true;
  }
  // Those still to be seen, in [from, to].
  std::vector<std::pair<At, Count>> seen(std::int64_t from, std::int64_t to) const {
    std::vector<std::pair<At, Count>> found;
    for (const auto& entry : entries)
      if (entry.first.time >= from && entry.first.time <= to && entry.first.time > highest - retention)
        found.push_back(entry);
    return found;
  }
};

class SegmentsTest : public testing::TestWithParam<bool> {
 protected:
  // Keys that are prefixes of each other, with bytes as those of times.
  std::string key() {
    static const std::string kKeys[] = {"",   "a",   std::string("a\0", 2), std::string("a\0\0\0\0\0\0\0\0", 9),
                                        "ab", "\xff"};
    return kKeys[random_() % std::size(kKeys)];
  }
  std::int64_t time() {
    return static_cast<std::int64_t>(random_() % 40) * 20'000 + static_cast<std::int64_t>(random_() % 3);
  }
  std::mt19937_64 random_{7};
};

TEST_P(SegmentsTest, WindowsAreFoundAndForgottenAsInAMap) {
  for (int round = 0; round < 60 && !HasFailure(); ++round) {
    Bytes bytes;
    Model model{.retention = static_cast<std::int64_t>(1 + random_() % 400'000)};
    const auto open = [&] {
      return std::make_unique<WindowTableStore<std::string, Count>>(
          bytes.state, bytes.runtime, serde<std::string>(), serde<Count>(),
          WindowShape{.size = 10ms, .retention = milliseconds(model.retention), .by_time = GetParam()});
    };
    const auto release = [&](auto& store) { store.release(at(std::numeric_limits<std::int64_t>::max())); };
    auto store = open();
    release(*store);
    std::uint64_t dropped = 0;
    for (int i = 0; i < 150 && !HasFailure(); ++i) {
      const auto value = random_() % 5 ? std::optional<Count>(i) : std::nullopt;
      const std::string where = key();
      const std::int64_t start = std::max<std::int64_t>(0, time() - (random_() % 2 ? 0 : 300'000)) * (i + 50) / 100;
      store->put_timed(where, value, at(start), at(i));
      if (!model.put({start, where, 0}, value)) ++dropped;
      ASSERT_EQ(bytes.runtime.drops, dropped);
      if (random_() % 10 == 0) bytes.commit();
      if (random_() % 20 == 0) release(*(store = open()));  // the same bytes after a restart

      const std::int64_t from = time() - 100'000, to = from + static_cast<std::int64_t>(random_() % 400'000);
      std::vector<Model::At> all, one, expected_one;
      for (auto c = store->fetch_all_timed(at(from), at(to)); c.next();)
        all.push_back({millis(c.key().window.start), c.key().key, 0});
      std::vector<Model::At> expected;
      for (const auto& [at, value] : model.seen(from, to)) {
        expected.push_back(at);
        if (at.key == where) expected_one.push_back(at);
      }
      if (!GetParam()) std::ranges::sort(all);
      EXPECT_EQ(all, expected);
      for (auto c = store->fetch(where, at(from), at(to), i % 2 == 0); c.next();) {
        EXPECT_EQ(c.key().window.end, c.key().window.start + 10ms);
        EXPECT_EQ(c.value(), model.entries.at({millis(c.key().window.start), where, 0}));
        one.push_back({millis(c.key().window.start), c.key().key, 0});
      }
      if (i % 2 == 0) std::ranges::reverse(one);
      EXPECT_EQ(one, expected_one);
      const bool there = !model.seen(start, start).empty() && model.entries.contains({start, where, 0});
      EXPECT_EQ(store->fetch(where, at(start)).has_value(), there);
    }
  }
}

TEST_P(SegmentsTest, SessionsAreFoundAndForgottenAsInAMap) {
  for (int round = 0; round < 60 && !HasFailure(); ++round) {
    Bytes bytes;
    Model model{.retention = static_cast<std::int64_t>(1 + random_() % 400'000)};
    SessionTableStore<std::string, Count> store(bytes.state, bytes.runtime, serde<std::string>(), serde<Count>(),
                                                milliseconds(model.retention), GetParam());
    store.release(at(std::numeric_limits<std::int64_t>::max()));
    for (int i = 0; i < 150 && !HasFailure(); ++i) {
      const auto value = random_() % 5 ? std::optional<Count>(i) : std::nullopt;
      const std::string where = key();
      const std::int64_t end = time() * (i + 50) / 100, start = end - static_cast<std::int64_t>(random_() % 50'000);
      store.put({where, {at(std::max<std::int64_t>(0, start)), at(end)}}, value);
      model.put({end, where, std::max<std::int64_t>(0, start)}, value);
      if (random_() % 10 == 0) bytes.commit();

      const std::int64_t earliest_end = time(),
                         latest_start = earliest_end + static_cast<std::int64_t>(random_() % 200'000);
      std::vector<Model::At> found, expected, ended, expected_ended;
      for (auto c = store.find(where, at(earliest_end), at(latest_start)); c.next();)
        found.push_back({millis(c.key().window.end), c.key().key, millis(c.key().window.start)});
      for (const auto& [at, value] : model.seen(earliest_end, 1'000'000'000))
        if (at.key == where && at.extra <= latest_start) expected.push_back(at);
      EXPECT_EQ(found, expected);
      for (auto c = store.ended_in(at(earliest_end), at(latest_start)); c.next();) {
        ended.push_back({millis(c.key().window.end), c.key().key, millis(c.key().window.start)});
        EXPECT_EQ(store.get(c.key()), c.value());
      }
      for (const auto& [at, value] : model.seen(earliest_end, latest_start)) expected_ended.push_back(at);
      const auto in_time = [](const Model::At& a, const Model::At& b) {
        return std::tie(a.time, a.extra, a.key) < std::tie(b.time, b.extra, b.key);
      };
      std::ranges::sort(expected_ended, in_time);
      if (!GetParam()) std::ranges::sort(ended, in_time);
      EXPECT_EQ(ended, expected_ended);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(ByKeyAndByTime, SegmentsTest, testing::Bool());

TEST(TypedStores, OldSegmentsAreGoneFromWhatIsKept) {
  Bytes bytes;
  WindowTableStore<std::string, Count> store(bytes.state, bytes.runtime, serde<std::string>(), serde<Count>(),
                                             {.size = 1000ms, .retention = 120'000ms});
  for (std::int64_t start = 0; start < 3'600'000; start += 1000) {
    store.put_timed("a", 1, at(start), at(start));
    if (start % 10'000 == 0) bytes.commit();
  }
  bytes.commit();
  int kept = 0;
  for (const auto cursor = bytes.kept->store(0).scan("", {}, false); cursor->next();) ++kept;
  EXPECT_LE(kept, 2 * 120 + 1) << "at most a segment more than the retention";
}

TEST(TypedStores, NothingIsForgottenThatIsNotEmittedYet) {
  Bytes bytes;
  const WindowShape shape{.size = 10ms, .retention = 100ms, .by_time = true};
  const auto starts = [](const auto& store) {
    std::vector<std::int64_t> starts;
    for (auto c = store.fetch_all_timed(at(0), at(10'000'000)); c.next();)
      starts.push_back(millis(c.key().window.start));
    return starts;
  };
  {
    WindowTableStore<std::string, Count> store(bytes.state, bytes.runtime, serde<std::string>(), serde<Count>(), shape);
    for (const std::int64_t start : {0, 10, 1'000'000}) store.put_timed("a", 1, at(start), at(start));
    EXPECT_THAT(starts(store), ElementsAre(0, 10, 1'000'000)) << "nobody has released anything";
    store.release(at(10));
    EXPECT_THAT(starts(store), ElementsAre(10, 1'000'000));
  }
  WindowTableStore<std::string, Count> again(bytes.state, bytes.runtime, serde<std::string>(), serde<Count>(), shape);
  EXPECT_THAT(starts(again), testing::Contains(10)) << "nor after a restart";
  again.release(at(1'000'001));
  EXPECT_THAT(starts(again), ElementsAre(1'000'000)) << "what is younger than the retention stays, released or not";
}

TEST(TypedStores, WhatTheChangelogSaysRestoresTheStore) {
  Bytes bytes, restored;
  bytes.runtime.record = at(3);
  const WindowShape shape{.size = 10ms, .retention = 100ms};
  WindowTableStore<std::string, Count> store(bytes.state, bytes.runtime, serde<std::string>(), serde<Count>(), shape),
      copy(restored.state, restored.runtime, serde<std::string>(), serde<Count>(), shape);
  for (std::int64_t start = 0; start < 300; start += 10) store.put_timed("a", start, at(start), at(start + 5));
  store.put_timed("a", std::nullopt, at(250), at(1));
  bytes.commit();
  for (const auto& [message, _] : bytes.log)
    copy.restore({.timestamp = *message.timestamp,
                  .key = *message.key,
                  .value = message.value ? std::optional<std::string_view>(*message.value) : std::nullopt});
  for (std::int64_t start = 0; start < 300; start += 10)
    EXPECT_EQ(copy.get_timed("a", at(start)), store.get_timed("a", at(start))) << start;
  std::vector<Outgoing> out;
  restored.state.flush("app-ses-changelog", 0, out);
  EXPECT_TRUE(out.empty()) << "what comes from the changelog does not go there";
}

}  // namespace
}  // namespace thalweg::streams::detail::typed_stores_tests

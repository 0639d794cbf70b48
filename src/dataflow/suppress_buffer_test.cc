#include "thalweg/streams/detail/suppress_buffer.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "dataflow/memory_stores.h"
#include "dataflow/state_store.h"
#include "thalweg/streams/detail/store_bytes.h"

namespace thalweg::streams::detail {
namespace {

// A buffer over memory that is committed, reopened, and restored elsewhere from its changelog.
struct Suppressing {
  std::unique_ptr<KeptStores> kept = memory_stores(1);
  std::unique_ptr<BufferedStore> state;
  std::unique_ptr<SuppressBuffer> buffer;
  std::map<std::string, client::Message> changelog;  // compacted

  Suppressing() { open(); }
  void open() {
    buffer.reset();
    state = std::make_unique<BufferedStore>("sup", kept->store(0), 0, true);
    buffer = std::make_unique<SuppressBuffer>(*state);
  }
  void commit() {
    std::vector<Outgoing> out;
    state->flush("app-sup-changelog", 0, out);
    for (auto& one : out) {
      EXPECT_EQ(one.message.timestamp, std::nullopt);
      changelog[*one.message.key] = one.message;
    }
    KeptBatch batch;
    state->take(batch);
    ASSERT_TRUE(kept->write(batch));
  }
  void restore_elsewhere() {
    kept = memory_stores(1);
    open();
    for (const auto& [key, message] : changelog)
      buffer->restore({.key = message.key, .value = message.value, .headers = message.headers});
  }
  std::string evict(std::size_t down_to) {
    std::string given;
    buffer->evict_while([&] { return buffer->records() > down_to; },
                        [&](std::string_view key, const Suppress& entry) {
                          given += std::string(key) + "=" + entry.prior.value_or("~") + ">" +
                                   entry.before.value_or("~") + ">" + entry.now.value_or("~") + "@" +
                                   std::to_string(millis(entry.context.timestamp)) + " ";
                        });
    return given;
  }
};

// What Kafka Streams' buffer does, in three lines.
struct Modelled {
  struct Entry {
    std::int64_t time;
    Suppress entry;
  };
  std::map<std::string, Entry> entries;
  void put(const std::string& key, std::int64_t time, Suppress entry) {
    entry.prior = entries.contains(key) ? entries[key].entry.prior : entry.before;
    entries[key] = {entries.contains(key) ? entries[key].time : time, std::move(entry)};
  }
  std::string evict(std::size_t down_to) {
    std::string given;
    while (entries.size() > down_to) {
      auto first = entries.begin();
      for (auto at = entries.begin(); at != entries.end(); ++at)
        if (at->second.time < first->second.time) first = at;
      const Suppress& e = first->second.entry;
      given += first->first + "=" + e.prior.value_or("~") + ">" + e.before.value_or("~") + ">" + e.now.value_or("~") +
               "@" + std::to_string(millis(e.context.timestamp)) + " ";
      entries.erase(first);
    }
    return given;
  }
};

TEST(SuppressBuffer, GivesWhatWaitedInTheOrderOfTimeThroughCommitsAndRestores) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    Suppressing ours;
    Modelled model;
    const auto value = [&]() -> Suppress::Value {
      const auto n = random() % 4;
      return n == 0 ? Suppress::Value() : Suppress::Value(std::string(n, 'v'));
    };
    for (int step = 0; step < 60; ++step) {
      const std::string key(1, static_cast<char>('a' + random() % 5));
      const std::int64_t time = random() % 20;
      Suppress entry{.context = {.timestamp = at_millis(step), .offset = step, .topic = "in", .headers = {{"h", "1"}}},
                     .before = value(),
                     .now = value()};
      ours.buffer->put(key, time, entry.now, entry.before, entry.context);
      model.put(key, time, std::move(entry));
      ASSERT_EQ(ours.buffer->records(), model.entries.size());
      if (random() % 4 == 0) {
        const std::size_t down_to = random() % 4;
        ASSERT_EQ(ours.evict(down_to), model.evict(down_to)) << "seed " << seed << " step " << step;
      }
      const std::size_t bytes = ours.buffer->bytes();
      const std::int64_t oldest = ours.buffer->oldest();
      if (random() % 5 == 0) ours.commit(), ours.open();
      if (random() % 15 == 0) ours.commit(), ours.restore_elsewhere(), ours.commit();
      ASSERT_EQ(ours.buffer->bytes(), bytes) << "counted again";
      ASSERT_EQ(ours.buffer->oldest(), oldest);
    }
  }
}

TEST(SuppressBuffer, KnowsWhatThoseBelowKnow) {
  Suppressing s;
  s.buffer->put("a", 1, "new", "old", {});
  s.buffer->put("a", 2, "newer", "new", {});
  EXPECT_EQ(s.buffer->prior("a"), std::optional(Suppress::Value("old")));
  EXPECT_EQ(s.buffer->prior("b"), std::nullopt);
  EXPECT_EQ(s.evict(0), "a=old>new>newer@0 ");
  EXPECT_EQ(s.buffer->prior("a"), std::nullopt);
}

TEST(SuppressBuffer, SaysWhichChangelogsItCannotRead) {
  Suppressing s;
  const std::string value(40, '\0');
  EXPECT_THROW(s.buffer->restore({.key = "a", .value = value}), StoreFailure);
  EXPECT_THROW(s.buffer->restore({.key = "a", .value = "short", .headers = {{"v", "\3"}}}), StoreFailure);
}

}  // namespace
}  // namespace thalweg::streams::detail

#include "thalweg/streams/detail/join_stores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataflow/memory_stores.h"
#include "dataflow/state_store.h"
#include "thalweg/streams/detail/store_bytes.h"

namespace thalweg::streams::detail {
namespace {

using testing::ElementsAre;

struct Joining {
  std::unique_ptr<KeptStores> kept = memory_stores(1);
  std::unique_ptr<BufferedStore> state;
  std::vector<client::Message> changelog;

  Joining() { open(); }
  void open() { state = std::make_unique<BufferedStore>("join", kept->store(0), 0, true); }
  void commit() {
    std::vector<Outgoing> out;
    state->flush("app-join-changelog", 0, out);
    for (auto& one : out) changelog.push_back(one.message);
    KeptBatch batch;
    state->take(batch);
    ASSERT_TRUE(kept->write(batch));
  }
};

std::vector<std::string> found(const JoinBytes& bytes, std::string_view key, std::int64_t from, std::int64_t to) {
  std::vector<std::string> values;
  for (const auto at = bytes.fetch(key, from, to); at->next();)
    values.push_back(std::string(at->value()) + "@" + std::to_string(bytes.time_of(at->key())));
  return values;
}

TEST(JoinStores, KeepAllOfOneKeyAndTimeAlsoAfterARestart) {
  Joining join;
  {
    JoinBytes bytes(*join.state, 100ms);
    bytes.put("a", 5, "one");
    bytes.put("a", 5, "two");
    bytes.put("b", 5, "other");
  }
  join.commit();
  join.open();
  JoinBytes bytes(*join.state, 100ms);
  bytes.put("a", 5, "three");
  bytes.put("a", 4, "before");
  EXPECT_THAT(found(bytes, "a", 0, 10), ElementsAre("before@4", "one@5", "two@5", "three@5"));
  EXPECT_THAT(found(bytes, "a", 0, 4), ElementsAre("before@4"));
}

TEST(JoinStores, AreRestoredFromTheirChangelogAndCountOn) {
  Joining join;
  JoinBytes bytes(*join.state, 100ms);
  bytes.put("a", 5, "one");
  bytes.put("a", 5, std::nullopt);
  bytes.put("a", 6, "two");
  join.commit();
  Joining elsewhere;
  JoinBytes restored(*elsewhere.state, 100ms);
  for (const auto& message : join.changelog)
    restored.restore({.timestamp = *message.timestamp, .key = message.key, .value = message.value});
  EXPECT_THAT(found(restored, "a", 0, 10), ElementsAre("one@5", "two@6"));
  restored.put("a", 6, "three");
  EXPECT_THAT(found(restored, "a", 0, 10), ElementsAre("one@5", "two@6", "three@6"));
}

TEST(JoinStores, LetGoOfWhatIsOlderThanTheirRetention) {
  Joining join;
  JoinBytes bytes(*join.state, 10ms);
  EXPECT_TRUE(bytes.put("a", 5, "one"));
  EXPECT_TRUE(bytes.put("b", 15, "two"));
  EXPECT_THAT(found(bytes, "a", 0, 100), ElementsAre());
  EXPECT_FALSE(bytes.put("a", 5, "late"));
  EXPECT_TRUE(bytes.put("a", 6, "just"));
  EXPECT_THAT(found(bytes, "a", 0, 100), ElementsAre("just@6"));
}

TEST(JoinStores, WhatIsLonelyStandsInTheOrderOfTimeAndSideWithAllItsValues) {
  Joining join;
  LonelyBytes lonely(*join.state);
  lonely.add({.time = 9, .left = true, .key = "a"}, "late", at_millis(9));
  lonely.add({.time = 5, .left = true, .key = "a"}, "", at_millis(5));
  lonely.add({.time = 5, .left = true, .key = "a"}, "second", at_millis(5));
  lonely.add({.time = 5, .left = false, .key = "z"}, "right", at_millis(5));
  lonely.remove_if_there({.time = 9, .left = false, .key = "a"}, at_millis(9));
  join.commit();
  EXPECT_EQ(join.changelog.size(), 3U) << "what is not there is not deleted";

  Joining elsewhere;
  LonelyBytes restored(*elsewhere.state);
  for (const auto& message : join.changelog) restored.restore({.key = message.key, .value = message.value});
  std::vector<std::string> all;
  for (const auto at = restored.all(); at->next();) {
    const auto place = LonelyBytes::place(at->key());
    const auto values = LonelyBytes::values(at->value());
    for (const auto value : *values)
      all.push_back(std::to_string(place->time) + (place->left ? "l" : "r") + std::string(place->key) + "=" +
                    std::string(value));
  }
  EXPECT_THAT(all, ElementsAre("5rz=right", "5la=", "5la=second", "9la=late"));
  EXPECT_FALSE(LonelyBytes::values(std::string_view("\1\0\0\0\1\0\0\0\5", 9)));
  EXPECT_FALSE(LonelyBytes::place("short"));
  const std::string key(9, '\0');
  EXPECT_THROW(restored.restore({.key = key, .value = "\1"}), StoreFailure);
  EXPECT_THROW(restored.restore({.key = "short", .value = {}}), StoreFailure);
}

}  // namespace
}  // namespace thalweg::streams::detail

#include "dataflow/state_store.h"

#include <gtest/gtest.h>

#include "dataflow/memory_stores.h"
#include "dataflow/testing_store_history.h"

namespace thalweg::streams::detail {
namespace {

// Memory that outlives a crash, to test what lies over it.
class Lent : public KeptStores {
 public:
  explicit Lent(std::shared_ptr<KeptStores> stores) : stores_(std::move(stores)) {}
  KeptStore& store(std::size_t number) override { return stores_->store(number); }
  Result<> write(const KeptBatch& batch) override { return stores_->write(batch); }
  std::optional<std::int64_t> offset(std::size_t number) const override { return stores_->offset(number); }

 private:
  std::shared_ptr<KeptStores> stores_;
};

TEST(BufferedStore, AnswersAsAMapDoesThroughCommitsAndCrashes) {
  for (std::uint64_t seed = 1; seed <= 400 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const std::shared_ptr<KeptStores> memory = memory_stores(3);
    const auto open = [&] { return std::make_unique<Lent>(memory); };
    StoreHistory(seed, open(), open).run(400);
  }
}

struct Buffered : testing::Test {
  std::unique_ptr<KeptStores> kept = memory_stores(1);
  BufferedStore store{"counts", kept->store(0), 0, true};
  void commit() {
    KeptBatch batch;
    store.take(batch);
    ASSERT_TRUE(kept->write(batch));
  }
};

TEST_F(Buffered, NothingIsKeptBeforeTheCommit) {
  store.put("a", "1");
  EXPECT_EQ(store.get("a"), "1");
  EXPECT_EQ(kept->store(0).get("a").value(), std::nullopt);
  commit();
  EXPECT_EQ(kept->store(0).get("a").value(), "1");
}

TEST_F(Buffered, TheChangelogIsToldTheLastOfEachKeyInTheOrderOfTheFirst) {
  store.log("b", "1", Timestamp(5ms));
  store.log("a", "2", Timestamp(6ms));
  store.log("b", std::nullopt, Timestamp(3ms));
  std::vector<Outgoing> out;
  store.flush("app-counts-changelog", 3, out);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].message.key, "b");
  EXPECT_EQ(out[0].message.value, std::nullopt);
  EXPECT_EQ(out[0].message.timestamp, Timestamp(3ms));
  EXPECT_EQ(out[1].message.key, "a");
  store.flush("app-counts-changelog", 3, out);
  EXPECT_EQ(out.size(), 2u) << "told once";
}

TEST_F(Buffered, WithoutLoggingTheChangelogIsToldNothing) {
  BufferedStore quiet("quiet", kept->store(0), 0, false);
  quiet.log("a", "1", Timestamp(1ms));
  std::vector<Outgoing> out;
  quiet.flush("app-quiet-changelog", 0, out);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(quiet.uncommitted_bytes(), 0u);
}

TEST_F(Buffered, ACursorThatOutlivesACommitSaysSo) {
  store.put("a", "1");
  const auto cursor = store.scan("", {});
  commit();
  EXPECT_THROW(cursor->next(), StoreFailure);
}

TEST_F(Buffered, ReadsComeFromTheBufferUntilItsRoomIsUsedUp) {
  struct Counting : KeptStore {
    Result<std::optional<std::string>> get(std::string_view) const override { return ++gets, std::string(1000, 'v'); }
    std::unique_ptr<ByteCursor> scan(std::string_view, std::optional<std::string_view>, bool) const override {
      return {};
    }
    mutable int gets = 0;
  } below;
  BufferedStore small("small", below, 0, false, 5000);
  for (int round = 0; round < 3; ++round)
    for (const std::string_view key : {"a", "b", "c"}) small.get(key);
  EXPECT_EQ(below.gets, 3) << "three fit";
  for (const std::string_view key : {"d", "e", "a", "f"}) small.get(key);
  EXPECT_EQ(below.gets, 7) << "the one used longest ago went first";
  EXPECT_LE(small.cached_bytes(), 5000u);
}

TEST(MemoryStores, ACursorKeepsWhatItSaw) {
  const auto kept = memory_stores(1);
  ASSERT_TRUE(kept->write({.deleted = {}, .entries = {{0, "a", "1"}, {0, "b", "2"}}, .offsets = {}}));
  const auto cursor = kept->store(0).scan("", {}, false);
  ASSERT_TRUE(kept->write({.deleted = {}, .entries = {{0, "a", std::nullopt}, {0, "b", "3"}}, .offsets = {}}));
  ASSERT_TRUE(cursor->next());
  EXPECT_EQ(cursor->key(), "a");
  ASSERT_TRUE(cursor->next());
  EXPECT_EQ(cursor->value(), "2");
  EXPECT_FALSE(cursor->next());
}

}  // namespace
}  // namespace thalweg::streams::detail

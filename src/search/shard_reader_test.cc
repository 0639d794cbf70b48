// Windows of a real log: each batch is read once, whatever its size, in both directions, and whatever happened to the
// log meanwhile is said.
#include "search/shard_reader.h"

#include <gtest/gtest.h>

#include "storage/testing.h"

namespace thalweg::search {
namespace {

using namespace std::chrono_literals;

constexpr BrokerId kSelf{1};

// Does it at once.
class WorkersInPlace : public Workers {
  Task<> carry_out(std::move_only_function<void()> work) override {
    work();
    co_return;
  }
};

struct ShardReaderTest : testing::Test {
  ShardReaderTest() {
    storage::LogConfig config;
    config.max_message_bytes = 10 << 20;
    auto log = t.run(storage::Log::open(t.shard, {.directory = t.directory + "/orders-0",
                                                  .partition = {"orders", PartitionId{0}},
                                                  .topic_id = key.topic_id,
                                                  .config = config,
                                                  .sync_every_append = false}));
    CHECK(log);
    metadata::Partition state;
    state.replicas = state.isr = {kSelf};
    state.leader = kSelf;
    state.leader_epoch = LeaderEpoch{3};
    partitions.host(key, *log, state);
  }
  void append(int records, std::size_t value_size) {
    const auto appended = partitions.find(key)->append_as_leader(
        {.records = storage::make_batch({.records = records, .value_size = value_size, .options = {}})});
    CHECK(appended);
  }
  storage::Log& log() { return partitions.find(key)->log(); }
  Part all() {
    const auto offsets = log().offsets();
    return {.partition = key.partition,
            .first_begin = offsets.start,
            .first_end = offsets.high_watermark,
            .begin = offsets.start,
            .end = offsets.high_watermark,
            .frontier = {},
            .failed = {}};
  }
  // At most so many matches; 0: none matches.
  Result<Looked> look(const Plan& plan, std::size_t matches_max = kMatchesMax,
                      std::size_t window_bytes = kWindowBytes) {
    auto filter = matches_max == 0 ? *filter::Filter::compile("value == \"y\"", 0) : filter::Filter::any();
    return t.run(reader.look({.key = key,
                              .window = *plan.next(window_bytes),
                              .order = plan.order(),
                              .filter = std::make_shared<const filter::Filter>(std::move(filter)),
                              .matches_max = std::max<std::size_t>(matches_max, 1),
                              .preview = 0}));
  }

  storage::TestShard t;
  const replica::PartitionKey key{Uuid{1, 2}, PartitionId{0}};
  replica::Partitions partitions{t.shard, kSelf};
  Budget memory{64u << 20};
  WorkersInPlace workers;
  ShardReader reader{t.shard, partitions, memory, workers};
};

TEST_F(ShardReaderTest, EveryBatchIsReadOnceWhateverItsSize) {
  for (int i = 0; i < 300; ++i) append(1 + i % 50, 10 + 997 * (i % 23));
  append(3, 2 << 20);  // larger than a window
  for (int i = 0; i < 300; ++i) append(100, 20);
  for (const auto order : {Order::kNewestFirst, Order::kOldestFirst}) {
    Plan plan(order, {all()});
    std::size_t read = 0;
    for (int windows = 0; !plan.is_done(); ++windows) {
      ASSERT_LT(windows, 1000);
      const std::size_t window_bytes = windows % 3 == 0 ? kWindowBytes : kWindowBytesMin;  // clients come and go
      const auto looked = look(plan, 0, window_bytes);
      ASSERT_TRUE(looked);
      read += looked->read_bytes;
      plan.took(*plan.next(window_bytes), *looked);
    }
    EXPECT_EQ(read, log().size_bytes());
    EXPECT_EQ(plan.counts().bytes, log().size_bytes());
    EXPECT_EQ(plan.counts().records, std::uint64_t(log().end_offset().value));
    EXPECT_EQ(memory.available(), 64 << 20) << "all was given back";
  }
}

TEST_F(ShardReaderTest, AWindowReadsWhatItIsAskedForAndNoMore) {
  for (int i = 0; i < 300; ++i) append(10, 1000);
  for (const auto order : {Order::kNewestFirst, Order::kOldestFirst}) {
    for (const std::size_t bytes : {kWindowBytesMin, kWindowBytes}) {
      Plan plan(order, {all()});
      std::size_t most = 0;
      while (!plan.is_done()) {
        const auto looked = look(plan, 0, bytes);
        ASSERT_TRUE(looked);
        most = std::max(most, looked->read_bytes);
        plan.took(*plan.next(bytes), *looked);
      }
      EXPECT_LE(most, bytes);
      EXPECT_GT(most, bytes / 2);
    }
  }
}

TEST_F(ShardReaderTest, AHeavyFilterIsAskedForALittleAtATimeAndNothingIsLeftOut) {
  for (int i = 0; i < 3; ++i) append(400, 20);
  constexpr auto kHeavy =
      "[0,1,2,3,4,5,6,7,8,9].all(a, [0,1,2,3,4,5,6,7,8,9].all(b, [0,1,2,3,4,5,6,7,8,9].all(c, a + b + c < 99))) && "
      "offset % 100 == 3";
  const auto filter = std::make_shared<const filter::Filter>(*filter::Filter::compile(kHeavy, 0));
  for (const auto order : {Order::kNewestFirst, Order::kOldestFirst}) {
    Plan plan(order, {all()});
    int windows = 0;
    for (; !plan.is_done(); ++windows) {
      ASSERT_LT(windows, 1000);
      const auto looked =
          t.run(reader.look({.key = key, .window = *plan.next(), .order = order, .filter = filter, .preview = 0}));
      ASSERT_TRUE(looked);
      EXPECT_LT(looked->scanned.work + looked->scanned.wasted, (kTriesMax + 1) * kWorkMax);
      plan.took(*plan.next(), *looked);
    }
    EXPECT_GT(windows, 2);
    EXPECT_EQ(plan.counts(), (Counts{.records = 1200, .bytes = log().size_bytes(), .matches = 12}));
  }
}

TEST_F(ShardReaderTest, WhatRetentionTookIsNotLookedAt) {
  for (int i = 0; i < 100; ++i) append(10, 1000);
  for (const auto order : {Order::kNewestFirst, Order::kOldestFirst}) {
    Plan plan(order, {all()});
    plan.took(*plan.next(), *look(plan, 5));
    ASSERT_TRUE(log().delete_records_before(log().start_offset() + 300));
    for (int windows = 0; !plan.is_done(); ++windows) {
      ASSERT_LT(windows, 1000);
      plan.took(*plan.next(), *look(plan));
    }
    EXPECT_EQ(plan.offsets_passed(), plan.offsets());
    EXPECT_EQ(plan.counts().records, std::uint64_t(plan.offsets()));
  }
}

TEST_F(ShardReaderTest, APartitionThatIsNotHereAndAnEndThatIsGoneAreErrors) {
  append(10, 10);
  Part beyond = all();
  beyond.first_end = beyond.end = Offset{20};
  const Plan plan(Order::kNewestFirst, {beyond});
  EXPECT_EQ(look(plan).error().code, ErrorCode::kOffsetNotAvailable);
  const Plan forwards(Order::kOldestFirst, {beyond});
  EXPECT_TRUE(look(forwards));
  Part rest = beyond;
  rest.begin = Offset{10};
  EXPECT_EQ(look(Plan(Order::kOldestFirst, {rest})).error().code, ErrorCode::kOffsetNotAvailable);
  partitions.remove(key);
  EXPECT_EQ(look(plan).error().code, ErrorCode::kNotLeaderOrFollower);
}

TEST_F(ShardReaderTest, TheTimeAtTheEdgeIsThatOfItsBatch) {
  append(5, 10);
  append(7, 10);
  const EdgeWish newest{.key = key, .begin = Offset{0}, .end = Offset{12}};
  EXPECT_EQ(t.run(reader.edge_time(newest)).value(), 1'700'000'000'006);
  EdgeWish oldest = newest;
  oldest.order = Order::kOldestFirst;
  EXPECT_EQ(t.run(reader.edge_time(oldest)).value(), 1'700'000'000'000);
}

}  // namespace
}  // namespace thalweg::search

#include "record/time_search.h"

#include <gtest/gtest.h>

#include <random>

#include "record/builder.h"
#include "record/record.h"

namespace thalweg::record {
namespace {

std::optional<TimeScanner::Found> search(const BatchView& batch, Timestamp target, Offset from, std::size_t work) {
  static WalkRoom room;  // as on a shard, where one search after the other uses it
  TimeSearch search(batch, room, target, from);
  while (!search.over()) EXPECT_TRUE(search.step(work));
  return search.found();
}

// The slow way: everything in memory, every record read.
std::optional<TimeScanner::Found> read_all(const BatchView& batch, Timestamp target, Offset from) {
  auto reader = RecordReader::open(batch);
  while (const auto record = *reader->next())
    if (record->timestamp >= target && record->offset >= from)
      return TimeScanner::Found{record->timestamp, record->offset};
  return std::nullopt;
}

TEST(TimeSearch, FindsWhatAReaderOfEverythingFinds) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    BatchOptions options{.base_offset = {1000}, .codec = static_cast<Codec>(round % kCodecCount)};
    if (round % 7 == 0) options.log_append_time = 500;
    BatchBuilder builder(options);
    Offset offset{1000};
    for (int i = 0; i < 40; ++i) {
      const std::string value(random() % (round % 9 == 0 ? 200'000 : 300), static_cast<char>('a' + random() % 26));
      builder.append_at(offset, {.timestamp = Timestamp(random() % 1000), .value = as_bytes(value)});
      offset = offset + 1 + static_cast<std::int64_t>(random() % 3);  // compaction leaves gaps
    }
    const SharedBytes bytes = builder.build();
    const auto batch = BatchView::at(bytes);
    for (int i = 0; i < 10; ++i) {
      const Timestamp target = Timestamp(random() % 1100);
      const Offset from{static_cast<std::int64_t>(990 + random() % 130)};
      const auto expected = read_all(*batch, target, from);
      for (const std::size_t work : {std::size_t{1}, std::size_t{10'000}, std::size_t{100'000'000}}) {
        const auto found = search(*batch, target, from, work);
        ASSERT_EQ(found.has_value(), expected.has_value()) << "round " << round;
        if (!found) continue;
        EXPECT_EQ(found->offset, expected->offset);
        EXPECT_EQ(found->timestamp, expected->timestamp);
      }
    }
  }
}

TEST(TimeSearch, WorksInSteps) {
  BatchBuilder builder({.codec = Codec::kZstd});
  const std::string zeros(20 << 20, '\0');
  builder.append({.timestamp = 1, .value = as_bytes(zeros)});
  builder.append({.timestamp = 2});
  const SharedBytes bytes = builder.build();
  const auto batch = BatchView::at(bytes);
  WalkRoom room;
  TimeSearch search(*batch, room, 2, Offset{0});
  int steps = 0;
  for (; !search.over(); ++steps) ASSERT_TRUE(search.step(1 << 20));
  EXPECT_GE(steps, 15);
  EXPECT_LE(room.window.size(), 256u << 10);
  EXPECT_EQ(search.found()->offset, Offset{1});
}

TEST(TimeSearch, DamageIsAnErrorAndNoEndlessSearch) {
  BatchBuilder builder;
  for (int i = 0; i < 3; ++i) builder.append({.timestamp = i, .value = as_bytes("value")});
  const SharedBytes whole = builder.build();
  for (std::size_t at = kBatchHeaderSize; at < whole.size(); ++at)
    for (const auto bad : {std::byte{0x7f}, std::byte{0xff}, std::byte{0}}) {
      std::vector<std::byte> bytes(whole.view().begin(), whole.view().end());
      bytes[at] = bad;
      WalkRoom room;
      const auto batch = BatchView::at(bytes);
      TimeSearch search(*batch, room, 1'000, Offset{0});
      for (int steps = 0; !search.over() && search.step(10); ++steps) ASSERT_LT(steps, 100);
    }
}

}  // namespace
}  // namespace thalweg::record

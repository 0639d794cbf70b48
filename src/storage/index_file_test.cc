// The indexes against plain lists of their entries, over flushes, truncations and reopening.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "storage/offset_index.h"
#include "storage/testing.h"
#include "storage/time_index.h"

namespace thalweg::storage {
namespace {

class IndexFileTest : public ::testing::Test {
 protected:
  static constexpr Offset kBase{1000};
  std::int64_t pick(std::int64_t below) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(below));
  }
  // What the list says is the last of its entries that satisfy `fits`.
  template <class Entry, class Fits>
  static Entry last_of(const std::vector<Entry>& entries, Entry none, Fits fits) {
    for (const Entry& entry : entries)
      if (fits(entry)) none = entry;
    return none;
  }

  TestShard t;
  FileCache files{t.disk, 4};
  std::mt19937_64 random{1};
};

TEST_F(IndexFileTest, OffsetIndexAgreesWithAList) {
  const std::string path = t.directory + "/1000.index";
  auto index = std::make_unique<OffsetIndex>(files, path, kBase);
  std::vector<OffsetPosition> list;
  OffsetPosition next{kBase, 0};
  for (int step = 0; step < 2000; ++step) {
    switch (pick(10)) {
      case 0:
        ASSERT_TRUE(index->flush());
        break;
      case 1: {
        const Offset to = next.offset - pick(20);
        ASSERT_TRUE(index->truncate_to(to));
        std::erase_if(list, [&](const auto& e) { return e.offset >= to; });
        break;
      }
      case 2:
        ASSERT_TRUE(index->flush());
        index = std::make_unique<OffsetIndex>(files, path, kBase);
        ASSERT_TRUE(index->load());
        break;
      default:
        next = {next.offset + 1 + pick(9), next.position + 1 + static_cast<std::uint32_t>(pick(500))};
        index->append(next.offset, next.position);
        list.push_back(next);
    }
    ASSERT_EQ(index->entries(), list.size());
    ASSERT_EQ(index->last(), list.empty() ? std::nullopt : std::optional(list.back()));
    const Offset target = kBase - 2 + pick(next.offset - kBase + 5);
    ASSERT_EQ(*index->lookup(target),
              last_of(list, OffsetPosition{kBase, 0}, [&](const auto& e) { return e.offset <= target; }));
    const auto place = static_cast<std::uint64_t>(pick(next.position + 10));
    ASSERT_EQ(*index->lookup_position(place),
              last_of(list, OffsetPosition{kBase, 0}, [&](const auto& e) { return e.position <= place; }));
  }
}

TEST_F(IndexFileTest, TimeIndexAgreesWithAList) {
  const std::string path = t.directory + "/1000.timeindex";
  auto index = std::make_unique<TimeIndex>(files, path, kBase);
  std::vector<TimestampOffset> list;
  TimestampOffset next{100, kBase};
  for (int step = 0; step < 2000; ++step) {
    switch (pick(10)) {
      case 0:
        ASSERT_TRUE(index->flush());
        break;
      case 1: {
        const Offset to = next.offset - pick(20);
        ASSERT_TRUE(index->truncate_to(to));
        std::erase_if(list, [&](const auto& e) { return e.offset >= to; });
        break;
      }
      case 2:
        index->clear();
        list.clear();
        break;
      case 3:
        ASSERT_TRUE(index->flush());
        index = std::make_unique<TimeIndex>(files, path, kBase);
        ASSERT_TRUE(index->load());
        break;
      default:
        next = {next.timestamp + 1 + pick(50), next.offset + 1 + pick(9)};
        index->append(next.timestamp, next.offset);
        list.push_back(next);
    }
    ASSERT_EQ(index->entries(), list.size());
    ASSERT_EQ(index->last(), list.empty() ? std::nullopt : std::optional(list.back()));
    const Timestamp target = pick(next.timestamp + 50);
    ASSERT_EQ(*index->lookup(target), last_of(list, TimestampOffset{kNoTimestamp, kBase},
                                              [&](const auto& e) { return e.timestamp <= target; }));
  }
}

TEST_F(IndexFileTest, AFileThatEndsInsideAnEntryIsRefusedAndMadeAgain) {
  const std::string path = t.directory + "/1000.index";
  const FilePtr file = *t.disk.open(path, OpenMode::kCreate);
  ASSERT_TRUE(file->write(0, std::vector<std::byte>(13, std::byte{1})));
  OffsetIndex index(files, path, kBase);
  EXPECT_FALSE(index.load());
  index.clear();
  index.append(kBase + 5, 70);
  ASSERT_TRUE(index.flush());
  OffsetIndex again(files, path, kBase);
  ASSERT_TRUE(again.load());
  EXPECT_EQ(again.entries(), 1u);
  EXPECT_EQ(again.last(), (OffsetPosition{kBase + 5, 70}));
}

}  // namespace
}  // namespace thalweg::storage

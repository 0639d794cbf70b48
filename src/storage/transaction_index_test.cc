#include "storage/transaction_index.h"

#include <gtest/gtest.h>

namespace thalweg::storage {
namespace {

const std::vector<AbortedTransaction> kEntries = {
    {{1}, {0}, {10}, {5}},  // the next one was open from 5 on
    {{2}, {5}, {20}, {15}},
    {{3}, {15}, {30}, {31}},
};

std::vector<AbortedTransaction> collected(Offset from, Offset upper, bool done) {
  std::vector<AbortedTransaction> found;
  EXPECT_EQ(collect_aborted(kEntries, from, upper, found), done);
  return found;
}

TEST(TransactionIndex, RoundTripsItsThirtyFourBytes) {
  std::vector<std::byte> file;
  for (const auto& entry : kEntries) {
    const auto bytes = entry.encode();
    file.insert(file.end(), bytes.begin(), bytes.end());
  }
  EXPECT_EQ(file.size(), 3 * 34u);
  EXPECT_EQ(parse_transaction_index(file), kEntries);
  file.pop_back();
  EXPECT_FALSE(parse_transaction_index(file));
}

TEST(TransactionIndex, CollectsWhatOverlapsAndStopsWhenTheRestIsLater) {
  using V = std::vector<AbortedTransaction>;
  EXPECT_EQ(collected({0}, {5}, true), V{kEntries[0]});
  EXPECT_EQ(collected({0}, {6}, true), (V{kEntries[0], kEntries[1]}));
  EXPECT_EQ(collected({11}, {15}, true), V{kEntries[1]});
  EXPECT_EQ(collected({11}, {16}, true), (V{kEntries[1], kEntries[2]}));
  EXPECT_EQ(collected({31}, {40}, false), V{});
}

TEST(TransactionIndex, ACutLogKeepsOnlyMarkersBelowItsEnd) {
  EXPECT_EQ(entries_below(kEntries, {10}), 0u);
  EXPECT_EQ(entries_below(kEntries, {11}), 1u);
  EXPECT_EQ(entries_below(kEntries, {100}), 3u);
}

}  // namespace
}  // namespace thalweg::storage

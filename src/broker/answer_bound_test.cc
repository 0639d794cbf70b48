#include "broker/answer_bound.h"

#include <gtest/gtest.h>

#include <numeric>

#include "broker/slices.h"

namespace thalweg::broker {
namespace {

TEST(AnswerBound, RefusesWhatIsBeyondTheLimitAndChargesWhatIsNot) {
  Budget budget(1000);
  Charge memory = budget.take(10);
  AnswerBound bound(&memory, 100);
  EXPECT_TRUE(bound.add(60));
  EXPECT_EQ(bound.add(60).error().code, ErrorCode::kInvalidRequest);
  EXPECT_TRUE(bound.add(40));
  EXPECT_EQ(memory.bytes(), 110u);
  memory.release();
  EXPECT_EQ(budget.available(), 1000);
}

TEST(AnswerBound, RefusesForNowWhileOtherAnswersTakeTheMemory) {
  Budget budget(1000);
  Charge memory = budget.take(10), others = budget.take(1090);
  AnswerBound bound(&memory, 100);
  EXPECT_TRUE(bound.add(50));  // begun answers are finished, up to one such answer beyond the budget
  EXPECT_EQ(bound.add(1).error().code, ErrorCode::kThrottlingQuotaExceeded);
  others.release();
  EXPECT_TRUE(bound.add(1));
}

TEST(AnswerBound, WorksWhereNobodyCounts) {
  AnswerBound bound(nullptr, 100);
  EXPECT_TRUE(bound.add(100));
  EXPECT_FALSE(bound.add(1));
}

TEST(Slices, KeepItemsAndTheirOrder) {
  for (const std::size_t count : {0u, 1u, 250u, 251u, 1000u}) {
    std::vector<std::size_t> items(count), together;
    std::iota(items.begin(), items.end(), 0);
    for (const auto& slice : slices(items, 250)) {
      EXPECT_LE(slice.size(), 250u);
      together.insert(together.end(), slice.begin(), slice.end());
    }
    EXPECT_EQ(together, items);
  }
}

}  // namespace
}  // namespace thalweg::broker

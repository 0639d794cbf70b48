#include "platform/unwritten.h"

#include <gtest/gtest.h>

#include "runtime/disk.h"

namespace thalweg::platform {
namespace {

using Added = Unwritten::Added;
constexpr std::size_t kBlock = File::kBlock;

struct UnwrittenTest : testing::Test {
  Unwritten unwritten{std::make_shared<UnwrittenLimit>(8 * kBlock)};

  std::string held(std::uint64_t position, std::size_t size) {
    std::string text;
    for (const auto& bytes : unwritten.held(position, size).bytes) text += bytes.text();
    return text;
  }
};

TEST_F(UnwrittenTest, ARunRepeatsTheBlockThatItBeginsIn) {
  const std::string first(kBlock + 10, 'a'), second(kBlock, 'b');
  ASSERT_EQ(unwritten.add(0, as_bytes(first), {}), Added::kYes);
  ASSERT_EQ(unwritten.add(first.size(), as_bytes(second), {}), Added::kYes);
  const auto runs = unwritten.runs();
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[1].position, runs[0].whole_end());
  EXPECT_EQ(runs[1].bytes.text(), std::string(10, 'a') + second);
  EXPECT_EQ(held(kBlock - 1, 13), std::string(11, 'a') + "bb");
}

// What it held may have been written between a look and the next call.
TEST_F(UnwrittenTest, AsksForTheBeginningOfTheBlockWhereItHoldsNothing) {
  ASSERT_EQ(unwritten.add(0, as_bytes("abc"), {}), Added::kYes);
  unwritten.written(1);
  EXPECT_TRUE(unwritten.empty());
  EXPECT_EQ(unwritten.add(3, as_bytes("de"), {}), Added::kNeedsBefore);
  EXPECT_TRUE(unwritten.empty());
  ASSERT_EQ(unwritten.add(3, as_bytes("de"), as_bytes("abc")), Added::kYes);
  EXPECT_EQ(held(0, 10), "abcde");
}

TEST_F(UnwrittenTest, ACutShortensEveryRunThatReachesBeyondIt) {
  const std::string first(10, 'a'), second(kBlock, 'b');
  ASSERT_EQ(unwritten.add(0, as_bytes(first), {}), Added::kYes);
  ASSERT_EQ(unwritten.add(10, as_bytes(second), {}), Added::kYes);
  unwritten.cut(5);
  EXPECT_EQ(held(0, kBlock), std::string(5, 'a'));
  unwritten.cut(0);
  EXPECT_TRUE(unwritten.empty());
}

TEST_F(UnwrittenTest, HoldsNoMoreThanItMayUntilTheLastHolderIsDone) {
  const std::string half(4 * kBlock, 'x');
  ASSERT_EQ(unwritten.add(0, as_bytes(half), {}), Added::kYes);
  ASSERT_EQ(unwritten.add(half.size(), as_bytes(half), {}), Added::kYes);
  EXPECT_EQ(unwritten.add(2 * half.size(), as_bytes("y"), {}), Added::kNoRoom);
  auto runs = unwritten.runs();
  unwritten.written(2);
  EXPECT_EQ(unwritten.add(2 * half.size(), as_bytes("y"), {}), Added::kNoRoom) << "they are being sent";
  runs.clear();
  EXPECT_EQ(unwritten.add(2 * half.size(), as_bytes("y"), {}), Added::kYes);
}

}  // namespace
}  // namespace thalweg::platform

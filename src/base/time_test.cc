#include "base/time.h"

#include <gtest/gtest.h>

namespace thalweg {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(Time, ASpanThatIsTooLongIsTheLongest) {
  EXPECT_EQ(to_instant(Millis(1)), Instant(1'000'000));
  EXPECT_EQ(to_instant(Millis(-1)), Instant(-1'000'000));
  EXPECT_EQ(to_instant(Millis(9'223'372'036'854)), Instant(9'223'372'036'854'000'000));
  EXPECT_EQ(to_instant(Millis(9'223'372'036'855)), Instant::max());
  EXPECT_EQ(to_instant(Millis::max()), Instant::max());
  EXPECT_EQ(to_instant(Millis::min()), Instant::min());
  EXPECT_EQ(to_instant(std::chrono::duration<std::int64_t>(INT64_MAX)), Instant::max());
  EXPECT_EQ(to_instant(Instant::max()), Instant::max());
}

TEST(Time, LaterNeverComesBeforeNow) {
  const Instant now = seconds(100);
  EXPECT_EQ(later(now, Millis(5)), now + Millis(5));
  EXPECT_EQ(later(now, Millis(-5)), now - Millis(5));
  EXPECT_EQ(later(now, Millis::max()), Instant::max());
  EXPECT_EQ(later(now, Instant::max()), Instant::max());
  EXPECT_EQ(later(-now, Millis::min()), Instant::min());
}

}  // namespace
}  // namespace thalweg

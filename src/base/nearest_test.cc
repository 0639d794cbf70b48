#include "base/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace thalweg {
namespace {

TEST(Nearest, CountsChangesAndSwapsOfNeighbours) {
  EXPECT_EQ(edit_distance("orders", "orders"), 0u);
  EXPECT_EQ(edit_distance("orders", "oders"), 1u);
  EXPECT_EQ(edit_distance("orders", "odrers"), 1u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
}

TEST(Nearest, FindsWhatWasMeantAndDoesNotGuess) {
  const std::vector<std::string> words{"orders", "orders-eu", "users"};
  EXPECT_EQ(nearest("order", words), "orders");
  EXPECT_EQ(nearest("orders-us", words), "orders-eu");
  EXPECT_EQ(nearest("payments", words), std::nullopt);
  EXPECT_EQ(did_you_mean("user", words), "; did you mean users?");
  EXPECT_EQ(did_you_mean("payments", words), "");
}

}  // namespace
}  // namespace thalweg

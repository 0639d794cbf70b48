#include "broker/api_table.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace thalweg::broker {
namespace {

// A row in the wrong place would hide its API, or that of another.
TEST(ApiTable, FindsEveryApiItServes) {
  EXPECT_TRUE(std::ranges::is_sorted(served_apis(), {}, &Api::key));
  for (const Api* api : served_apis()) EXPECT_EQ(find_served(api->key), api) << int(api->key);
}

}  // namespace
}  // namespace thalweg::broker

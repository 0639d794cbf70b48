#include "platform/descriptors.h"

#include <gtest/gtest.h>

namespace thalweg::platform {
namespace {

TEST(Descriptors, NeitherLogsNorConnectionsMayTakeThemAll) {
  for (const std::uint64_t limit : {64, 512, 1024, 65'536, 1'000'000}) {
    const Descriptors shares(limit, 32);
    EXPECT_GE(shares.files_max(), limit / 8) << limit;
    EXPECT_GE(shares.connections_max(), limit / 8) << limit;
    EXPECT_LT(shares.files_max() + shares.connections_max(), limit - 32) << limit;
  }
}

TEST(Descriptors, ALimitThatIsTakenAlreadyStillGrantsOne) {
  const Descriptors shares(10, 32);
  EXPECT_EQ(shares.files_max(), 1u);
  EXPECT_EQ(shares.connections_max(), 1u);
}

TEST(Descriptors, AConnectionThatIsGoneMakesRoom) {
  Descriptors shares(10, 32);
  EXPECT_FALSE(shares.connections_are_full());
  auto connection = shares.count_connection();
  EXPECT_TRUE(shares.connections_are_full());
  connection.reset();
  EXPECT_FALSE(shares.connections_are_full());
}

}  // namespace
}  // namespace thalweg::platform

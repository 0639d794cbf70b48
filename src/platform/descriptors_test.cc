#include "platform/descriptors.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

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
  EXPECT_FALSE(shares.connections_are_full(false));
  auto connection = shares.count_connection();
  EXPECT_TRUE(shares.connections_are_full(false));
  connection.reset();
  EXPECT_FALSE(shares.connections_are_full(false));
}

TEST(Descriptors, ClientsLeaveSomeForTheNodesOfTheCluster) {
  Descriptors shares(256, 32);
  shares.keep_some_for_nodes();
  std::vector<std::shared_ptr<void>> connections;
  while (!shares.connections_are_full(false)) connections.push_back(shares.count_connection());
  const std::size_t clients = connections.size();
  EXPECT_GE(clients, shares.connections_max() / 2);
  while (!shares.connections_are_full(true)) connections.push_back(shares.count_connection());
  EXPECT_GE(connections.size() - clients, 16u);
  EXPECT_EQ(connections.size(), shares.connections_max());
}

}  // namespace
}  // namespace thalweg::platform

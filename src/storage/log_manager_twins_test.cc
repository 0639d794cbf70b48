// Log directories that are away for a while: whose log counts when there are two, and what does not begin anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>

#include "storage/testing_log_manager.h"

namespace thalweg::storage {
namespace {

using LogManagerTwinsTest = LogManagerTest;

// A broker goes on without one of its directories, and the partition is copied anew from its leader. Then the directory
// is there again, and comes first in log.dirs.
TEST_F(LogManagerTwinsTest, OfTwoFoldersTheOneCountsThatWasInUseLast) {
  const std::string other = t.directory + "/b";
  {
    auto manager = start();
    append(*open(*manager, "orders", 0), 3);
    append(*open(*manager, "orders", 1), 4);
    ASSERT_TRUE(t.run(manager->stop()));
  }
  const auto without = std::exchange(dirs, {other});
  {
    auto manager = start();
    append(*open(*manager, "orders", 0), 5);
    ASSERT_TRUE(t.run(manager->stop()));
  }
  dirs = {without[0], other};
  const auto refused = t.run(make()->start("c1"));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("orders-0 has a folder in"), std::string::npos) << refused.error().message;
  std::set<Uuid> away;
  {
    dirs = {without[0]};
    auto older = make();
    dirs = {without[0], other};
    ASSERT_TRUE(t.run(older->start("c1")));
    away.insert(older->directory_ids()[0]);
    ASSERT_TRUE(t.run(older->stop()));
  }
  auto manager = make();
  const auto started = t.run(manager->start("c1", {.were_away = away}));
  ASSERT_TRUE(started) << started.error().message;
  const auto log = open(*manager, "orders", 0);
  EXPECT_EQ(log->directory(), other + "/orders-0");
  EXPECT_EQ(log->end_offset(), Offset{5});
  EXPECT_EQ(open(*manager, "orders", 1)->end_offset(), Offset{4}) << "of which there is no other";
  const auto entries = t.disk.list(without[0]);
  EXPECT_TRUE(std::ranges::any_of(*entries, [](const auto& e) { return e.name.ends_with("-stray"); }));
}

TEST_F(LogManagerTwinsTest, ALogOfADirectoryThatIsNotHereDoesNotBeginInAnother) {
  dirs.push_back(t.directory + "/b");
  auto manager = start();
  const TopicPartition orders{"orders", {0}};
  const auto ids = manager->directory_ids();
  EXPECT_TRUE(manager->may_be_here(orders, ids[1]));
  EXPECT_TRUE(manager->may_be_here(orders, Uuid{0, 1})) << "nobody has said yet where it lies";
  const auto elsewhere = manager->may_be_here(orders, Uuid{77, 7});
  EXPECT_EQ(elsewhere.error().code, ErrorCode::kLogDirNotFound);
  EXPECT_NE(elsewhere.error().message.find("bring it back"), std::string::npos);
  append(*open(*manager, "orders", 0), 1);
  EXPECT_TRUE(manager->may_be_here(orders, Uuid{77, 7})) << "somebody has moved it";
}

// A topic was made a moment before the end of the last life: that it lies in the directory which is away now is in the
// metadata, and not known to be committed yet.
TEST_F(LogManagerTwinsTest, WhereADirectoryIsAwayNothingBeginsBeforeItIsKnownWhereItLies) {
  const TopicPartition orders{"orders", {0}};
  constexpr Uuid kNotAssigned{0, 1};
  auto manager = make();
  ASSERT_TRUE(t.run(manager->start("c1", {.were_away = {}, .one_is_away = true})));
  manager->set_image_may_be_old(true);
  EXPECT_EQ(manager->may_be_here(orders, kNotAssigned).error().code, ErrorCode::kReplicaNotAvailable);
  EXPECT_TRUE(manager->may_be_here(orders, manager->directory_ids()[0]));
  manager->set_image_may_be_old(false);
  EXPECT_TRUE(manager->may_be_here(orders, kNotAssigned));

  ASSERT_TRUE(t.run(manager->stop()));
  manager.reset();
  const auto whole = make();
  ASSERT_TRUE(t.run(whole->start("c1")));
  whole->set_image_may_be_old(true);
  EXPECT_TRUE(whole->may_be_here(orders, kNotAssigned)) << "all are here";
}

}  // namespace
}  // namespace thalweg::storage

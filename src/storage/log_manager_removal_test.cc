// Partitions that go: deleted, set aside, or in the way of another topic of the same name.
#include <gtest/gtest.h>

#include "storage/testing_log_manager.h"

namespace thalweg::storage {
namespace {

class LogManagerRemovalTest : public CountingLogManagerTest {};

TEST_F(LogManagerRemovalTest, RemovesALogAtOnceAndItsFilesLater) {
  auto manager = start();
  auto log = open(*manager, "orders", 0);
  append(*log, 5);
  remove(*manager, "orders", {{0}});
  EXPECT_FALSE(log->append_as_leader(make_batch(), {}));
  EXPECT_FALSE(t.disk.exists(dirs[0] + "/orders-0"));
  log = open(*manager, "orders", 0, Uuid{5, 6});
  EXPECT_EQ(log->end_offset(), Offset{0});
  EXPECT_TRUE(has_folder("-delete"));
  t.clock.advance(Millis(60'001));
  // By a thread of its own; however long that takes.
  for (int i = 0; i < 1000 && has_folder("-delete"); ++i) t.context.restart(), t.context.run_for(Millis(10));
  EXPECT_FALSE(has_folder("-delete"));
}

TEST_F(LogManagerRemovalTest, RemovesAPartitionThatWasNeverOpened) {
  {
    auto manager = start();
    open(*manager, "orders", 0);
    append(*open(*manager, "orders", 2), 1);
    append(*open(*manager, "others", 0, Uuid{3, 4}), 1);
    ASSERT_TRUE(t.run(manager->stop()));
  }
  auto manager = start();
  remove(*manager, "orders", {{0}, {1}, {2}});
  remove(*manager, "others", {{0}});  // of another topic id
  EXPECT_FALSE(t.disk.exists(dirs[0] + "/orders-0"));
  EXPECT_FALSE(t.disk.exists(dirs[0] + "/orders-2"));
  EXPECT_TRUE(t.disk.exists(dirs[0] + "/others-0"));
}

TEST_F(LogManagerRemovalTest, AFolderOfATopicThatIsNoMoreMakesRoomForTheNewOne) {
  {
    auto manager = start();
    append(*open(*manager, "orders", 0), 3);
    ASSERT_TRUE(t.run(manager->stop()));
  }
  auto manager = start();
  EXPECT_EQ(manager->unopened()[0].topic_id, (Uuid{1, 2}));
  const auto log = open(*manager, "orders", 0, Uuid{8, 8});
  ASSERT_TRUE(log);
  EXPECT_EQ(log->end_offset(), Offset{0});
  EXPECT_EQ(log->topic_id(), (Uuid{8, 8}));
  EXPECT_TRUE(has_folder("-stray"));
}

// A topic was deleted and made again just before a crash, and the image at the start is from before that.
TEST_F(LogManagerRemovalTest, AFolderOfATopicThatIsNotKnownYetStaysInItsPlace) {
  {
    auto manager = start();
    append(*open(*manager, "orders", 0, Uuid{8, 8}), 3);
    ASSERT_TRUE(t.run(manager->stop()));
  }
  auto manager = start();
  manager->set_image_may_be_old(true);
  EXPECT_EQ(t.run(manager->open({"orders", {0}}, Uuid{1, 2}, {}, 0)).error().code, ErrorCode::kInconsistentTopicId);
  remove(*manager, "orders", {{0}});  // as the next image says
  const auto log = open(*manager, "orders", 0, Uuid{8, 8});
  ASSERT_TRUE(log);
  EXPECT_EQ(log->end_offset(), Offset{3});
}

TEST_F(LogManagerRemovalTest, SetsAsideOnlyWhatNobodyHasOpen) {
  auto manager = start();
  const auto log = open(*manager, "orders", 0);
  EXPECT_FALSE(manager->set_aside({"orders", {0}}));
  EXPECT_EQ(t.run(manager->open({"orders", {0}}, Uuid{8, 8}, {}, 0)).error().code, ErrorCode::kInconsistentTopicId);
}

TEST_F(LogManagerRemovalTest, AFolderInWhichNothingEverWasIsAnybodysAndLeavesNothingBehind) {
  {
    auto manager = start();
    open(*manager, "orders", 0);
    open(*manager, "orders", 1);
    ASSERT_TRUE(t.run(manager->stop()));
  }
  auto manager = start();
  EXPECT_EQ(open(*manager, "orders", 0, Uuid{8, 8})->topic_id(), (Uuid{8, 8}));
  ASSERT_TRUE(manager->set_aside({"orders", {1}}));
  EXPECT_FALSE(has_folder("-stray"));
}

TEST_F(LogManagerRemovalTest, DeletingAThousandPartitionsCostsAFewSyncs) {
  dirs.push_back(t.directory + "/b");
  LogManager manager({&shard}, config());
  ASSERT_TRUE(t.run(manager.start("c1")));
  std::vector<PartitionId> all;
  for (std::int32_t p = 0; p < 1000; ++p) {
    all.push_back({p});
    const auto log = t.run(manager.open({"orders", {p}}, Uuid{1, 2}, {}, 0));
    ASSERT_TRUE(log);
    if (p % 100 == 0) append(**log, 1);
  }
  write_checkpoints(manager);
  const auto before = faults.syncs + faults.directory_syncs;
  remove(manager, "orders", all);
  write_checkpoints(manager);
  // Per directory: three files and the directory, and once more for what came while they were written.
  EXPECT_LE(faults.syncs + faults.directory_syncs - before, 2u * 2 * 4);
  for (const auto& dir : dirs)
    EXPECT_EQ(text(dir + "/recovery-point-offset-checkpoint"), "0\n0\n") << "names what is gone";
}

}  // namespace
}  // namespace thalweg::storage

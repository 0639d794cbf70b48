// The tables of recovery_rules.h, row by row.
#include "storage/recovery_rules.h"

#include <gtest/gtest.h>

namespace thalweg::storage {
namespace {

TEST(RecoveryRules, Segments) {
  const auto step = [](bool clean, bool last, bool covered, bool fit) {
    return step_for(SegmentState{.clean = clean, .last = last, .covered = covered, .indexes_fit = fit});
  };
  for (const bool clean : {false, true})
    for (const bool last : {false, true})
      for (const bool covered : {false, true})
        EXPECT_EQ(step(clean, last, covered, false), SegmentStep::kRebuild) << clean << last << covered;
  for (const bool covered : {false, true}) {
    EXPECT_EQ(step(true, true, covered, true), SegmentStep::kFindEnd);
    EXPECT_EQ(step(true, false, covered, true), SegmentStep::kTake);
    EXPECT_EQ(step(false, true, covered, true), SegmentStep::kRebuild);
  }
  EXPECT_EQ(step(false, false, true, true), SegmentStep::kTake);
  EXPECT_EQ(step(false, false, false, true), SegmentStep::kRebuild);
}

TEST(RecoveryRules, Damage) {
  for (const bool below : {false, true})
    for (const bool sound : {false, true}) {
      EXPECT_EQ(step_for(DamageState{.clean = true, .below_recovery_point = below, .sound_behind = sound}),
                DamageStep::kRefuse);
      EXPECT_EQ(step_for(DamageState{.below_recovery_point = below, .sound_behind = sound}),
                below   ? DamageStep::kRefuse
                : sound ? DamageStep::kCutAndKeep
                        : DamageStep::kCut);
    }
}

TEST(RecoveryRules, Syncs) {
  const SyncStep now{.now = true, .later = false}, later{.now = false, .later = true}, none;
  for (const bool clean : {false, true})
    for (const bool empty : {false, true})
      EXPECT_EQ(step_for(SyncState{.clean = clean, .fresh = true, .empty = empty}), later);
  EXPECT_EQ(step_for(SyncState{.clean = true, .empty = true}), later);
  EXPECT_EQ(step_for(SyncState{.clean = true, .empty = false}), none);
  EXPECT_EQ(step_for(SyncState{.clean = false, .empty = true}), now);
  EXPECT_EQ(step_for(SyncState{.clean = false, .empty = false}), now);
}

}  // namespace
}  // namespace thalweg::storage

#include "raft/quorum_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "raft/testing.h"

namespace thalweg::raft {
namespace {

using testing::Files;
using ::testing::HasSubstr;
using testing::TestDisk;
using testing::World;

constexpr std::uint64_t kSegment = 8 * File::kBlock;

Entry entry(std::uint64_t index, std::string_view text, std::uint64_t term = 1) {
  return {index, term, 0, SharedBytes::copy_of(text)};
}
Base founding() { return Base{1, 1, Membership{{1}, {}, {}, {}, false}}; }

struct Opened {
  Opened(World& world, Files files, std::uint64_t segment_bytes = kSegment)
      : world(world), disk(world.io), shard(world.shard_with(disk)), log(shard, "/q", segment_bytes) {
    disk.files = std::move(files);
    recovered = world.run(log.open());
  }
  // A new log with its first record.
  explicit Opened(World& world, std::uint64_t segment_bytes = kSegment) : Opened(world, {}, segment_bytes) {
    EXPECT_TRUE(world.run(log.initialize({1, 0, 1}, founding())));
  }

  Result<> write(std::vector<Entry> entries, std::uint64_t commit = 1) {
    return world.run(log.write({{1, 0, commit}, std::nullopt, std::move(entries)}));
  }
  World& world;
  TestDisk disk;
  Shard shard;
  QuorumLog log;
  Result<QuorumLog::Recovered> recovered;
};

TEST(QuorumLog, GivesBackWhatWasWritten) {
  World world;
  Opened first(world);
  ASSERT_TRUE(first.write({entry(2, "a"), entry(3, "b")}));
  ASSERT_TRUE(first.write({entry(4, "c")}, 3));
  Opened again(world, first.disk.copy());
  ASSERT_TRUE(again.recovered) << again.recovered.error().message;
  EXPECT_FALSE(again.recovered->is_new);
  EXPECT_EQ(again.recovered->base, founding());
  EXPECT_EQ(again.recovered->hard_state, (HardState{1, 0, 3}));
  EXPECT_EQ(again.recovered->entries, (std::vector{entry(2, "a"), entry(3, "b"), entry(4, "c")}));
}

TEST(QuorumLog, ALowerIndexCutsWhatWasThere) {
  World world;
  Opened first(world);
  ASSERT_TRUE(first.write({entry(2, "a"), entry(3, "lost"), entry(4, "lost")}));
  ASSERT_TRUE(first.write({entry(3, "b", 2)}));
  Opened again(world, first.disk.copy());
  ASSERT_TRUE(again.recovered);
  EXPECT_EQ(again.recovered->entries, (std::vector{entry(2, "a"), entry(3, "b", 2)}));
}

TEST(QuorumLog, CutsATornTailAtEachByteAndGoesOn) {
  World world;
  Opened first(world);
  ASSERT_TRUE(first.write({entry(2, "kept")}));
  ASSERT_TRUE(first.write({entry(3, std::string(5000, 'x'))}));  // two blocks
  const std::size_t whole = kRecordHeader + 24 + 5000;
  for (std::size_t bytes = 0; bytes <= whole; bytes += bytes < 100 || bytes > whole - 10 ? 1 : 97) {
    Opened torn(world, first.disk.torn_at(bytes));
    ASSERT_TRUE(torn.recovered) << torn.recovered.error().message;
    ASSERT_EQ(torn.recovered->entries.size(), bytes < whole ? 1u : 2u) << bytes;
    const std::uint64_t next = 2 + torn.recovered->entries.size();
    ASSERT_TRUE(torn.write({entry(next, "after")}));
    Opened again(world, torn.disk.copy());
    ASSERT_TRUE(again.recovered) << bytes << ": " << again.recovered.error().message;
    EXPECT_EQ(again.recovered->entries.back(), entry(next, "after"));
  }
}

TEST(QuorumLog, ATornFirstRecordIsANewLog) {
  World world;
  Opened first(world);
  for (const std::size_t bytes : {0, 1, 55, 56, 70}) {
    Opened torn(world, first.disk.torn_at(bytes));
    ASSERT_TRUE(torn.recovered);
    EXPECT_TRUE(torn.recovered->is_new);
    ASSERT_TRUE(world.run(torn.log.initialize({1, 0, 1}, founding())));
    EXPECT_TRUE(torn.write({entry(2, "a")}));
  }
}

TEST(QuorumLog, RefusesDamageBelowAnAcknowledgedRecord) {
  World world;
  Opened first(world);
  for (std::uint64_t i = 2; i < 20; ++i) ASSERT_TRUE(first.write({entry(i, "record")}));  // three segments
  for (const auto& [path, content] : first.disk.files) {
    for (std::size_t at = 60; at + File::kBlock < kSegment && at < content->size(); at += File::kBlock) {
      auto files = first.disk.copy();
      auto& bytes = *files[path];
      if (bytes[at] == std::byte{0}) continue;  // beyond the tail
      bytes[at] ^= std::byte{1};
      Opened damaged(world, std::move(files));
      const bool is_last = path.ends_with("3.log") && bytes[at + File::kBlock] == std::byte{0};
      if (is_last) continue;  // may be torn, for all we know
      ASSERT_FALSE(damaged.recovered) << path << " at " << at;
      EXPECT_THAT(damaged.recovered.error().message, HasSubstr("damaged"));
      EXPECT_THAT(damaged.recovered.error().message, HasSubstr("Nothing was changed"));
    }
  }
}

TEST(QuorumLog, UsesSegmentsAgainAndTellsOldRecordsApart) {
  World world;
  Opened log(world);
  for (std::uint64_t i = 2; i < 200; ++i) {
    ASSERT_TRUE(log.write({entry(i, "record " + std::to_string(i))}, i - 1));
    if (i % 20 == 0) {
      ASSERT_TRUE(world.run(log.log.write_checkpoint({i, 1, founding().membership}, SharedBytes::copy_of("image"))));
      ASSERT_TRUE(world.run(log.log.release(i)));
    }
    Opened again(world, log.disk.copy());
    ASSERT_TRUE(again.recovered) << i << ": " << again.recovered.error().message;
    ASSERT_EQ(again.recovered->base.index, i < 20 ? 1 : i / 20 * 20);
    ASSERT_EQ(again.recovered->base.index + again.recovered->entries.size(), i);
  }
  EXPECT_LE(log.disk.files.size(), 6u);
}

TEST(QuorumLog, ANewLogIsSmallAndAFileSeldomGrows) {
  World world;
  constexpr std::size_t kLarge = 4 << 20;
  Opened log(world, kLarge);
  const auto size = [&] { return log.disk.files.begin()->second->size(); };
  ASSERT_EQ(log.disk.files.size(), 1u);
  EXPECT_LE(size(), 128u << 10);
  std::size_t grown = 0;
  for (std::uint64_t i = 2; log.disk.files.size() == 1; ++i) {
    const std::size_t before = size();
    ASSERT_TRUE(log.write({entry(i, "record")}));
    grown += size() != before;
  }
  EXPECT_EQ(size(), kLarge);
  EXPECT_LE(grown, 8u);  // a megabyte at a time, and four smaller ones
}

TEST(QuorumLog, ACheckpointThatDoesNotFitLeavesNothingBehind) {
  World world;
  Opened log(world);
  ASSERT_TRUE(log.write({entry(2, "a")}));
  const auto files = log.disk.files.size();
  log.disk.full = true;
  const auto refused =
      world.run(log.log.write_checkpoint({2, 1, founding().membership}, SharedBytes::copy_of("image")));
  EXPECT_TRUE(Disk::is_full(refused.error()));
  EXPECT_EQ(log.disk.files.size(), files);
}

// Found by the cluster's simulation: a leader replaced entries 3 to 12, whose first half was in a segment released
// later.
TEST(QuorumLog, EntriesMayBeReplacedBelowTheOldestSegmentThatIsLeft) {
  World world;
  Opened log(world);
  for (std::uint64_t i = 2; i <= 12; ++i) ASSERT_TRUE(log.write({entry(i, "replaced")}));
  std::vector<Entry> others;
  for (std::uint64_t i = 3; i <= 12; ++i) others.push_back(entry(i, "kept", 2));
  ASSERT_TRUE(log.write(others, 12));
  ASSERT_TRUE(world.run(log.log.write_checkpoint({10, 2, founding().membership}, SharedBytes::copy_of("image"))));
  ASSERT_TRUE(world.run(log.log.release(10)));
  Opened again(world, log.disk.copy());
  ASSERT_TRUE(again.recovered) << again.recovered.error().message;
  EXPECT_EQ(again.recovered->entries, (std::vector{entry(11, "kept", 2), entry(12, "kept", 2)}));
}

TEST(QuorumLog, ACheckpointBeyondTheLogReplacesItEvenAfterACrash) {
  World world;
  Opened first(world);
  ASSERT_TRUE(first.write({entry(2, "other history"), entry(3, "other history")}));
  ASSERT_TRUE(world.run(first.log.write_checkpoint({50, 4, founding().membership}, SharedBytes::copy_of("image"))));
  // Power goes before the record that says so.
  Opened second(world, first.disk.copy());
  ASSERT_TRUE(second.recovered) << second.recovered.error().message;
  EXPECT_EQ(second.recovered->base.index, 50u);
  EXPECT_EQ(second.recovered->image.text(), "image");
  EXPECT_TRUE(second.recovered->entries.empty());
  EXPECT_EQ(second.recovered->hard_state.commit, 50u);
  ASSERT_TRUE(second.write({entry(51, "a", 4)}, 50));
  Opened third(world, second.disk.copy());
  ASSERT_TRUE(third.recovered) << third.recovered.error().message;
  EXPECT_EQ(third.recovered->entries, (std::vector{entry(51, "a", 4)}));
}

TEST(QuorumLog, RefusesAFolderWithFilesTakenAway) {
  World world;
  Opened log(world);
  for (std::uint64_t i = 2; i < 40; ++i) ASSERT_TRUE(log.write({entry(i, "record")}, i - 1));
  ASSERT_TRUE(world.run(log.log.write_checkpoint({39, 1, founding().membership}, SharedBytes::copy_of("image"))));
  ASSERT_TRUE(world.run(log.log.release(39)));
  for (const auto& [path, content] : log.disk.files) {
    if (path.ends_with(".log")) continue;
    auto files = log.disk.copy();
    files.erase(path);
    Opened without(world, std::move(files));
    ASSERT_FALSE(without.recovered);
    EXPECT_THAT(without.recovered.error().message, HasSubstr("no checkpoint"));
  }
  auto files = log.disk.copy();
  std::erase_if(files, [](const auto& file) { return file.first.ends_with(".log"); });
  Opened without(world, std::move(files));
  ASSERT_FALSE(without.recovered);
  EXPECT_THAT(without.recovered.error().message, HasSubstr("no log"));
}

TEST(QuorumLog, RefusesADamagedCheckpoint) {
  World world;
  Opened log(world);
  for (std::uint64_t i = 2; i < 10; ++i) ASSERT_TRUE(log.write({entry(i, "record")}, i - 1));
  ASSERT_TRUE(world.run(log.log.write_checkpoint({9, 1, founding().membership}, SharedBytes::copy_of("image"))));
  for (auto files = log.disk.copy(); const auto& [path, content] : files) {
    if (!path.ends_with(".checkpoint")) continue;
    for (std::size_t at = 0; at < content->size(); at += 3) {
      auto changed = log.disk.copy();
      (*changed[path])[at] ^= std::byte{4};
      Opened damaged(world, std::move(changed));
      ASSERT_FALSE(damaged.recovered);
      EXPECT_THAT(damaged.recovered.error().message, HasSubstr("is damaged"));
    }
  }
}

}  // namespace
}  // namespace thalweg::raft

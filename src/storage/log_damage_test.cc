// What a log does with files that are not as it left them: torn by a power loss, rotten, or not files at all.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/log.h"
#include "storage/testing_log.h"

namespace thalweg::storage {
namespace {

// A bit that rots in records that were acknowledged since the last checkpoint, with sound ones behind it.
class LogDamageTest : public LogTest {
 protected:
  void SetUp() override { log::set_level(log::Level::kInfo); }  // what is said is what is tested
  // Flips a bit in the batch `number`, of those that append() wrote, and opens.
  LogPtr reopen_with_damage_in(std::size_t number, std::uint64_t at = 70) {
    const std::string path = segment_file(t.directory + "/orders-0", Offset{0}, kLogSuffix);
    before = *t.disk.read_file(path);
    rot(t.disk, path, positions[number] + at);
    testing::internal::CaptureStderr();
    auto log = reopen_after_crash();
    said = testing::internal::GetCapturedStderr();
    return log;
  }
  void write(int batches) {
    const auto log = open();
    for (int i = 0; i < batches; ++i) {
      positions.push_back(log->size_bytes());
      append(*log, {.records = 2});
    }
  }
  std::vector<std::uint64_t> positions;
  SharedBytes before;
  std::string said;
};

TEST_F(LogDamageTest, CutsATornEndAtEveryByte) {
  std::vector<std::uint64_t> ends;
  {
    const auto log = open();
    for (int i = 0; i < 3; ++i) {
      append(*log, {.records = 2, .value_size = 5});
      ends.push_back(log->size_bytes());
    }
  }
  const std::string path = segment_file(t.directory + "/orders-0", Offset{0}, kLogSuffix);
  const auto whole = t.disk.read_file(path);
  for (std::uint64_t size = 0; size < whole->size(); ++size) {
    std::filesystem::remove_all(t.directory + "/orders-0");
    std::filesystem::create_directories(t.directory + "/orders-0");
    auto file = t.disk.open(path, OpenMode::kTruncate);
    ASSERT_TRUE((*file)->write(0, whole->view().first(size)));
    file->reset();
    const auto log = reopen_after_crash();
    const auto batches = std::count_if(ends.begin(), ends.end(), [&](auto e) { return e <= size; });
    ASSERT_EQ(log->end_offset(), Offset{batches * 2}) << size;
    ASSERT_EQ(append(*log).first, Offset{batches * 2});
  }
}

TEST_F(LogDamageTest, CutsAtAFlippedByteAboveTheRecoveryPointAndRefusesBelowIt) {
  std::uint64_t second = 0;
  {
    const auto log = open();
    append(*log, {.records = 2});
    second = log->size_bytes();
    append(*log, {.records = 2});
    append(*log, {.records = 2});
  }
  const std::string path = segment_file(t.directory + "/orders-0", Offset{0}, kLogSuffix);
  rot(t.disk, path, second + 70);
  // Below the recovery point CRCs are not computed again, but broken framing is seen.
  EXPECT_EQ(reopen_after_crash(Offset{2})->end_offset(), Offset{2});
  rot(t.disk, path, 8);  // of the first batch's length
  auto o = options();
  o.files = std::make_shared<FileCache>(t.disk, 64);
  o.recovery_point = Offset{4};
  const auto refused = t.run(Log::open(t.shard, o));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kKafkaStorageError);
  EXPECT_NE(refused.error().message.find("below the recovery point 4"), std::string::npos) << refused.error().message;
}

TEST_F(LogDamageTest, WhatIsCutBeforeSoundBatchesIsKeptBesideTheLogAndSaid) {
  write(5);
  const auto log = reopen_with_damage_in(2);
  EXPECT_EQ(log->end_offset(), Offset{4});
  EXPECT_EQ(bases(read(*log, 0)), (std::vector<std::int64_t>{0, 2}));
  ASSERT_EQ(log->recovered().kept.size(), 1u);
  EXPECT_EQ(log->recovered().damaged_bytes, before.size() - positions[2]);
  const std::string kept = log->directory() + "/00000000000000000000.log." + std::to_string(positions[2]) + ".damaged";
  EXPECT_EQ(log->recovered().kept.front(), kept);
  auto cut = *t.disk.read_file(kept);
  ASSERT_EQ(cut.size(), before.size() - positions[2]);
  EXPECT_EQ(SharedBytes::copy_of(cut.view().subspan(positions[3] - positions[2])),
            SharedBytes::copy_of(before.view().subspan(positions[3])))
      << "the sound ones, byte for byte";
  EXPECT_NE(said.find("ERROR log is damaged"), std::string::npos) << said;
  EXPECT_NE(said.find("position=" + std::to_string(positions[2])), std::string::npos) << said;
  EXPECT_NE(said.find("sound_batches_behind=2"), std::string::npos) << said;
  EXPECT_NE(said.find(kept), std::string::npos) << said;
  // The log goes on, and what was kept stays.
  EXPECT_EQ(append(*log).first, Offset{4});
  ASSERT_TRUE(t.run(log->flush()));
  const auto again = reopen_after_crash();
  EXPECT_EQ(again->end_offset(), Offset{5});
  EXPECT_TRUE(t.disk.exists(kept));
}

TEST_F(LogDamageTest, SoundBatchesAreFoundBehindALengthThatRotted) {
  write(5);
  const auto log = reopen_with_damage_in(2, 9);  // inside the batch's length
  EXPECT_EQ(log->end_offset(), Offset{4});
  EXPECT_EQ(log->recovered().kept.size(), 1u);
  EXPECT_NE(said.find("sound_batches_behind=2"), std::string::npos) << said;
}

// The CRC of a batch covers neither its offset nor its leader epoch. A log that took such a batch for sound would end
// far beyond what was ever written, or follow epochs that nobody led in.
TEST_F(LogDamageTest, ABitThatRottedInAnOffsetIsSeen) {
  write(5);
  EXPECT_EQ(reopen_with_damage_in(2, 5)->end_offset(), Offset{4});
  EXPECT_NE(said.find("offset 65540 follows 3"), std::string::npos) << said;
  EXPECT_NE(said.find("sound_batches_behind="), std::string::npos) << said;
}
TEST_F(LogDamageTest, ABitThatRottedInALeaderEpochIsSeen) {
  write(5);
  EXPECT_EQ(reopen_with_damage_in(2, 12)->end_offset(), Offset{4}) << "no leader answers to who is of its epoch";
  EXPECT_NE(said.find("follows 16777"), std::string::npos) << said;
  EXPECT_NE(said.find("sound_batches_behind=3"), std::string::npos) << said;
}
TEST_F(LogDamageTest, ABitThatRottedInTheLeaderEpochOfTheFirstBatchIsSeen) {
  write(5);
  EXPECT_EQ(reopen_with_damage_in(0, 12)->end_offset(), Offset{0});
}

TEST_F(LogDamageTest, ATornEndIsCutWithAWarningAndNothingIsKept) {
  write(5);
  const auto log = reopen_with_damage_in(4);
  EXPECT_EQ(log->end_offset(), Offset{8});
  EXPECT_TRUE(log->recovered().kept.empty());
  EXPECT_EQ(log->recovered().torn_bytes, before.size() - positions[4]);
  EXPECT_NE(said.find("WARN  torn end of log cut"), std::string::npos) << said;
  EXPECT_EQ(said.find("ERROR"), std::string::npos) << said;
}

TEST_F(LogDamageTest, SegmentsBehindTheDamageAreKeptWhole) {
  config.segment_bytes = 400;
  write(12);
  const auto files = *t.disk.list(t.directory + "/orders-0");
  const auto segments = std::ranges::count_if(files, [](const auto& f) { return f.name.ends_with(kLogSuffix); });
  ASSERT_GT(segments, 2);
  const auto log = reopen_with_damage_in(1);
  EXPECT_EQ(log->end_offset(), Offset{2});
  EXPECT_EQ(log->segment_count(), 1u);
  EXPECT_EQ(static_cast<std::ptrdiff_t>(log->recovered().kept.size()), segments);
  for (const auto& path : log->recovered().kept) EXPECT_TRUE(t.disk.exists(path)) << path;
}

// Found by the simulation: a power loss before the first sync kept a record and not all of the file beside it.
TEST_F(LogDamageTest, APartitionMetadataFileThatIsTornIsWrittenAgainAndADamagedOneRefused) {
  append(*open());
  const std::string path = options().directory + "/partition.metadata";
  const std::string whole = std::string(t.disk.read_file(path)->text());
  const auto opens_with = [&](const std::string& text) {
    EXPECT_TRUE((*t.disk.open(path, OpenMode::kTruncate))->write(0, std::as_bytes(std::span(text))));
    return t.run(Log::open(t.shard, options())).has_value();
  };
  for (const std::string& torn : {std::string(), whole.substr(0, 9), std::string(9, '\0') + whole.substr(9)}) {
    EXPECT_TRUE(opens_with(torn));
    EXPECT_EQ(t.disk.read_file(path)->text(), whole);
  }
  EXPECT_FALSE(opens_with("version: 7\n" + whole.substr(11)));
  EXPECT_FALSE(opens_with(whole.substr(0, 12) + "x"));
}

// A name that only we give, and yet: a copy that went wrong, a mount. Nothing of it is lost, and the partition serves.
TEST_F(LogDamageTest, WhatIsNoProducerSnapshotIsSetAsideAndSaid) {
  config.segment_bytes = 500;
  {
    auto log = open();
    append(*log, {.records = 2});
    log = reopen_after_close(log);
  }
  const std::string snapshot = segment_file(t.directory + "/orders-0", Offset{2}, kSnapshotSuffix);
  const std::string later = segment_file(t.directory + "/orders-0", Offset{9}, kSnapshotSuffix);
  ASSERT_TRUE(t.disk.remove(snapshot));
  for (const auto& path : {snapshot, later}) std::filesystem::create_directories(path + "/inside");
  testing::internal::CaptureStderr();
  const auto log = reopen_after_crash();
  const std::string said = testing::internal::GetCapturedStderr();
  ASSERT_TRUE(log);
  EXPECT_EQ(log->end_offset(), Offset{2});
  for (const auto& path : {snapshot, later}) {
    EXPECT_TRUE(std::filesystem::exists(path + ".aside/inside")) << path;
    EXPECT_NE(said.find("WARN  no producer snapshot, set aside path=" + path), said.npos) << said;
  }
  // Snapshots are written under these names again.
  while (log->end_offset() < Offset{12}) append(*log, {.records = 1, .value_size = 200});
}

}  // namespace
}  // namespace thalweg::storage

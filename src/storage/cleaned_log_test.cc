// A log that was compacted: how it is read, opened again and followed, and what may come between a pass and its end.
#include "storage/cleaner.h"
#include "storage/testing_cleaner.h"

namespace thalweg::storage {
namespace {

using namespace std::chrono_literals;

// ---- Reading what is left

TEST_F(CleanerTest, TimesAndEpochsAreFoundAcrossGaps) {
  const auto log = open();
  const Timestamp first = t.clock.wall();
  write(*log, "a", "1");
  t.clock.advance(1s);
  write(*log, "b", "1");
  t.clock.advance(1s);
  write(*log, "a", "2");
  const Timestamp last = t.clock.wall();
  seal(*log);
  compact(log);
  EXPECT_EQ(t.run(log->offset_for_timestamp(first))->offset, Offset{1});
  EXPECT_EQ(t.run(log->offset_for_timestamp(last))->offset, Offset{2});
  EXPECT_EQ(t.run(log->offset_of_max_timestamp(Offset{3}))->offset, Offset{2});
  EXPECT_EQ(log->epoch_of(Offset{0}), LeaderEpoch{1});
  EXPECT_EQ(bases(read(*log, 0)).front(), 1);
}

// What a batch without records says of its time is nobody's any more.
TEST_F(CleanerTest, TheTimeOfABatchWithoutRecordsIsNotFound) {
  const auto log = open();
  write(*log, "a", "1");
  t.clock.advance(10s);
  write(*log, {{"b", "1"}},
        {.producer_id = {7}, .producer_epoch = {0}, .base_sequence = 0});  // the largest time, and it goes
  const auto b = keyed_batch({{"b", "2"}}, t.clock.wall() - 5000);
  ASSERT_TRUE(log->append_as_leader(b, {.leader_epoch = {1}}));
  const Offset end = log->end_offset();
  seal(*log);
  compact(log);
  ASSERT_EQ(text(*log), "0:a=1 2:b=2");
  EXPECT_EQ(t.run(log->offset_of_max_timestamp(end))->offset, Offset{2});
}

TEST_F(CleanerTest, WhoReadsWhileSegmentsAreReplacedKeepsWhatItGot) {
  const auto log = open();
  write(*log, "a", "1");
  write(*log, "a", "2");
  seal(*log);
  const auto before = read(*log, 0);
  compact(log);
  EXPECT_EQ(bases(before), (std::vector<std::int64_t>{0, 1}));
  t.clock.advance(config.file_delete_delay_ms + 1ms);
  t.context.restart();
  t.context.poll();
  EXPECT_TRUE(files_ending(".deleted").empty());
  EXPECT_EQ(bases(before), (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(bases(read(*log, 0)).front(), 1);
}

TEST_F(CleanerTest, ALogIsTheSameAfterAStopAndACrash) {
  auto log = open();
  write(*log, {{"a", "1"}, {"b", "1"}, {"a", "2"}});
  seal(*log);
  compact(log);
  const std::string before = text(*log);
  log = reopen_after_crash(log->recovery_point());
  EXPECT_EQ(text(*log), before);
  log->set_high_watermark(log->end_offset());
  log = reopen_after_close(log);
  EXPECT_EQ(text(*log), before);
}

// Gaps are not damage, also when cleanup.policy says by then that there cannot be any.
TEST_F(CleanerTest, GapsAreNotDamageWhenTheTopicIsNotCompactedAnyMore) {
  auto log = open();
  for (int i = 0; i < 3; ++i) {
    write(*log, {{"a", "1"}});
    write(*log, {{"b", "1"}});
    seal(*log);
  }
  compact(log);
  const std::string before = text(*log);
  config.cleanup_compact = false;
  config.cleanup_delete = true;
  log = reopen_after_crash(Offset{0});
  EXPECT_EQ(text(*log), before);
  EXPECT_EQ(log->recovered().damaged_bytes + log->recovered().torn_bytes, 0u);
}

TEST_F(CleanerTest, AFollowerTakesGapsOverAndFindsThemAgain) {
  auto log = open();
  write(*log, {{"a", "1"}});
  write(*log, {{"b", "1"}});
  write(*log, {{"a", "2"}});
  seal(*log);
  compact(log);
  const auto data = t.run(gather(read(*log, 0).records));
  const std::string before = text(*log);
  log->retire();
  std::filesystem::remove_all(t.directory + "/orders-0");
  files = std::make_shared<FileCache>(t.disk, 64);
  config.cleanup_compact = false;
  config.cleanup_delete = true;
  log = open();
  ASSERT_TRUE(log->append_as_follower(*data));
  EXPECT_EQ(text(*log), before);
  log = reopen_after_crash(Offset{0});
  EXPECT_EQ(text(*log), before);
  EXPECT_EQ(log->recovered().damaged_bytes + log->recovered().torn_bytes, 0u);
}

// ---- What comes in between

TEST_F(CleanerTest, ADamagedBatchIsNotWrittenAnew) {
  const auto log = open();
  write(*log, "a", std::string(100, 'v'));
  write(*log, "a", "2");
  seal(*log);
  rot(t.disk, log->sealed_segments()[0].segment->path(), 100);
  const auto reached = clean(log);
  ASSERT_FALSE(reached);
  EXPECT_EQ(reached.error().code, ErrorCode::kCorruptMessage);
  EXPECT_FALSE(interrupted);
  EXPECT_FALSE(log->is_offline());
  EXPECT_EQ(bases(read(*log, 0)).front(), 0);
}

TEST_F(CleanerTest, ACutEndsThePass) {
  const auto log = open();
  write(*log, "a", "1");
  write(*log, "a", "2");
  seal(*log);
  const LogToClean found = dirty(log);
  Cleaner cleaner(t.shard, log, {});
  ASSERT_TRUE(t.run(log->truncate_to(Offset{1})));
  (void)t.run(cleaner.clean(found.first_dirty, found.end));
  EXPECT_TRUE(cleaner.was_interrupted());
  EXPECT_EQ(text(*log), "0:a=1");
}

TEST_F(CleanerTest, SegmentsThatRetentionTakesEndThePass) {
  config.retention_ms = 1h;
  config.cleanup_delete = true;
  const auto log = open();
  write(*log, "a", "1");
  seal(*log);
  write(*log, "a", "2");
  seal(*log);
  const LogToClean found = dirty(log);
  Cleaner cleaner(t.shard, log, {});
  t.clock.advance(2h);
  ASSERT_TRUE(log->apply_retention());
  (void)t.run(cleaner.clean(found.first_dirty, found.end));
  EXPECT_TRUE(cleaner.was_interrupted());
  EXPECT_EQ(text(*log), "");
}

TEST_F(CleanerTest, CompactAndDeleteDoBoth) {
  config.cleanup_delete = true;
  config.retention_ms = 1h;
  const auto log = open();
  write(*log, {{"a", "1"}, {"a", "2"}});
  seal(*log);
  compact(log);
  EXPECT_EQ(text(*log), "1:a=2");
  t.clock.advance(2h);
  ASSERT_TRUE(log->apply_retention());
  EXPECT_EQ(text(*log), "");
}

TEST_F(CleanerTest, DeletedRecordsStayDeleted) {
  const auto log = open();
  write(*log, "a", "1");
  write(*log, "b", "1");
  write(*log, "c", "1");
  seal(*log);
  ASSERT_TRUE(log->delete_records_before(Offset{2}));
  compact(log);
  EXPECT_EQ(log->start_offset(), Offset{2});
  EXPECT_EQ(text(*log), "2:c=1");
}

TEST_F(CleanerTest, TheRateIsKept) {
  const auto log = open();
  write(*log, "a", std::string(1000, 'v'));
  seal(*log);
  const LogToClean found = dirty(log);
  Cleaner cleaner(t.shard, log, {.bytes_per_second = 100});
  bool done = false;
  boost::asio::co_spawn(t.context, cleaner.clean(found.first_dirty, found.end),
                        [&](std::exception_ptr, Result<Offset> reached) { done = reached.has_value(); });
  const Instant begun = t.clock.now();
  while (!done) {
    t.context.restart();
    if (t.context.run_one_for(200us) == 0) t.clock.advance(100ms);  // it waits for the disk, or for its rate
  }
  EXPECT_GE(t.clock.now() - begun, 20s);  // a thousand bytes are read twice
}

}  // namespace
}  // namespace thalweg::storage

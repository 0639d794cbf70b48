// What compaction leaves of a log, and what it does not touch.
#include "storage/cleaner.h"

#include "storage/testing_cleaner.h"

namespace thalweg::storage {
namespace {

using namespace std::chrono_literals;

record::BatchOptions by(std::int64_t producer, std::int32_t sequence, bool transactional = false) {
  return {.producer_id = {producer}, .producer_epoch = {0}, .base_sequence = sequence, .transactional = transactional};
}

// ---- Which records stay

TEST_F(CleanerTest, OfEachKeyTheNewestRecordStaysWithItsOffset) {
  const auto log = open();
  write(*log, {{"a", "1"}, {"b", "1"}, {"a", "2"}});
  write(*log, {{"c", "1"}, {"b", "2"}});
  write(*log, "a", "3");
  seal(*log);
  compact(log);
  EXPECT_EQ(text(*log), "3:c=1 4:b=2 5:a=3");
  EXPECT_EQ(cleaned, Offset{6});
  // A batch keeps its ends whatever went from it.
  const auto all = batches(*log);
  EXPECT_EQ(all[0].base_offset(), Offset{3});
  EXPECT_EQ(all[0].last_offset(), Offset{4});
}

TEST_F(CleanerTest, LaterPassesCompactWhatEarlierOnesLeft) {
  const auto log = open();
  write(*log, {{"a", "1"}, {"b", "1"}});
  seal(*log);
  compact(log);
  write(*log, {{"a", "2"}, {"c", "1"}});
  seal(*log);
  EXPECT_EQ(dirty(log).first_dirty, Offset{2});
  compact(log);
  EXPECT_EQ(text(*log), "1:b=1 3:a=2 4:c=1");
}

TEST_F(CleanerTest, RecordsWithoutKeyGo) {
  config.cleanup_compact = false;  // they came before the topic was compacted
  const auto log = open();
  write(*log, {{std::nullopt, "1"}, {"a", "1"}});
  seal(*log);
  config.cleanup_compact = true;
  log->set_config(config);
  compact(log);
  EXPECT_EQ(text(*log), "1:a=1");
}

TEST_F(CleanerTest, NothingOfTheActiveSegmentIsTouched) {
  const auto log = open();
  write(*log, "a", "1");
  write(*log, "a", "2");
  log->set_high_watermark(log->end_offset());
  EXPECT_EQ(dirty(log).cleanable_bytes, 0u);
}

TEST_F(CleanerTest, NothingAboveTheHighWatermarkIsTouchedNorCounts) {
  const auto log = open();
  write(*log, "a", "1");
  seal(*log);
  const Offset committed = log->end_offset();
  config.segment_ms = 1ms;
  log->set_config(config);
  t.clock.advance(10ms);
  write(*log, "a", "2");
  t.clock.advance(10ms);
  write(*log, "a", "3");
  ASSERT_TRUE(t.run(log->checkpoint()));
  ASSERT_EQ(log->high_watermark(), committed);
  compact(log);
  EXPECT_EQ(text(*log), "0:a=1 2:a=2 3:a=3");
}

TEST_F(CleanerTest, NothingFromTheFirstOpenTransactionOnIsTouched) {
  const auto log = open();
  write(*log, "a", "1");
  seal(*log);
  write(*log, {{"a", "2"}}, by(7, 0, true));
  seal(*log);
  write(*log, "a", "3");
  seal(*log);
  EXPECT_LE(dirty(log).end, log->last_stable_offset());
  compact(log);
  EXPECT_EQ(text(*log), "0:a=1 2:a=2 4:a=3");
  mark(*log, true, 7);
  seal(*log);
  compact(log);
  EXPECT_EQ(text(*log), "4:a=3");
}

TEST_F(CleanerTest, WhatIsYoungerThanMinCompactionLagIsNotTouched) {
  config.min_compaction_lag_ms = 1h;
  const auto log = open();
  write(*log, "a", "1");
  seal(*log);
  write(*log, "a", "2");
  seal(*log);
  EXPECT_EQ(dirty(log).cleanable_bytes, 0u);
  t.clock.advance(2h);
  compact(log);
  EXPECT_EQ(text(*log), "2:a=2");
}

TEST_F(CleanerTest, MaxCompactionLagMakesALogDueThatIsNotDirtyEnough) {
  config.min_cleanable_dirty_ratio = 0.9;
  config.max_compaction_lag_ms = 1h;
  const auto log = open();
  const std::string large(1000, 'x');
  write(*log, "a", large);
  seal(*log);
  compact(log);
  write(*log, "b", "1");
  seal(*log);
  EXPECT_FALSE(dirty(log).is_due);
  t.clock.advance(2h);
  EXPECT_TRUE(dirty(log).is_due);
  EXPECT_GT(dirty(log).delay, 59min);
  compact(log);
  EXPECT_FALSE(dirty(log).is_due);
}

// A segment that takes no more appends in time can be compacted in time.
TEST_F(CleanerTest, MaxCompactionLagRollsTheActiveSegment) {
  config.max_compaction_lag_ms = 1h;
  const auto log = open();
  write(*log, "a", "1");
  t.clock.advance(61min);
  write(*log, "a", "2");
  EXPECT_EQ(log->segment_count(), 2u);
}

TEST_F(CleanerTest, ALogIsDueWhenMoreThanItsShareIsDirty) {
  config.min_cleanable_dirty_ratio = 0.5;
  const auto log = open();
  const std::string large(1000, 'x');
  write(*log, "a", large);
  seal(*log);
  EXPECT_TRUE(dirty(log).is_due);
  compact(log);
  write(*log, "b", std::string(300, 'y'));
  seal(*log);
  EXPECT_FALSE(dirty(log).is_due);
  EXPECT_NEAR(dirty(log).ratio(), 0.3, 0.1);
  write(*log, "b", large);
  seal(*log);
  EXPECT_TRUE(dirty(log).is_due);
}

// ---- Tombstones

TEST_F(CleanerTest, ATombstoneStaysForDeleteRetentionFromItsFirstPassOn) {
  config.delete_retention_ms = 1h;
  const auto log = open();
  write(*log, {{"a", "1"}, {"b", "1"}});
  write(*log, "a", std::nullopt);
  const Timestamp written = t.clock.wall();
  t.clock.advance(24h);  // its own age does not count
  seal(*log);
  compact(log);
  EXPECT_EQ(text(*log), "1:b=1 2:a-");
  const auto tombstone = records(*log)[1];
  EXPECT_EQ(tombstone.timestamp, written);
  const auto all = batches(*log);
  ASSERT_TRUE(all[1].has_delete_horizon());
  EXPECT_EQ(all[1].base_timestamp(), t.clock.wall() + Millis(1h).count());

  t.clock.advance(59min);
  write(*log, "c", "1");
  seal(*log);
  compact(log);
  EXPECT_EQ(text(*log), "1:b=1 2:a- 4:c=1");
  t.clock.advance(2min);
  write(*log, "c", "2");
  seal(*log);
  compact(log);
  EXPECT_EQ(text(*log), "1:b=1 6:c=2");
}

TEST_F(CleanerTest, ANewerTombstoneTakesTheOlderOneAway) {
  const auto log = open();
  write(*log, "a", std::nullopt);
  write(*log, "a", std::nullopt);
  seal(*log);
  compact(log);
  EXPECT_EQ(text(*log), "1:a-");
}

TEST_F(CleanerTest, ARetentionWithoutEndKeepsTombstones) {
  config.delete_retention_ms = LogConfig::kForever;
  const auto log = open();
  write(*log, "a", std::nullopt);
  seal(*log);
  compact(log);
  t.clock.advance(24h);
  write(*log, "b", "1");
  seal(*log);
  compact(log);
  EXPECT_EQ(text(*log), "0:a- 2:b=1");
}

// ---- Transactions

TEST_F(CleanerTest, AbortedRecordsGoAndDoNotTakeOlderOnesAlong) {
  const auto log = open();
  write(*log, "a", "1");
  write(*log, {{"a", "2"}}, by(7, 0, true));
  mark(*log, false, 7);
  write(*log, {{"b", "1"}}, by(8, 0, true));
  mark(*log, true, 8);
  seal(*log);
  compact(log);
  EXPECT_EQ(text(*log), "0:a=1 3:b=1");
}

int markers(const std::vector<record::BatchView>& all) {
  return static_cast<int>(std::ranges::count_if(all, [](const auto& batch) { return batch.is_control(); }));
}

TEST_F(CleanerTest, AMarkerStaysUntilItsRecordsAreGoneAndDeleteRetentionIsOver) {
  config.delete_retention_ms = 1h;
  const auto log = open();
  write(*log, {{"a", "1"}}, by(7, 0, true));
  mark(*log, true, 7);
  log->expire_producers(Millis(0));  // nobody asks for the sequence of this one any more
  seal(*log);
  compact(log);
  EXPECT_EQ(markers(batches(*log)), 1);
  EXPECT_FALSE(batches(*log)[1].has_delete_horizon());
  write(*log, "a", "2");
  seal(*log);
  compact(log);  // the record goes, with the pass that has still seen it
  EXPECT_EQ(text(*log), "3:a=2");
  write(*log, "a", "3");
  seal(*log);
  compact(log);  // nothing of it is left, so the time begins
  EXPECT_EQ(markers(batches(*log)), 1);
  EXPECT_TRUE(batches(*log)[0].has_delete_horizon());
  t.clock.advance(2h);
  write(*log, "a", "4");
  seal(*log);
  compact(log);
  EXPECT_EQ(markers(batches(*log)), 0);
}

TEST_F(CleanerTest, TheTransactionIndexIsWrittenAnew) {
  const auto log = open();
  write(*log, {{"a", "1"}}, by(7, 0, true));
  mark(*log, false, 7);
  seal(*log);
  write(*log, {{"b", "1"}}, by(8, 0, true));
  mark(*log, false, 8);
  log->expire_producers(Millis(0));
  seal(*log);
  compact(log);
  EXPECT_EQ(text(*log), "");
  const auto aborted = t.run(log->aborted_between(Offset{0}, log->end_offset()));
  EXPECT_EQ(aborted->size(), 2u);  // both were seen in this pass
  write(*log, "c", "1");
  seal(*log);
  compact(log);
  EXPECT_TRUE(t.run(log->aborted_between(Offset{0}, log->end_offset()))->empty());
}

// ---- Producers

TEST_F(CleanerTest, TheLastBatchOfAProducerStaysWithoutRecords) {
  auto log = open();
  write(*log, {{"a", "1"}}, by(7, 0));
  write(*log, {{"a", "2"}, {"a", "3"}}, by(7, 1));
  write(*log, "a", "4");
  write(*log, "b", "1");
  seal(*log);
  compact(log);
  EXPECT_EQ(text(*log), "3:a=4 4:b=1");
  const auto all = batches(*log);
  EXPECT_EQ(all[0].base_offset(), Offset{1});
  EXPECT_EQ(all[0].record_count(), 0);
  EXPECT_EQ(all[0].last_sequence(), 2);

  // Without a snapshot the log alone tells.
  for (const auto& name : files_ending(".snapshot")) ASSERT_TRUE(t.disk.remove(t.directory + "/orders-0/" + name));
  log = reopen_after_crash(log->recovery_point());
  const auto again =
      log->append_as_leader(keyed_batch({{"a", "2"}, {"a", "3"}}, t.clock.wall(), by(7, 1)), {.leader_epoch = {1}});
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->first, Offset{1});
  EXPECT_FALSE(log->append_as_leader(keyed_batch({{"a", "9"}}, t.clock.wall(), by(7, 9)), {.leader_epoch = {1}}));
  write(*log, {{"a", "5"}}, by(7, 3));
}

TEST_F(CleanerTest, TheBatchOfAProducerThatIsForgottenGoes) {
  const auto log = open();
  write(*log, {{"a", "1"}}, by(7, 0));
  write(*log, "a", "2");
  log->expire_producers(Millis(0));
  seal(*log);
  compact(log);
  EXPECT_EQ(batches(*log)[0].base_offset(), Offset{1});
}

TEST_F(CleanerTest, TheEndOfWhatWasCleanedIsKept) {
  config.cleanup_compact = false;
  const auto log = open();
  write(*log, "a", "1");
  write(*log, {{std::nullopt, "goes"}});
  seal(*log);
  config.cleanup_compact = true;
  log->set_config(config);
  compact(log);
  ASSERT_EQ(text(*log), "0:a=1");
  const auto all = batches(*log);
  EXPECT_EQ(all[1].base_offset(), Offset{1});
  EXPECT_EQ(all[1].record_count(), 0);
}

// ---- Codecs, sizes

TEST_F(CleanerTest, BatchesOfEachCodecAreSifted) {
  for (const auto codec : {record::Codec::kGzip, record::Codec::kSnappy, record::Codec::kLz4, record::Codec::kZstd}) {
    SCOPED_TRACE(record::name(codec));
    cleaned.reset();
    std::filesystem::remove_all(t.directory + "/orders-0");
    files = std::make_shared<FileCache>(t.disk, 64);
    const auto log = open();
    const std::string large(200'000, 'v');
    write(*log, {{"a", large}, {"b", large}, {"a", "2"}, {"c", std::nullopt}}, {.codec = codec});
    write(*log, {{"b", "2"}, {"d", large}}, {.codec = codec});
    seal(*log);
    compact(log);
    EXPECT_EQ(text(*log), "2:a=2 3:c- 4:b=2 5:d=" + large);
    EXPECT_EQ(batches(*log)[0].codec(), codec);
    EXPECT_TRUE(batches(*log)[0].has_delete_horizon());
  }
}

TEST_F(CleanerTest, ABatchThatUnpacksToTooMuchStaysAsItIs) {
  config.max_message_bytes = 16 << 20;
  const auto log = open();
  write(*log, "a", "0");
  const std::string half(PlainRecords::kUnpackedMax / 2 + 1, 'v');
  write(*log, {{"a", half}, {"a", half}}, {.codec = record::Codec::kZstd});
  write(*log, "b", "1");
  seal(*log);
  compact(log);
  EXPECT_EQ(records(*log).size(), 5u);
  EXPECT_EQ(cleaned, Offset{4});
}

TEST_F(CleanerTest, SmallSegmentsBecomeOne) {
  const auto log = open();
  for (int i = 0; i < 5; ++i) {
    write(*log, "a", "1");
    seal(*log);
  }
  ASSERT_EQ(log->segment_count(), 6u);
  compact(log);
  EXPECT_EQ(log->segment_count(), 2u);
  EXPECT_EQ(text(*log), "8:a=1");
}

TEST_F(CleanerTest, SegmentsStayWithinTheirSize) {
  config.segment_bytes = 3000;
  const auto log = open();
  for (int i = 0; i < 20; ++i) write(*log, "k" + std::to_string(i), std::string(500, 'v'));
  seal(*log);
  const auto before = log->segment_count();
  compact(log);
  EXPECT_EQ(log->segment_count(), before);
  for (const auto& sealed : log->sealed_segments()) EXPECT_LE(sealed.segment->size(), 3000u);
  EXPECT_EQ(records(*log).size(), 21u);
}

TEST_F(CleanerTest, WhatIsCleanAlreadyIsNotReplaced) {
  const auto log = open();
  write(*log, "a", "1");
  seal(*log);
  compact(log);
  const auto before = log->sealed_segments()[0].segment;
  cleaned.reset();
  compact(log);
  EXPECT_EQ(log->sealed_segments()[0].segment, before);
  EXPECT_TRUE(files_ending(".cleaned").empty());
}

TEST_F(CleanerTest, KeysThatDoNotFitIntoTheMapAreCleanedInSeveralPasses) {
  const auto log = open();
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 100; ++i) write(*log, "k" + std::to_string(i), std::to_string(round));
  seal(*log);
  int passes = 0;
  for (; dirty(log).cleanable_bytes > 0 && passes < 100; ++passes)
    compact(log, {.map_bytes = 50 * OffsetMap::kBytesPerKey, .load_factor = 0.5});
  EXPECT_GE(passes, 4);
  EXPECT_LE(passes, 13);
  // Who was put into the map in one pass is found by the next ones as an older record only.
  for (const Seen& seen : records(*log))
    if (seen.key != "seal") EXPECT_GE(seen.offset, 200) << seen.key;
}

}  // namespace
}  // namespace thalweg::storage

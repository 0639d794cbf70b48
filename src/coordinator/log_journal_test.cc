// What a partition's journal writes, refuses and gives back. What every journal promises is in
// broker/journal_contract_test.cc.
#include "coordinator/log_journal.h"

#include <gtest/gtest.h>

#include "coordinator/partition_journal.h"
#include "record/builder.h"
#include "storage/testing.h"

namespace thalweg::coordinator {
namespace {

using Kind = replicated::AppendFailure::Kind;
using Text = std::vector<std::string>;

KeyValue record(std::string_view key, std::string_view value) {
  return {SharedBytes::copy_of(key), SharedBytes::copy_of(value)};
}
KeyValue tombstone(std::string_view key) { return {SharedBytes::copy_of(key), std::nullopt}; }

class LogJournalTest : public testing::Test {
 protected:
  LogJournalTest() {
    storage::LogOptions options;
    options.directory = t.directory + "/topic-0";
    options.partition = {"topic", PartitionId{0}};
    options.topic_id = Uuid{1, 2};
    options.config.max_message_bytes = 1000;
    auto log = t.run(storage::Log::open(t.shard, options));
    CHECK(log);
    partition_ = std::make_shared<replica::Partition>(t.shard, BrokerId{1}, *log);
    lead(BrokerId{1});
    journal_.emplace(partition_);
  }
  void lead(BrokerId leader) {
    metadata::Partition state;
    state.replicas = state.isr = {leader};
    state.leader = leader;
    state.leader_epoch = LeaderEpoch{++epoch_};
    partition_->update(state);
  }
  void write(SharedBytes batch) {
    const auto written =
        partition_->append_as_leader({.records = std::move(batch), .origin = storage::AppendOrigin::kCoordinator});
    ASSERT_TRUE(written) << written.error().error.message;
  }
  // One record of a transaction.
  void write(ProducerId producer, std::int32_t sequence, std::string_view key) {
    record::BatchOptions options{
        .producer_id = producer, .producer_epoch = ProducerEpoch{0}, .base_sequence = sequence, .transactional = true};
    record::BatchBuilder batch(options);
    batch.append({.timestamp = 1, .key = as_bytes(key), .value = as_bytes("v")});
    write(batch.build());
  }
  void end_transaction(ProducerId producer, bool commit) {
    write(record::end_transaction_marker(commit, producer, ProducerEpoch{0}, 0, t.clock.wall()));
  }
  static Task<Result<Text>> read(LogJournal* journal) {
    Text keys;
    CO_TRY_VOID(co_await journal->replay([&](const KeyValue& record) -> Result<> {
      if (record.key.text() == "bad") return fail(ErrorCode::kCorruptMessage, "cannot be read");
      keys.push_back((record.value ? "" : "-") + std::string(record.key.text()));
      return {};
    }));
    co_return keys;
  }
  Text replay() {
    auto keys = t.run(read(&*journal_));
    EXPECT_TRUE(keys);
    return keys.value_or(Text());
  }

  storage::TestShard t;
  std::int32_t epoch_ = 0;
  replica::PartitionPtr partition_;
  std::optional<LogJournal> journal_;
};

TEST_F(LogJournalTest, ARecordKeepsTheTimeThatItComesWith) {
  KeyValue dated = record("dated", "v");
  dated.timestamp = 1234;
  ASSERT_TRUE(journal_->append({dated, record("now", "v")}));
  std::vector<std::optional<Timestamp>> times;
  const auto replayed = t.run(journal_->replay([&](const KeyValue& record) -> Result<> {
    times.push_back(record.timestamp);
    return {};
  }));
  ASSERT_TRUE(replayed);
  EXPECT_EQ(times, (std::vector<std::optional<Timestamp>>{1234, t.clock.wall()}));
}

TEST_F(LogJournalTest, OneAppendIsOneBatchOrNothing) {
  ASSERT_TRUE(journal_->append({record("a", "1"), tombstone("b")}));
  EXPECT_EQ(replay(), (Text{"a", "-b"}));
  const Offset end = partition_->log().end_offset();
  const auto refused = journal_->append({record("c", "1"), record("d", std::string(2000, 'x'))});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kRefused);
  EXPECT_EQ(refused.error().error.code, ErrorCode::kMessageTooLarge);
  EXPECT_EQ(partition_->log().end_offset(), end);
}

TEST_F(LogJournalTest, TombstonesAreAsManyBatchesAsItTakes) {
  std::vector<KeyValue> gone;
  for (int i = 0; i < 100; ++i) gone.push_back(tombstone("a key that is not very short, number " + std::to_string(i)));
  const auto end = journal_->append(gone);
  ASSERT_TRUE(end);
  EXPECT_EQ(*end, Offset{100});
  EXPECT_EQ(replay().size(), 100u);
}

TEST_F(LogJournalTest, APartitionThatIsLedElsewhereIsLost) {
  lead(BrokerId{2});
  const auto lost = journal_->append({record("a", "1")});
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, Kind::kLost);
  EXPECT_EQ(lost.error().error.code, ErrorCode::kNotLeaderOrFollower);
}

TEST_F(LogJournalTest, WhatCannotBeReadDoesNotTakeTheOthersWithIt) {
  ASSERT_TRUE(journal_->append({record("a", "1"), record("bad", "1"), record("b", "1")}));
  EXPECT_EQ(replay(), (Text{"a", "b"}));
}

TEST_F(LogJournalTest, TransactionsCountWhenTheyAreCommitted) {
  constexpr ProducerId kCommits{7}, kAborts{8}, kOpen{9};
  write(kCommits, 0, "committed");
  write(kAborts, 0, "aborted");
  write(kOpen, 0, "open");
  ASSERT_TRUE(journal_->append({record("plain", "1")}));
  end_transaction(kAborts, false);
  end_transaction(kCommits, true);
  write(kCommits, 1, "open again");
  EXPECT_EQ(replay(), (Text{"plain", "committed"}));
}

}  // namespace
}  // namespace thalweg::coordinator

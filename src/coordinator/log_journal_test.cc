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

// Sees everything where it lies: "key", "key@7/0" in the transaction of producer 7, "commit@7/1" of a marker.
TEST_F(LogJournalTest, AMachineThatKnowsTransactionsIsToldAllOfThemInOrder) {
  const auto in = [](std::string_view key, ProducerId producer, std::int16_t epoch) {
    KeyValue entry = record(key, "v");
    entry.producer = {producer, ProducerEpoch{epoch}};
    return entry;
  };
  constexpr ProducerId kOne{7}, kOther{8};
  ASSERT_TRUE(journal_->append({in("a", kOne, 0), in("b", kOne, 0)}));
  ASSERT_TRUE(journal_->append({record("plain", "1")}));
  ASSERT_TRUE(journal_->append({in("c", kOther, 4)}));
  ASSERT_TRUE(journal_->append({in("d", kOne, 0)}));
  ASSERT_TRUE(journal_->end_transaction({.producer_id = kOne, .producer_epoch = ProducerEpoch{1}, .commit = true}));
  ASSERT_TRUE(journal_->end_transaction({kOther, ProducerEpoch{4}, 3, false}));
  ASSERT_TRUE(journal_->append({in("e", kOne, 1)}));
  Text seen;
  const auto replayed = t.run(journal_->replay_as_written([&](const LogEntry& entry) -> Result<> {
    if (const auto* end = std::get_if<machine::TransactionEnd>(&entry)) {
      seen.push_back(std::string(end->commit ? "commit@" : "abort@") + to_string(end->producer_id) + "/" +
                     to_string(end->producer_epoch) + " by " + std::to_string(end->coordinator_epoch));
      return {};
    }
    const auto& bytes = std::get<KeyValue>(entry);
    seen.emplace_back(bytes.key.text());
    if (bytes.producer) seen.back() += "@" + to_string(bytes.producer->id) + "/" + to_string(bytes.producer->epoch);
    return {};
  }));
  ASSERT_TRUE(replayed);
  EXPECT_EQ(seen, (Text{"a@7/0", "b@7/0", "plain", "c@8/4", "d@7/0", "commit@7/1 by 0", "abort@8/4 by 3", "e@7/1"}));
  // And one that does not what has taken effect.
  EXPECT_EQ(replay(), (Text{"plain", "a", "b", "d"}));
}

// As of KIP-98 the log keeps out who has been replaced; whoever writes through a coordinator has no sequence.
TEST_F(LogJournalTest, TheLogRefusesAZombiesTransactionAndChangesNothing) {
  constexpr ProducerId kProducer{7};
  KeyValue entry = record("a", "v");
  entry.producer = {kProducer, ProducerEpoch{2}};
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(journal_->append({entry}));
  ASSERT_TRUE(journal_->end_transaction({kProducer, ProducerEpoch{3}, 5, true}));
  const Offset end = partition_->log().end_offset();
  const auto expect_refused = [&](const replicated::AppendResult& result, ErrorCode why) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, Kind::kRefused);
    EXPECT_EQ(result.error().error.code, why);
    EXPECT_EQ(partition_->log().end_offset(), end);
  };
  expect_refused(journal_->append({entry}), ErrorCode::kInvalidProducerEpoch);
  expect_refused(journal_->end_transaction({kProducer, ProducerEpoch{2}, 5, true}), ErrorCode::kInvalidProducerEpoch);
  expect_refused(journal_->end_transaction({kProducer, ProducerEpoch{3}, 4, true}),
                 ErrorCode::kTransactionCoordinatorFenced);
  // What a marker is checked by goes with it: from transaction.version 2 on every end has an epoch of its own.
  expect_refused(journal_->end_transaction({kProducer, ProducerEpoch{3}, 5, true, 2}),
                 ErrorCode::kInvalidProducerEpoch);
}

// Readers of committed records stop before what is open, as in any other partition.
TEST_F(LogJournalTest, WhatIsOpenHoldsBackTheLastStableOffset) {
  ASSERT_TRUE(journal_->append({record("plain", "1")}));
  KeyValue entry = record("a", "v");
  entry.producer = {ProducerId{7}, ProducerEpoch{0}};
  ASSERT_TRUE(journal_->append({entry}));
  EXPECT_EQ(partition_->log().producers().first_unstable_offset(), Offset{1});
}

}  // namespace
}  // namespace thalweg::coordinator

// Transactions in a log: what readers of committed records may see through markers, restarts, truncations and
// deletions, and who may begin one (KIP-98, KIP-890).
#include <gtest/gtest.h>

#include "storage/testing_log.h"

namespace thalweg::storage {
namespace {

struct Write {
  ProducerId id{9};
  int epoch = 0;
  std::int32_t sequence = 0;
  int records = 1;
  std::optional<VerificationGuard> guard = {};
  bool transactional = true;
};

class LogTransactions : public LogTest {
 protected:
  AppendResult write(Log& log, const Write& what = {}) {
    BatchSpec spec{.records = what.records};
    spec.options.producer_id = what.id;
    spec.options.producer_epoch = {static_cast<std::int16_t>(what.epoch)};
    spec.options.base_sequence = what.sequence;
    spec.options.transactional = what.transactional;
    return log.append_as_leader(make_batch(spec), {.leader_epoch = {1}, .guard = what.guard});
  }
  static ErrorCode code(const AppendResult& result) { return result ? ErrorCode::kNone : result.error().error.code; }
  AppendResult end(Log& log, bool commit, ProducerId id = {9}, int epoch = 0, int version = 0) {
    return log.append_as_leader(
        record::end_transaction_marker(commit, id, {static_cast<std::int16_t>(epoch)}, 0, t.clock.wall()),
        {.leader_epoch = {1}, .origin = AppendOrigin::kCoordinator, .transaction_version = version});
  }
  static Offset stable_when_all_is_committed(Log& log) {
    log.set_high_watermark(log.end_offset());
    return log.last_stable_offset();
  }
  static Result<VerificationGuard> begin(Log& log, int epoch = 0, std::int32_t sequence = 0, bool adds = false) {
    return log.begin_verification(
        {.producer_id = {9}, .epoch = {static_cast<std::int16_t>(epoch)}, .base_sequence = sequence, .adds = adds});
  }
  std::vector<AbortedTransaction> aborted(Log& log, std::int64_t from) {
    return read(log, from, {.upper_bound = log.last_stable_offset(), .aborted_transactions = true}).aborted;
  }
};

// ---- What readers see

TEST_F(LogTransactions, OneThatHangsHoldsBackWhatOthersCommitUntilAMarkerComes) {
  const auto log = open();
  ASSERT_TRUE(write(*log));  // 0: nobody ends it
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(write(*log, {.id = {7}, .sequence = i}));
    ASSERT_TRUE(end(*log, true, {7}));
  }
  append(*log);
  EXPECT_EQ(stable_when_all_is_committed(*log), Offset{0});
  ASSERT_TRUE(end(*log, false));
  EXPECT_EQ(stable_when_all_is_committed(*log), log->end_offset());
  EXPECT_EQ(aborted(*log, 0), (std::vector<AbortedTransaction>{{{9}, {0}, {8}, {9}}}));
}

TEST_F(LogTransactions, AMarkerThatIsNotReplicatedEndsNothingForReaders) {
  const auto log = open();
  append(*log);                           // 0
  ASSERT_TRUE(write(*log));               // 1
  ASSERT_TRUE(write(*log, {.id = {7}}));  // 2
  ASSERT_TRUE(end(*log, true));           // 3
  ASSERT_TRUE(end(*log, true, {7}));      // 4
  const std::pair<int, int> stable_at[] = {{1, 1}, {2, 1}, {3, 1}, {4, 2}, {5, 5}};
  for (const auto& [high_watermark, stable] : stable_at) {
    log->set_high_watermark(Offset{high_watermark});
    EXPECT_EQ(log->last_stable_offset(), Offset{stable}) << "high watermark " << high_watermark;
  }
}

TEST_F(LogTransactions, AMarkerWithoutDataIsNoAbortedTransaction) {
  const auto log = open();
  append(*log);
  ASSERT_TRUE(end(*log, false));
  EXPECT_EQ(stable_when_all_is_committed(*log), Offset{2});
  EXPECT_TRUE(aborted(*log, 0).empty());
}

// ---- Restarts and truncations

TEST_F(LogTransactions, AnOpenOneIsOpenAfterACrashAndEndsThere) {
  auto log = open();
  append(*log);
  ASSERT_TRUE(write(*log, {.records = 2}));  // 1, 2
  append(*log);                              // 3
  log.reset();
  log = reopen_after_crash();
  EXPECT_EQ(stable_when_all_is_committed(*log), Offset{1});
  EXPECT_EQ(begin(*log).value(), kNoGuard) << "its coordinator knows of it, nobody has to be asked";
  EXPECT_TRUE(write(*log, {.sequence = 2, .guard = kNoGuard}));  // 4
  ASSERT_TRUE(end(*log, false));                                 // 5
  EXPECT_EQ(stable_when_all_is_committed(*log), Offset{6});
  EXPECT_EQ(aborted(*log, 0), (std::vector<AbortedTransaction>{{{9}, {1}, {5}, {6}}}));
}

TEST_F(LogTransactions, OneThatIsOpenInASnapshotIsOpenWhereItsBatchesAreNotReadAgain) {
  config.segment_bytes = 200;
  auto log = open();
  ASSERT_TRUE(write(*log));                       // 0
  while (log->segment_count() < 4) append(*log);  // each roll writes a snapshot
  log = reopen_after_close(log);
  EXPECT_EQ(stable_when_all_is_committed(*log), Offset{0});
  const Offset recovered_from = log->end_offset();
  append(*log);
  log.reset();
  log = reopen_after_crash(recovered_from);
  EXPECT_EQ(stable_when_all_is_committed(*log), Offset{0});
  ASSERT_TRUE(end(*log, true));
  EXPECT_EQ(stable_when_all_is_committed(*log), log->end_offset());
}

TEST_F(LogTransactions, CuttingTheMarkerOpensItAgainAndCuttingItsFirstBatchForgetsIt) {
  const auto log = open();
  append(*log);                               // 0
  ASSERT_TRUE(write(*log));                   // 1
  ASSERT_TRUE(write(*log, {.sequence = 1}));  // 2
  ASSERT_TRUE(end(*log, false));              // 3
  append(*log);                               // 4
  EXPECT_EQ(stable_when_all_is_committed(*log), Offset{5});
  ASSERT_TRUE(t.run(log->truncate_to(Offset{3})));
  EXPECT_EQ(stable_when_all_is_committed(*log), Offset{1});
  EXPECT_TRUE(read(*log, 0, {.aborted_transactions = true}).aborted.empty());
  ASSERT_TRUE(t.run(log->truncate_to(Offset{2})));
  EXPECT_EQ(stable_when_all_is_committed(*log), Offset{1});
  ASSERT_TRUE(t.run(log->truncate_to(Offset{1})));
  append(*log);
  EXPECT_EQ(stable_when_all_is_committed(*log), Offset{2}) << "nothing of it is left";
}

TEST_F(LogTransactions, AFollowerThatIsEmptiedKnowsOfNone) {
  const auto log = open();
  ASSERT_TRUE(write(*log));
  ASSERT_TRUE(t.run(log->truncate_fully_and_start_at(Offset{7})));
  append(*log);
  EXPECT_EQ(stable_when_all_is_committed(*log), Offset{8});
}

TEST_F(LogTransactions, WhatIsDeletedOfAnOpenOneHoldsNobodyUpAndItsEndIsStillToldOf) {
  auto log = open();
  ASSERT_TRUE(write(*log, {.records = 2}));                 // 0, 1
  ASSERT_TRUE(write(*log, {.sequence = 2, .records = 2}));  // 2, 3
  log->set_high_watermark(log->end_offset());
  ASSERT_TRUE(log->delete_records_before(Offset{2}));
  EXPECT_EQ(log->last_stable_offset(), Offset{2}) << "not below the start, and not beyond what is open";
  ASSERT_TRUE(write(*log, {.sequence = 4}));  // 4
  EXPECT_EQ(stable_when_all_is_committed(*log), Offset{2});
  ASSERT_TRUE(end(*log, false));  // 5
  EXPECT_EQ(stable_when_all_is_committed(*log), Offset{6});
  for (int pass = 0; pass < 2; ++pass) {
    const auto told = aborted(*log, 2);
    ASSERT_EQ(told.size(), 1u) << pass;
    EXPECT_EQ(told[0].producer_id, ProducerId{9});
    EXPECT_LE(told[0].first_offset, Offset{2}) << "so that readers leave out all of it";
    if (pass == 0) log = reopen_after_close(log);
  }
}

// ---- Who may begin one (KIP-890)

TEST_F(LogTransactions, OneBeginsOnlyWithTheGuardOfAQuestionThatIsUnderWay) {
  const auto log = open();
  EXPECT_EQ(code(write(*log, {.guard = kNoGuard})), ErrorCode::kInvalidTxnState);
  const auto guard = begin(*log);
  ASSERT_TRUE(guard);
  EXPECT_NE(*guard, kNoGuard);
  EXPECT_EQ(begin(*log).value(), *guard) << "who asks at the same time shares it";
  EXPECT_EQ(code(write(*log, {.guard = VerificationGuard{guard->value + 1}})), ErrorCode::kInvalidTxnState);
  EXPECT_EQ(code(write(*log, {.guard = *guard})), ErrorCode::kNone);
  EXPECT_EQ(begin(*log).value(), kNoGuard);
  EXPECT_EQ(code(write(*log, {.sequence = 1, .guard = kNoGuard})), ErrorCode::kNone) << "it is open now";
  EXPECT_EQ(code(write(*log, {.sequence = 1, .guard = kNoGuard})), ErrorCode::kNone) << "a retry is known";
  EXPECT_EQ(log->end_offset(), Offset{2});
}

// The race that a guard is for: the coordinator says yes, the transaction is aborted, and only then comes the batch.
TEST_F(LogTransactions, AMarkerBetweenTheAnswerAndTheAppendLeavesNoTransactionHanging) {
  const auto log = open();
  const auto late = begin(*log);
  ASSERT_TRUE(late);
  ASSERT_TRUE(end(*log, false));
  EXPECT_EQ(code(write(*log, {.guard = *late})), ErrorCode::kInvalidTxnState);
  EXPECT_EQ(stable_when_all_is_committed(*log), log->end_offset());
  // The next transaction is asked about again, and the late answer to the first question is no answer to that one.
  const auto next = begin(*log);
  ASSERT_TRUE(next);
  EXPECT_NE(*next, *late);
  EXPECT_EQ(code(write(*log, {.guard = *late})), ErrorCode::kInvalidTxnState);
  EXPECT_EQ(code(write(*log, {.guard = *next})), ErrorCode::kNone);
}

TEST_F(LogTransactions, AMarkerOfANewerEpochFencesTheQuestionAsWell) {
  const auto log = open();
  const auto guard = begin(*log, 3);
  ASSERT_TRUE(guard);
  ASSERT_TRUE(end(*log, false, {9}, 4, 2));
  EXPECT_EQ(code(write(*log, {.epoch = 3, .guard = *guard})), ErrorCode::kInvalidProducerEpoch);
  EXPECT_EQ(begin(*log, 3).error().code, ErrorCode::kInvalidProducerEpoch) << "nobody needs to be asked";
}

TEST_F(LogTransactions, AQuestionOfANewerEpochIsAnotherOne) {
  const auto log = open();
  const auto older = begin(*log, 3, 0), newer = begin(*log, 4, 0);
  ASSERT_TRUE(older && newer);
  EXPECT_NE(*older, *newer);
  EXPECT_EQ(code(write(*log, {.epoch = 3, .guard = *older})), ErrorCode::kInvalidTxnState);
  EXPECT_EQ(code(write(*log, {.epoch = 3, .guard = *newer})), ErrorCode::kInvalidTxnState);
  EXPECT_EQ(code(write(*log, {.epoch = 4, .guard = *newer})), ErrorCode::kNone);
}

TEST_F(LogTransactions, ATruncationAndAnotherLeadershipEndQuestions) {
  const auto log = open();
  append(*log);
  append(*log);
  const auto before = begin(*log);
  ASSERT_TRUE(before);
  ASSERT_TRUE(t.run(log->truncate_to(Offset{1})));
  EXPECT_EQ(code(write(*log, {.guard = *before})), ErrorCode::kInvalidTxnState);
  const auto after = begin(*log);
  ASSERT_TRUE(after);
  EXPECT_NE(*after, *before) << "never the same for two questions";
  log->forget_verifications();
  EXPECT_EQ(code(write(*log, {.guard = *after})), ErrorCode::kInvalidTxnState);
}

TEST_F(LogTransactions, AFollowersLogThatGetsTheMarkerEndsTheQuestionToo) {
  const auto log = open();
  const auto guard = begin(*log);
  ASSERT_TRUE(guard);
  ASSERT_TRUE(log->append_as_follower(record::end_transaction_marker(false, {9}, {0}, 0, t.clock.wall())));
  EXPECT_EQ(code(write(*log, {.guard = *guard})), ErrorCode::kInvalidTxnState);
}

// The first of two batches on one connection could not be verified; the second must not be taken for the first.
TEST_F(LogTransactions, WhileAFirstBatchIsAskedAboutTheOnesBehindItAreOutOfOrder) {
  const auto log = open();
  ASSERT_TRUE(begin(*log, 0, 0));  // its question failed
  const auto second = begin(*log, 0, 5);
  ASSERT_TRUE(second);
  EXPECT_EQ(code(write(*log, {.sequence = 5, .guard = *second})), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(code(write(*log, {.sequence = 0, .records = 5, .guard = *begin(*log, 0, 0)})), ErrorCode::kNone);
  EXPECT_EQ(code(write(*log, {.sequence = 5, .guard = kNoGuard})), ErrorCode::kNone);
}

// A producer whose records are gone goes on with any sequence, unless its transaction begins by being added: then it
// has an epoch of its own, which begins with 0.
TEST_F(LogTransactions, WhoseTransactionIsAddedBeginsWithSequenceZero) {
  const auto log = open();
  EXPECT_EQ(code(write(*log, {.sequence = 5, .guard = *begin(*log, 0, 5, true)})),
            ErrorCode::kOutOfOrderSequenceNumber);
  log->forget_verifications();
  EXPECT_EQ(code(write(*log, {.sequence = 5, .guard = *begin(*log, 0, 5)})), ErrorCode::kNone);
}

TEST_F(LogTransactions, QuestionsEndWithTheIdleProducersAndAreBounded) {
  const auto log = open();
  const auto guard = begin(*log);
  ASSERT_TRUE(guard);
  t.clock.advance(Millis(1000));
  log->expire_producers(Millis(1000));
  EXPECT_EQ(code(write(*log, {.guard = *guard})), ErrorCode::kInvalidTxnState);
  const auto first = begin(*log);
  for (std::int64_t id = 100; id < 100 + std::int64_t(Verifications::kMax); ++id)
    ASSERT_TRUE(log->begin_verification({.producer_id = {id}, .epoch = {0}}));
  EXPECT_EQ(code(write(*log, {.guard = *first})), ErrorCode::kInvalidTxnState) << "the oldest made room";
  EXPECT_EQ(code(write(*log, {.guard = *begin(*log)})), ErrorCode::kNone);
}

TEST_F(LogTransactions, TheLogThatTakesItsPlaceKnowsWhatIsAskedAbout) {
  const auto log = open();
  auto o = options();
  o.directory = t.directory + "/orders-0-future";
  const auto moved = open(o);
  const auto guard = begin(*log);
  ASSERT_TRUE(guard);
  moved->adopt_verifications(*log);
  EXPECT_EQ(code(write(*moved, {.guard = *guard})), ErrorCode::kNone);
}

TEST_F(LogTransactions, WhatIsNotOfATransactionAsksForNoGuard) {
  const auto log = open();
  const auto guard = begin(*log);
  ASSERT_TRUE(guard);
  EXPECT_EQ(code(write(*log, {.guard = kNoGuard, .transactional = false})), ErrorCode::kNone);
  EXPECT_EQ(code(write(*log, {.sequence = 1, .guard = *guard})), ErrorCode::kOutOfOrderSequenceNumber)
      << "asked about sequence 0";
  EXPECT_EQ(code(write(*log, {.id = {8}})), ErrorCode::kNone) << "verification is switched off";
}

}  // namespace
}  // namespace thalweg::storage

// A stream thread's life, step by step. What is said and what is done are lines of text.
#include "dataflow/worker.h"

#include <gtest/gtest.h>

namespace thalweg::streams::detail {
namespace {

const TaskId kA{0, 0}, kB{0, 1};
const Error kRetriable{.code = 7, .message = "slow", .retriable = true};
const Error kAbortable{.code = 53, .message = "abort", .abortable = true};
const Error kFatal{.code = -144, .message = "fenced", .fatal = true};
const Error kGeneration{.code = 22, .message = "generation"};
const Error kOther{.code = 87, .message = "bad"};

std::string text(const Action& action) {
  if (const auto* step = std::get_if<Step>(&action)) return std::string(name_of(*step));
  if (const auto* open = std::get_if<OpenTask>(&action))
    return (open->wipe ? "wipe and open " : "open ") + std::to_string(open->task.partition);
  if (const auto* begin = std::get_if<BeginTask>(&action)) return "begin " + std::to_string(begin->task.partition);
  if (const auto* close = std::get_if<CloseTask>(&action))
    return (close->clean ? "close " : "drop ") + std::to_string(close->task.partition);
  if (std::holds_alternative<Rejoin>(action)) return "rejoin";
  const auto& end = std::get<End>(action);
  return end.error ? "end: " + end.error->message : "end";
}

// Does every step at once, but for the next `fail` of a kind, and writes down what it was told.
class ThreadOfTest {
 public:
  explicit ThreadOfTest(bool exactly_once)
      : worker({.exactly_once = exactly_once, .commit_interval = 100ms, .task_timeout = 10s}, now) {}

  // What was done since the last call.
  std::string did() {
    std::string all;
    for (const auto& line : lines_) all += (all.empty() ? "" : ", ") + line;
    lines_.clear();
    return all;
  }
  void take(const Actions& actions) {
    for (const auto& action : actions) perform(action);
  }
  void run_both() {
    take(worker.assigned({kA, kB}, now));
    take(worker.restored(kA, now));
    take(worker.restored(kB, now));
    did();
  }
  void work_and_wait() {
    now += 100ms;
    take(worker.worked({.commit_needed = true}, now));
  }

  Timestamp now{1s};
  Worker worker;
  std::map<Step, std::vector<Error>> fails;  // of each, in this order
  std::map<TaskId, std::vector<Error>> no_open;
  milliseconds step_takes{0};

 private:
  void perform(const Action& action) {
    lines_.push_back(text(action));
    if (const auto* open = std::get_if<OpenTask>(&action)) {
      auto& errors = no_open[open->task];
      if (errors.empty()) return take(worker.opened(open->task, now));
      const Error error = errors.front();
      errors.erase(errors.begin());
      return take(worker.open_failed(open->task, error, now));
    }
    const auto* step = std::get_if<Step>(&action);
    if (!step) return;
    now += step_takes;
    auto& errors = fails[*step];
    if (errors.empty()) return take(worker.done(*step, now));
    const Error error = errors.front();
    errors.erase(errors.begin());
    take(worker.failed(*step, error, now));
  }
  std::vector<std::string> lines_;
};

const char* const kReopen = "drop 0, drop 1, read committed offsets, open 0, open 1";

TEST(Worker, TasksOpenAtTheirCommittedOffsetsAndRunWhenTheyAreRestored) {
  ThreadOfTest thread(false);
  EXPECT_EQ(thread.worker.phase(), Worker::Phase::kRebalancing);
  thread.take(thread.worker.assigned({kA, kB}, thread.now));
  EXPECT_EQ(thread.did(), "read committed offsets, open 0, open 1");
  thread.take(thread.worker.restored(kB, thread.now));
  EXPECT_EQ(thread.did(), "begin 1");
  EXPECT_TRUE(thread.worker.runs(kB) && !thread.worker.runs(kA));
  EXPECT_EQ(thread.worker.phase(), Worker::Phase::kRestoring);
  thread.take(thread.worker.restored(kA, thread.now));
  EXPECT_EQ(thread.worker.phase(), Worker::Phase::kRunning);
}

TEST(Worker, CommitsInOrderAndKeepsLast) {
  ThreadOfTest thread(false);
  thread.run_both();
  thread.work_and_wait();
  EXPECT_EQ(thread.did(), "prepare a commit, wait for deliveries, commit offsets, keep stores");
  ThreadOfTest once(true);
  once.run_both();
  once.work_and_wait();
  EXPECT_EQ(
      once.did(),
      "prepare a commit, wait for deliveries, send offsets to the transaction, commit the transaction, keep stores");
}

TEST(Worker, CommitsWhenItIsDueAskedForOrFull) {
  ThreadOfTest thread(false);
  thread.run_both();
  thread.take(thread.worker.worked({.commit_needed = true}, thread.now));
  EXPECT_EQ(thread.did(), "");
  EXPECT_EQ(thread.worker.wakes_at(), thread.now + 100ms);
  thread.take(thread.worker.worked({.commit_needed = true, .commit_requested = true}, thread.now));
  EXPECT_NE(thread.did(), "");
  thread.take(thread.worker.worked({.commit_needed = true, .buffered = 64 << 20}, thread.now));
  EXPECT_NE(thread.did(), "");
  thread.now += 1s;
  thread.take(thread.worker.worked({}, thread.now));
  EXPECT_EQ(thread.did(), "");  // nothing to commit
}

TEST(Worker, RetriesAStepAndGivesUpWithWhatItKeeps) {
  ThreadOfTest thread(false);
  thread.run_both();
  thread.fails[Step::kCommitOffsets] = {kRetriable, kRetriable};
  thread.work_and_wait();
  EXPECT_EQ(thread.did(),
            "prepare a commit, wait for deliveries, commit offsets, commit offsets, commit offsets, keep stores");
  thread.step_takes = 2s;
  thread.fails[Step::kCommitOffsets] = std::vector(20, kRetriable);
  thread.work_and_wait();
  const auto did = thread.did();
  EXPECT_TRUE(did.ends_with("commit offsets, drop 0, drop 1, end: slow")) << did;
  EXPECT_EQ(did.find("keep"), std::string::npos);
}

TEST(Worker, TroubleThatIsOverDoesNotCount) {
  ThreadOfTest thread(true);
  thread.run_both();
  for (int i = 0; i < 20; ++i) {  // 20 s of it, a commit in between
    thread.now += 1s;
    thread.fails[Step::kCommitTransaction] = {kRetriable};
    thread.work_and_wait();
    EXPECT_TRUE(thread.did().ends_with("keep stores")) << i;
  }
  for (int i = 0; i < 5; ++i) {  // each long after the one before, and no commit
    thread.now += 1h;
    thread.fails[Step::kSendOffsets] = {kAbortable};
    thread.work_and_wait();
    EXPECT_TRUE(thread.did().ends_with(kReopen)) << i;
    thread.take(thread.worker.restored(kA, thread.now));
    thread.take(thread.worker.restored(kB, thread.now));
    thread.did();
  }
}

TEST(Worker, AnAbortableErrorReopensTheTasksAsTheyWereAtTheLastCommit) {
  ThreadOfTest thread(true);
  thread.run_both();
  thread.fails[Step::kCommitTransaction] = {kAbortable};
  thread.work_and_wait();
  EXPECT_EQ(thread.did(),
            "prepare a commit, wait for deliveries, send offsets to the transaction, commit the transaction, abort the "
            "transaction, " +
                std::string(kReopen));
}

TEST(Worker, WhatCannotAbortGetsANewProducer) {
  ThreadOfTest thread(true);
  thread.run_both();
  thread.fails[Step::kFlush] = {kOther};
  thread.work_and_wait();
  EXPECT_EQ(thread.did(), "prepare a commit, wait for deliveries, open a new producer, " + std::string(kReopen));
  thread.take(thread.worker.restored(kA, thread.now));
  thread.did();
  thread.fails[Step::kSendOffsets] = {kAbortable};
  thread.fails[Step::kAbort] = {kFatal};
  thread.fails[Step::kNewProducer] = {kRetriable};
  thread.work_and_wait();
  EXPECT_EQ(thread.did(),
            "prepare a commit, wait for deliveries, send offsets to the transaction, abort the transaction, open a new "
            "producer, open a new producer, " +
                std::string(kReopen));
}

TEST(Worker, WhoIsFencedOrHasAnOldGenerationJoinsAgainAndKeepsNothing) {
  ThreadOfTest thread(true);
  thread.run_both();
  thread.fails[Step::kSendOffsets] = {kGeneration};
  thread.work_and_wait();
  EXPECT_EQ(
      thread.did(),
      "prepare a commit, wait for deliveries, send offsets to the transaction, abort the transaction, drop 0, drop "
      "1, rejoin");
  EXPECT_EQ(thread.worker.phase(), Worker::Phase::kRebalancing);
  thread.run_both();
  thread.fails[Step::kCommitTransaction] = {kFatal};
  thread.work_and_wait();
  EXPECT_TRUE(thread.did().ends_with("commit the transaction, open a new producer, drop 0, drop 1, rejoin"));
  ThreadOfTest least(false);
  least.run_both();
  least.fails[Step::kCommitOffsets] = {kGeneration};
  least.work_and_wait();
  EXPECT_EQ(least.did(), "prepare a commit, wait for deliveries, commit offsets, drop 0, drop 1, rejoin");
}

TEST(Worker, RevokedTasksAreCommittedAndClosedLostOnesAreNot) {
  ThreadOfTest thread(true);
  thread.run_both();
  thread.take(thread.worker.revoked({kA}, thread.now));
  EXPECT_EQ(thread.did(),
            "prepare a commit, wait for deliveries, send offsets to the transaction, commit the transaction, keep "
            "stores, close 0");
  EXPECT_TRUE(thread.worker.runs(kB));
  thread.take(thread.worker.lost(thread.now));
  EXPECT_EQ(thread.did(), "abort the transaction, drop 1");
  thread.take(thread.worker.assigned({kB}, thread.now));
  EXPECT_EQ(thread.did(), "read committed offsets, open 1");
  thread.take(thread.worker.revoked({kB}, thread.now));  // it is not restored: nothing to commit
  EXPECT_EQ(thread.did(), "close 1");
}

TEST(Worker, ARevocationWhoseCommitFailsGivesItsTasksUp) {
  ThreadOfTest thread(false);
  thread.run_both();
  thread.fails[Step::kCommitOffsets] = {kGeneration};
  thread.take(thread.worker.revoked({kA, kB}, thread.now));
  EXPECT_EQ(thread.did(), "prepare a commit, wait for deliveries, commit offsets, drop 0, drop 1");  // it joins already
}

TEST(Worker, AStoreThatSomebodyElseHasIsTriedAgainAndADamagedOneWiped) {
  ThreadOfTest thread(false);
  thread.no_open[kA] = {kRetriable};
  thread.take(thread.worker.assigned({kA}, thread.now));
  EXPECT_EQ(thread.did(), "read committed offsets, open 0");
  thread.take(thread.worker.tick(thread.now));
  EXPECT_EQ(thread.did(), "");
  EXPECT_EQ(thread.worker.wakes_at(), thread.now + 100ms);
  thread.now += 100ms;
  thread.take(thread.worker.tick(thread.now));
  EXPECT_EQ(thread.did(), "open 0");
  thread.take(thread.worker.damaged(kA, thread.now));
  EXPECT_EQ(thread.did(), "drop 0, wipe and open 0");
}

TEST(Worker, AFailedTaskEndsTheThreadWithoutACommitAndAFailedMessageUnlessItsTransactionCanBeginAnew) {
  ThreadOfTest thread(true);
  thread.run_both();
  thread.fails[Step::kAbort] = {kFatal};  // even so
  thread.take(thread.worker.task_failed(kOther, thread.now));
  EXPECT_EQ(thread.did(), "abort the transaction, drop 0, drop 1, end: bad");
  thread.take(thread.worker.stop(thread.now));
  EXPECT_EQ(thread.did(), "");
  ThreadOfTest least(false);
  least.run_both();
  least.take(least.worker.send_failed(kOther, least.now));
  EXPECT_EQ(least.did(), "drop 0, drop 1, end: bad");
  ThreadOfTest once(true);
  once.run_both();
  once.take(once.worker.send_failed(kOther, once.now));
  EXPECT_EQ(once.did(), "abort the transaction, " + std::string(kReopen));
}

TEST(Worker, StopsWithACommit) {
  ThreadOfTest thread(false);
  thread.run_both();
  thread.take(thread.worker.stop(thread.now));
  EXPECT_EQ(thread.did(), "prepare a commit, wait for deliveries, commit offsets, keep stores, close 0, close 1, end");
  EXPECT_EQ(thread.worker.phase(), Worker::Phase::kEnded);
  ThreadOfTest once(true);
  once.run_both();
  once.fails[Step::kCommitTransaction] = {kAbortable};
  once.take(once.worker.stop(once.now));
  EXPECT_TRUE(once.did().ends_with("abort the transaction, drop 0, drop 1, end"));
}

}  // namespace
}  // namespace thalweg::streams::detail

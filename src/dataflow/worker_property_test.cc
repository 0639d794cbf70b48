// A stream thread whose group, stores and broker do what they like, in random order: whatever comes, what the worker
// promises holds, and when all is well again it works.
#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "dataflow/worker.h"

namespace thalweg::streams::detail {
namespace {

const std::set<TaskId> kSome{{0, 0}, {0, 1}, {1, 0}};
const std::vector<Error> kTroubles{{.code = 7, .message = "slow", .retriable = true},
                                   {.code = 53, .message = "abort", .abortable = true},
                                   {.code = -144, .message = "fenced", .fatal = true},
                                   {.code = 22, .message = "generation"},
                                   {.code = 87, .message = "bad"},
                                   {.code = 10, .message = "too large"}};

// Does what the worker says, one action after the other, and looks whether it may say so.
class RandomThread {
 public:
  RandomThread(std::mt19937& random, bool exactly_once)
      : random_(random),
        worker_({.exactly_once = exactly_once, .commit_interval = 100ms, .task_timeout = 1min}, now_) {}

  void live() {
    for (int events = 60; events > 0 && !ended_ && !testing::Test::HasFailure(); --events) {
      now_ += milliseconds(random_() % 60);
      event();
      EXPECT_TRUE(todo_.empty());
    }
    recover();
  }

 private:
  bool chance(unsigned of) { return random_() % of == 0; }
  const Error& trouble() { return kTroubles[random_() % kTroubles.size()]; }

  void event() {
    switch (random_() % 12) {
      case 0:
      case 1:
        return assigned_ ? lose_or_revoke() : assign();
      case 2:
        if (chance(8)) return perform(worker_.send_failed(trouble(), now_));
        return;
      case 3:
        if (chance(20)) return perform(worker_.task_failed(trouble(), now_));
        if (chance(20)) return perform(worker_.stop(now_));
        return;
      case 4:
        for (const TaskId& task : open_)
          if (!begun_.contains(task) && chance(6)) return perform(worker_.damaged(task, now_));
        return;
      case 5:
      case 6:
        for (const TaskId& task : open_)
          if (!begun_.contains(task)) return perform(worker_.restored(task, now_));
        return;
      case 7:
        return perform(worker_.tick(now_));
      default:
        return perform(worker_.worked({.commit_needed = chance(2), .commit_requested = chance(4)}, now_));
    }
  }
  void assign() {
    assigned_ = true;
    mine_.clear();
    for (const TaskId& task : kSome)
      if (!chance(3)) mine_.insert(task);
    perform(worker_.assigned(mine_, now_));
  }
  void lose_or_revoke() {
    assigned_ = false;
    const auto had = open_;
    if (chance(2)) {
      lost_ = true;
      perform(worker_.lost(now_));
      lost_ = false;
    } else {
      perform(worker_.revoked(kSome, now_));
    }
    EXPECT_TRUE(open_.empty()) << "somebody else has them now";
  }

  void perform(const Actions& actions) {
    todo_.insert(todo_.end(), actions.begin(), actions.end());
    if (performing_) return;
    performing_ = true;
    for (; !todo_.empty() && !testing::Test::HasFailure();) {
      const Action next = todo_.front();
      todo_.pop_front();
      EXPECT_FALSE(ended_) << "nothing follows the end";
      std::visit([this](const auto& action) { perform_one(action); }, next);
    }
    performing_ = false;
  }
  void perform_one(const OpenTask& action) {
    EXPECT_TRUE(!open_.contains(action.task));
    if (faults_ && chance(8)) return perform(worker_.open_failed(action.task, trouble(), now_));
    open_.insert(action.task);
    perform(worker_.opened(action.task, now_));
  }
  void perform_one(const BeginTask& action) {
    EXPECT_TRUE(open_.contains(action.task));
    EXPECT_TRUE(begun_.insert(action.task).second);
  }
  void perform_one(const CloseTask& action) {
    if (action.clean && begun_.contains(action.task)) EXPECT_EQ(last_done_, Step::kKeep);
    open_.erase(action.task);
    begun_.erase(action.task);
  }
  void perform_one(const Rejoin&) { assigned_ = false; }
  void perform_one(const End& end) {
    ended_ = true;
    ended_well_ = !end.error;
    EXPECT_TRUE(open_.empty());
  }
  void perform_one(const Step& step) {
    const bool ends_it = step == Step::kAbort || step == Step::kNewProducer || step == Step::kPosition;
    EXPECT_TRUE(!lost_ || ends_it) << "what is lost is not committed";
    if (step == Step::kKeep) EXPECT_TRUE(is_committed_) << "kept before it was committed";
    if (step == Step::kPrepare) is_committed_ = false;
    last_done_.reset();
    if (faults_ && chance(5)) {
      if (step != Step::kKeep) is_committed_ = false;
      return perform(worker_.failed(step, trouble(), now_));
    }
    last_done_ = step;
    if (step == Step::kCommitTransaction || step == Step::kCommitOffsets) is_committed_ = true;
    if (step == Step::kKeep) is_committed_ = false, ++kept_;
    perform(worker_.done(step, now_));
  }

  void recover() {
    if (ended_ || testing::Test::HasFailure()) return;
    faults_ = false;
    if (assigned_) perform(worker_.tick(now_ += 1s));
    if (assigned_) EXPECT_EQ(open_, mine_) << "what could not be opened is tried again";
    if (assigned_) perform(worker_.revoked(kSome, now_));
    perform(worker_.assigned(kSome, now_ += 1s));
    perform(worker_.tick(now_ += 1s));
    EXPECT_EQ(open_, kSome);
    for (const TaskId& task : kSome)
      if (!begun_.contains(task)) perform(worker_.restored(task, now_));
    EXPECT_EQ(worker_.phase(), Worker::Phase::kRunning);
    const int before = kept_;
    perform(worker_.worked({.commit_needed = true, .commit_requested = true}, now_));
    EXPECT_EQ(kept_, before + 1);
    perform(worker_.stop(now_));
    EXPECT_TRUE(ended_ && ended_well_);
  }

  std::mt19937& random_;
  Timestamp now_{1s};
  Worker worker_;
  std::deque<Action> todo_;
  std::set<TaskId> mine_, open_, begun_;
  std::optional<Step> last_done_;
  bool performing_ = false, assigned_ = false, lost_ = false, faults_ = true;
  bool is_committed_ = false, ended_ = false, ended_well_ = false;
  int kept_ = 0;
};

TEST(WorkerProperty, KeepsItsPromisesWhateverHappensAndWorksAfterwards) {
  for (unsigned seed = 1; seed <= 4000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    RandomThread(random, seed % 2 == 0).live();
  }
}

}  // namespace
}  // namespace thalweg::streams::detail

// What must hold whatever handlers, dead letters, rebalances and time do.
#include <gtest/gtest.h>
#include <malloc.h>
#if __has_feature(address_sanitizer)
#include <sanitizer/allocator_interface.h>
#endif

#include <algorithm>
#include <random>

#include "dispatch/dispatcher.h"

namespace thalweg::dispatch {
namespace {

using namespace std::chrono_literals;

struct ModelPartition {
  Slot slot;
  std::vector<Offset> offsets;  // by sequence
  std::vector<std::uint64_t> keys;
  std::vector<bool> settled;
  std::map<std::uint64_t, std::uint64_t> last_of_lane;  // the newest settled of a lane
  std::set<std::uint64_t> running_lanes;
  // At least one past the settled ones at the front, at most the first that is not settled: what lies between are gaps.
  void expect_committable(std::optional<Offset> said) const {
    std::size_t first = 0;
    while (first < settled.size() && settled[first]) ++first;
    ASSERT_EQ(said.has_value(), first > 0);
    if (!said) return;
    ASSERT_GE(*said, offsets[first - 1] + 1);
    if (first < offsets.size()) ASSERT_LE(*said, offsets[first]);
    if (first == offsets.size()) ASSERT_EQ(*said, offsets.back() + 1);
  }
};

class History {
 public:
  History(std::uint64_t seed, Order order, bool batches)
      : random_(seed), order_(order), batches_(batches), dispatcher_(rules(order)) {
    for (int i = 0; i < 5; ++i) assign();
  }

  void step() {
    now_ += std::chrono::milliseconds(pick(50));
    switch (pick(7)) {
      case 0:
      case 1:
        add();
        break;
      case 2:
      case 3:
        take();
        break;
      case 4:
        finish(pick(4) == 0);
        break;
      case 5:
        answer_letter(pick(3) > 0);
        break;
      case 6:
        fire();
        break;
    }
    if (pick(200) == 0) replace();
    check();
  }

  // From now on everything succeeds: then nothing may be left.
  void settle_all() {
    for (int i = 0; i < 100'000 && busy(); ++i) {
      now_ += 1s;
      fire();
      take();
      finish(false);
      answer_letter(true);
      check();
    }
    for (const auto& p : partitions_) EXPECT_TRUE(std::ranges::all_of(p.settled, std::identity())) << p.slot.value;
  }

 private:
  static Rules rules(Order order) {
    return {.order = order,
            .in_hand = 40,
            .run_most = 7,
            .attempts = 3,
            .backoff = {.first = 100ms},
            .dead_letters = true,
            .dead_letter_backoff = {.first = 100ms}};
  }
  std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  ModelPartition& any() { return partitions_[pick(partitions_.size())]; }
  ModelPartition& of(Slot slot) { return *std::ranges::find(partitions_, slot, &ModelPartition::slot); }
  bool busy() const {
    return std::ranges::any_of(partitions_,
                               [](const auto& p) { return !std::ranges::all_of(p.settled, std::identity()); });
  }

  void assign() {
    ModelPartition p;
    p.slot =
        dispatcher_.assign(batches_ ? std::optional(Batching{.count = 5, .bytes = 60, .age = 200ms}) : std::nullopt);
    partitions_.push_back(std::move(p));
  }

  void add() {
    auto& p = any();
    for (std::size_t n = std::min(dispatcher_.room(p.slot), pick(6)); n > 0; --n) {
      const Offset offset = (p.offsets.empty() ? Offset{0} : p.offsets.back()) + static_cast<std::int64_t>(1 + pick(3));
      const std::uint64_t key = pick(4);
      const auto token = dispatcher_.add(p.slot, offset, key, 10, now_);
      ASSERT_EQ(token.sequence, p.offsets.size());
      p.offsets.push_back(offset);
      p.keys.push_back(order_ == Order::kKey && !batches_ ? key : 0);
      p.settled.push_back(false);
    }
  }

  void take() {
    auto run = dispatcher_.take(now_);
    if (!run) return;
    auto& p = of(run->slot);
    ASSERT_FALSE(run->tokens.empty());
    ASSERT_TRUE(p.running_lanes.insert(run->lane).second) << "a lane runs twice at once";
    std::optional<std::uint64_t> before;
    for (const auto& token : run->tokens) {
      ASSERT_FALSE(p.settled[token.sequence]) << "handled twice";
      ASSERT_EQ(p.keys[token.sequence], p.keys[run->tokens[0].sequence]);
      // Whatever of the lane is older is settled, or before it in this run.
      for (std::uint64_t s = before ? *before + 1 : 0; s < token.sequence; ++s)
        ASSERT_TRUE(p.settled[s] || p.keys[s] != p.keys[token.sequence]) << "out of order";
      before = token.sequence;
    }
    runs_.push_back(*std::move(run));
  }

  void finish(bool may_fail) {
    if (runs_.empty()) return;
    const std::size_t which = pick(runs_.size());
    const Run run = runs_[which];
    runs_.erase(runs_.begin() + static_cast<std::ptrdiff_t>(which));
    auto& p = of(run.slot);
    p.running_lanes.erase(run.lane);
    std::size_t handled = run.tokens.size();
    Outcome outcome = Outcome::kOk;
    if (may_fail) {
      handled = run.whole ? 0 : pick(run.tokens.size());
      outcome = std::array{Outcome::kYielded, Outcome::kRetriable, Outcome::kPoison}[pick(3)];
    }
    for (std::size_t i = 0; i < handled; ++i) p.settled[run.tokens[i].sequence] = true;
    take_letters(dispatcher_.done(run, handled, outcome, now_));
  }

  void take_letters(const Step& step) {
    EXPECT_FALSE(step.stop);
    for (const auto& letter : step.dead_letters) {
      EXPECT_FALSE(of(letter.token.slot).settled[letter.token.sequence]);
      letters_.push_back(letter.token);
    }
  }

  void answer_letter(bool written) {
    if (letters_.empty()) return;
    const std::size_t which = pick(letters_.size());
    const Token token = letters_[which];
    letters_.erase(letters_.begin() + static_cast<std::ptrdiff_t>(which));
    if (written) of(token.slot).settled[token.sequence] = true;
    take_letters(dispatcher_.dead_lettered(token, written, now_));
  }

  void fire() { take_letters(dispatcher_.on_timer(now_)); }

  // A rebalance: what runs ends, and the partition is another's.
  void replace() {
    const Slot slot = any().slot;
    dispatcher_.revoke(slot);
    while (!dispatcher_.idle(slot)) {
      finish(pick(2) == 0);
      answer_letter(pick(2) == 0);
      const auto ready = dispatcher_.take(now_);
      if (ready) {
        EXPECT_NE(ready->slot, slot) << "began after it was revoked";
        of(ready->slot).running_lanes.insert(ready->lane);
        runs_.push_back(*ready);
      }
    }
    of(slot).expect_committable(dispatcher_.committable(slot));
    dispatcher_.forget(slot);
    std::erase_if(partitions_, [&](const auto& p) { return p.slot == slot; });
    assign();
  }

  void check() {
    for (const auto& p : partitions_) p.expect_committable(dispatcher_.committable(p.slot));
  }

  std::mt19937_64 random_;
  const Order order_;
  const bool batches_;
  Dispatcher dispatcher_;
  Instant now_{};
  std::vector<ModelPartition> partitions_;
  std::vector<Run> runs_;
  std::vector<Token> letters_;
};

TEST(DispatcherProperty, CommitsNeverPassAnUnhandledRecordAndOrderHolds) {
  for (std::uint64_t seed = 1; seed <= 150 && !testing::Test::HasFailure(); ++seed)
    for (const auto order : {Order::kPartition, Order::kKey})
      for (const bool batches : {false, true}) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        History history(seed, order, batches);
        for (int i = 0; i < 800 && !testing::Test::HasFatalFailure(); ++i) history.step();
        history.settle_all();
      }
}

// One hundred partitions, four workers, a record a millisecond each; how long records of partitions 1 to 99 wait from
// when they could be read until they are handled. Returns the waits, sorted.
std::vector<Nanos> waits(bool partition_zero_fails) {
  Rules rules;
  rules.in_hand = 10;
  rules.attempts = 1'000;
  rules.backoff = {.first = 60s, .most = 60s, .linear = false, .jitter = 0};
  rules.dead_letters = true;
  Dispatcher d(rules);
  std::vector<Slot> slots;
  for (int i = 0; i < 100; ++i) slots.push_back(d.assign());
  std::vector<std::int64_t> next(100, 0);
  std::map<std::pair<Slot, std::uint64_t>, Instant> came;
  std::vector<Nanos> waited;
  Instant now{};
  const Instant end = now + 60s;
  std::vector<std::pair<Instant, Run>> running;
  while (now < end) {
    d.on_timer(now);
    for (int i = 0; i < 100; ++i)  // one record of each partition every 50 ms: half of what the workers can do
      if (now % 50ms == 0ms && d.wants(slots[static_cast<std::size_t>(i)])) {
        const auto slot = slots[static_cast<std::size_t>(i)];
        came[{slot, d.add(slot, Offset{next[static_cast<std::size_t>(i)]++}, 0, 1, now).sequence}] = now;
      }
    std::erase_if(running, [&](const auto& work) {
      if (work.first > now) return false;
      const Run& run = work.second;
      if (run.slot == slots[0] && partition_zero_fails) {
        d.done(run, 0, Outcome::kRetriable, now);
      } else {
        for (const auto& token : run.tokens)
          if (run.slot != slots[0]) waited.push_back(now - came[{run.slot, token.sequence}]);
        d.done(run, run.tokens.size(), Outcome::kOk, now);
      }
      return true;
    });
    while (running.size() < 4) {
      auto run = d.take(now);
      if (!run) break;
      const auto until = now + 1ms * run->tokens.size();
      running.emplace_back(until, *std::move(run));
    }
    now += 1ms;
  }
  if (partition_zero_fails) EXPECT_FALSE(d.committable(slots[0]));
  std::ranges::sort(waited);
  return waited;
}

TEST(DispatcherProperty, OnePartitionInBackoffForAMinuteDelaysNoneOfTheOther99) {
  const auto healthy = waits(false), one_fails = waits(true);
  ASSERT_GE(one_fails.size(), healthy.size());  // nothing of the others is left behind
  EXPECT_LE(one_fails[one_fails.size() * 99 / 100], healthy[healthy.size() * 99 / 100]);
  EXPECT_LE(one_fails.back(), healthy.back() + Nanos(1ms));
}

std::size_t allocated() {
#if __has_feature(address_sanitizer)
  return __sanitizer_get_current_allocated_bytes();
#else
  return mallinfo2().uordblks;
#endif
}

// A day of an idle consumer, second by second: a record that fails every minute, a record a minute for everybody else,
// a batch that runs by its age, and a partition that leaves and comes back every ten minutes.
TEST(DispatcherProperty, ADayOfIdlenessLeavesNothingBehind) {
  Rules rules;
  rules.attempts = 1'000'000;
  rules.backoff = {.first = 60s, .most = 60s, .linear = false, .jitter = 0};
  rules.dead_letters = true;
  Dispatcher d(rules);
  const Slot failing = d.assign(), batch = d.assign({{}});
  std::deque<Slot> others{d.assign(), d.assign()};
  Instant now{};
  std::int64_t offset = 0;
  d.add(failing, Offset{0}, 0, 1, now);
  std::size_t after_an_hour = 0, failures = 0;
  for (int second = 0; second < 24 * 3600; ++second, now += 1s) {
    if (second == 3600) after_an_hour = allocated();
    d.on_timer(now);
    if (second % 60 == 0)
      for (const auto slot : {batch, others[0], others[1]}) d.add(slot, Offset{offset++}, 0, 1, now);
    if (second % 600 == 599) {
      ASSERT_TRUE(d.revoke(others.front()));
      d.forget(others.front());
      others.pop_front();
      others.push_back(d.assign());
    }
    while (const auto run = d.take(now)) {
      const bool fails = run->slot == failing;
      failures += fails;
      d.done(*run, fails ? 0 : run->tokens.size(), fails ? Outcome::kRetriable : Outcome::kOk, now);
    }
  }
  EXPECT_EQ(failures, 1440u);
  EXPECT_LT(allocated(), after_an_hour + 4096);
}

}  // namespace
}  // namespace thalweg::dispatch

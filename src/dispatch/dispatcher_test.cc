#include "dispatch/dispatcher.h"

#include <gtest/gtest.h>

namespace thalweg::dispatch {
namespace {

using namespace std::chrono_literals;

const Instant kStart{};

Rules with_dead_letters(int attempts = 3) {
  Rules rules;
  rules.attempts = attempts;
  rules.backoff = {.first = 1s, .jitter = 0};
  rules.dead_letters = true;
  rules.dead_letter_backoff = {.first = 1s, .jitter = 0};
  return rules;
}

std::vector<std::uint64_t> sequences(const std::optional<Run>& run) {
  std::vector<std::uint64_t> out;
  if (run)
    for (const auto& token : run->tokens) out.push_back(token.sequence);
  return out;
}

using Sequences = std::vector<std::uint64_t>;

TEST(Dispatcher, ARunIsWhatHasComeAndAPartitionNeverRunsTwiceAtOnce) {
  Dispatcher d(Rules{});
  const Slot slot = d.assign();
  for (int i = 0; i < 3; ++i) d.add(slot, Offset{i}, 0, 1, kStart);
  const auto run = d.take(kStart);
  EXPECT_EQ(sequences(run), (Sequences{0, 1, 2}));
  d.add(slot, Offset{3}, 0, 1, kStart);
  EXPECT_FALSE(d.take(kStart));
  d.done(*run, 3, Outcome::kOk, kStart);
  EXPECT_EQ(sequences(d.take(kStart)), (Sequences{3}));
}

TEST(Dispatcher, CommitsUpToTheFirstRecordThatIsNotSettledAndPassesGaps) {
  Dispatcher d(Rules{});
  const Slot slot = d.assign();
  for (const int offset : {5, 9, 40}) d.add(slot, Offset{offset}, 0, 1, kStart);
  EXPECT_FALSE(d.committable(slot));
  const auto run = d.take(kStart);
  d.done(*run, 2, Outcome::kYielded, kStart);
  EXPECT_EQ(d.committable(slot), Offset{40});
  d.done(*d.take(kStart), 1, Outcome::kOk, kStart);
  EXPECT_EQ(d.committable(slot), Offset{41});
}

TEST(Dispatcher, ALogThatBeginsAnewIsFollowedOnceWhatWasReadOfTheOldOneIsSettled) {
  Dispatcher d(Rules{});
  const Slot slot = d.assign();
  for (const int offset : {500, 501, 0, 1}) d.add(slot, Offset{offset}, 0, 1, kStart);
  auto run = d.take(kStart);
  d.done(*run, 1, Outcome::kYielded, kStart);
  EXPECT_EQ(d.committable(slot), Offset{501});
  run = d.take(kStart);
  d.done(*run, 1, Outcome::kYielded, kStart);
  EXPECT_EQ(d.committable(slot), Offset{0});
  d.done(*d.take(kStart), 2, Outcome::kOk, kStart);
  EXPECT_EQ(d.committable(slot), Offset{2});
}

TEST(Dispatcher, AFailedRecordWaitsAloneAndItsPartitionIsNotRead) {
  Dispatcher d(with_dead_letters());
  const Slot failing = d.assign(), other = d.assign();
  d.add(failing, Offset{0}, 0, 1, kStart);
  d.add(failing, Offset{1}, 0, 1, kStart);
  d.done(*d.take(kStart), 0, Outcome::kRetriable, kStart);
  EXPECT_FALSE(d.wants(failing));
  EXPECT_TRUE(d.wants(other));
  EXPECT_EQ(d.next_timer(), kStart + 1s);
  d.on_timer(kStart + 999ms);
  EXPECT_FALSE(d.has_ready());
  d.on_timer(kStart + 1s);
  EXPECT_TRUE(d.wants(failing));
  const auto again = d.take(kStart + 1s);
  EXPECT_EQ(sequences(again), (Sequences{0}));
  EXPECT_EQ(again->attempt, 2);
}

TEST(Dispatcher, TheLastAttemptMakesADeadLetterAndTheOffsetMovesOnlyWhenItIsWritten) {
  Dispatcher d(with_dead_letters(2));
  const Slot slot = d.assign();
  d.add(slot, Offset{0}, 0, 1, kStart);
  d.done(*d.take(kStart), 0, Outcome::kRetriable, kStart);
  d.on_timer(kStart + 1s);
  const auto step = d.done(*d.take(kStart + 1s), 0, Outcome::kRetriable, kStart + 1s);
  ASSERT_EQ(step.dead_letters.size(), 1u);
  EXPECT_EQ(step.dead_letters[0].attempts, 2);
  EXPECT_FALSE(d.committable(slot));
  EXPECT_FALSE(d.idle(slot));
  d.dead_lettered(step.dead_letters[0].token, true, kStart + 1s);
  EXPECT_EQ(d.committable(slot), Offset{1});
}

TEST(Dispatcher, ADeadLetterThatCannotBeWrittenIsTriedAgainForEver) {
  Dispatcher d(with_dead_letters());
  const Slot slot = d.assign();
  d.add(slot, Offset{0}, 0, 1, kStart);
  auto step = d.done(*d.take(kStart), 0, Outcome::kPoison, kStart);
  Instant now = kStart;
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(step.dead_letters.size(), 1u) << i;
    EXPECT_TRUE(d.dead_lettered(step.dead_letters[0].token, false, now).dead_letters.empty());
    EXPECT_FALSE(d.committable(slot));
    now = *d.next_timer();
    step = d.on_timer(now);
  }
  d.dead_lettered(step.dead_letters[0].token, true, now);
  EXPECT_EQ(d.committable(slot), Offset{1});
}

TEST(Dispatcher, WithoutDeadLettersItStopsAtTheRecord) {
  Rules rules = with_dead_letters(1);
  rules.dead_letters = false;
  Dispatcher d(rules);
  const Slot slot = d.assign();
  d.add(slot, Offset{7}, 0, 1, kStart);
  const auto step = d.done(*d.take(kStart), 0, Outcome::kRetriable, kStart);
  ASSERT_TRUE(step.stop);
  EXPECT_FALSE(d.committable(slot));
  EXPECT_FALSE(d.wants(slot));
}

TEST(Dispatcher, KeysRunAtOnceAndOneInBackoffDelaysOnlyItself) {
  Rules rules = with_dead_letters();
  rules.order = Order::kKey;
  Dispatcher d(rules);
  const Slot slot = d.assign();
  for (int i = 0; i < 6; ++i) d.add(slot, Offset{i}, static_cast<std::uint64_t>(i % 2), 1, kStart);
  const auto even = d.take(kStart), odd = d.take(kStart);
  EXPECT_EQ(sequences(even), (Sequences{0, 2, 4}));
  EXPECT_EQ(sequences(odd), (Sequences{1, 3, 5}));
  d.done(*even, 0, Outcome::kRetriable, kStart);
  d.done(*odd, 3, Outcome::kOk, kStart);
  EXPECT_TRUE(d.wants(slot));
  EXPECT_FALSE(d.committable(slot));  // the first record is not settled
}

TEST(Dispatcher, ABatchRunsWhenItIsFullOrOld) {
  Dispatcher d(Rules{});
  const Slot slot = d.assign(Batching{.count = 3, .bytes = 1000, .age = 1s});
  for (int i = 0; i < 2; ++i) d.add(slot, Offset{i}, 0, 1, kStart);
  EXPECT_FALSE(d.has_ready());
  d.add(slot, Offset{2}, 0, 1, kStart);
  const auto full = d.take(kStart);
  EXPECT_EQ(sequences(full), (Sequences{0, 1, 2}));
  EXPECT_TRUE(full->whole);
  d.done(*full, 3, Outcome::kOk, kStart);
  d.add(slot, Offset{3}, 0, 1, kStart + 1s);
  d.on_timer(kStart + 1999ms);
  EXPECT_FALSE(d.has_ready());
  d.on_timer(kStart + 2s);
  EXPECT_EQ(sequences(d.take(kStart + 2s)), (Sequences{3}));
}

TEST(Dispatcher, ABatchThatFailedIsTriedAgainAsItWas) {
  Dispatcher d(with_dead_letters(2));
  const Slot slot = d.assign(Batching{.count = 2, .bytes = 1000, .age = 1s});
  for (int i = 0; i < 2; ++i) d.add(slot, Offset{i}, 0, 1, kStart);
  d.done(*d.take(kStart), 0, Outcome::kRetriable, kStart);
  d.on_timer(kStart + 1s);
  const auto again = d.take(kStart + 1s);
  EXPECT_EQ(sequences(again), (Sequences{0, 1}));
  const auto step = d.done(*again, 0, Outcome::kRetriable, kStart + 1s);
  ASSERT_EQ(step.dead_letters.size(), 2u);
  d.dead_lettered(step.dead_letters[1].token, true, kStart + 1s);
  EXPECT_FALSE(d.committable(slot));
  d.dead_lettered(step.dead_letters[0].token, true, kStart + 1s);
  EXPECT_EQ(d.committable(slot), Offset{2});
}

TEST(Dispatcher, NothingOfARevokedPartitionBegins) {
  Dispatcher d(with_dead_letters());
  const Slot slot = d.assign();
  d.add(slot, Offset{0}, 0, 1, kStart);
  const auto running = d.take(kStart);
  d.add(slot, Offset{1}, 0, 1, kStart);
  EXPECT_FALSE(d.revoke(slot));
  EXPECT_FALSE(d.wants(slot));
  d.done(*running, 1, Outcome::kOk, kStart);
  EXPECT_TRUE(d.idle(slot));
  EXPECT_FALSE(d.take(kStart));
  EXPECT_EQ(d.committable(slot), Offset{1});
  d.forget(slot);
}

TEST(Dispatcher, ReadsNoMoreThanItMayHold) {
  Rules rules;
  rules.in_hand = 10;
  Dispatcher d(rules);
  const Slot slot = d.assign();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(d.room(slot), 10u - static_cast<std::size_t>(i));
    d.add(slot, Offset{i}, 0, 1, kStart);
  }
  EXPECT_FALSE(d.wants(slot));
  d.done(*d.take(kStart), 10, Outcome::kOk, kStart);
  EXPECT_EQ(d.room(slot), 10u);
}

TEST(Backoff, GrowsIsBoundedAndSpreads) {
  const Backoff linear{.first = 1s, .most = 3s, .jitter = 0};
  EXPECT_EQ(linear.after(1, 0), Nanos(1s));
  EXPECT_EQ(linear.after(2, 0), Nanos(2s));
  EXPECT_EQ(linear.after(100, 0), Nanos(3s));
  const Backoff doubling{.first = 1s, .most = 60s, .factor = 2, .linear = false, .jitter = 0.1};
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const auto wait = doubling.after(3, seed);
    EXPECT_GE(wait, Nanos(3600ms));
    EXPECT_LE(wait, Nanos(4400ms));
  }
  EXPECT_NE(doubling.after(3, 1), doubling.after(3, 2));
  EXPECT_EQ(doubling.after(3, 1), doubling.after(3, 1));
}

}  // namespace
}  // namespace thalweg::dispatch

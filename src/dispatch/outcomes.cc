// What follows from an outcome: the next run, a back-off, a dead letter, or the end.
#include <algorithm>

#include "base/check.h"
#include "dispatch/dispatcher.h"

namespace thalweg::dispatch {

Step Dispatcher::done(const Run& run, std::size_t handled, Outcome outcome, Instant now) {
  Step step;
  Partition& p = partition(run.slot);
  Lane& lane = p.lanes.at(run.lane);
  CHECK(lane.state == State::kRunning && handled <= run.tokens.size());
  CHECK(!run.whole || handled == 0 || handled == run.tokens.size());
  CHECK(outcome == Outcome::kYielded || (outcome == Outcome::kOk) == (handled == run.tokens.size()));
  --p.busy;
  for (std::size_t i = 0; i < handled; ++i) {
    CHECK(lane.queue.front() == run.tokens[i].sequence);
    lane.queue.pop_front();
    lane.bytes -= p.progress.bytes(run.tokens[i].sequence);
    p.progress.settle(run.tokens[i].sequence);
  }
  if (handled > 0) {
    lane.attempt = 1;
    lane.failed_batch = 0;
    lane.oldest = now;  // of a batch's rest: a little late rather than one more number for every record
  }
  if (outcome == Outcome::kOk || outcome == Outcome::kYielded) {
    settle_into(run.slot, p, run.lane, lane, now);
  } else {
    fail(run.slot, run.lane, p, lane, run.whole ? run.tokens.size() : 1, outcome == Outcome::kPoison, now, step);
  }
  return step;
}

void Dispatcher::fail(Slot slot, std::uint64_t key, Partition& p, Lane& lane, std::size_t failed, bool poison,
                      Instant now, Step& step) {
  const Token head{slot, lane.queue.front()};
  if (!poison && lane.attempt < rules_.attempts) {
    const std::uint64_t seed = static_cast<std::uint64_t>(p.progress.offset(head.sequence).value);
    const Instant until = now + rules_.backoff.after(lane.attempt, seed);
    ++lane.attempt;
    if (p.batching) lane.failed_batch = failed;
    wait(slot, key, p, lane, State::kBackingOff, until);
  } else if (!rules_.dead_letters) {
    lane.state = State::kBackingOff;  // for ever: the host stops
    ++p.backing_off;
    step.stop = head;
  } else {
    lane.unwritten.assign(lane.queue.begin(), lane.queue.begin() + static_cast<std::ptrdiff_t>(failed));
    lane.letter_attempt = 1;
    send_letters(slot, key, p, lane, step);
  }
}

void Dispatcher::wait(Slot slot, std::uint64_t key, Partition& p, Lane& lane, State state, Instant until) {
  lane.state = state;
  ++p.backing_off;
  lane.timer = until;
  timers_.insert({until, {slot, key}});
}

void Dispatcher::send_letters(Slot slot, std::uint64_t key, Partition& p, Lane& lane, Step& step) {
  lane.state = State::kDeadLettering;
  lane.letters = lane.unwritten.size();
  p.busy += lane.letters;
  for (const std::uint64_t sequence : lane.unwritten) {
    p.lane_of_letter[sequence] = key;
    step.dead_letters.push_back({{slot, sequence}, lane.attempt});
  }
  lane.unwritten.clear();
}

Step Dispatcher::dead_lettered(Token token, bool written, Instant now) {
  Step step;
  Partition& p = partition(token.slot);
  const auto found = p.lane_of_letter.find(token.sequence);
  CHECK(found != p.lane_of_letter.end());
  const std::uint64_t key = found->second;
  p.lane_of_letter.erase(found);
  Lane& lane = p.lanes.at(key);
  CHECK(lane.state == State::kDeadLettering && lane.letters > 0);
  --lane.letters;
  --p.busy;
  if (written) {
    std::erase(lane.queue, token.sequence);
    lane.bytes -= p.progress.bytes(token.sequence);
    p.progress.settle(token.sequence);
  } else {
    lane.unwritten.push_back(token.sequence);
  }
  if (lane.letters > 0) return step;
  if (!lane.unwritten.empty()) {
    std::sort(lane.unwritten.begin(), lane.unwritten.end());
    // Not passed over: the lane waits and the letter is tried again, for as long as it takes.
    const Instant until = now + rules_.dead_letter_backoff.after(lane.letter_attempt++, token.sequence);
    wait(token.slot, key, p, lane, State::kDeadLetterBackingOff, until);
    return step;
  }
  lane.attempt = 1;
  lane.failed_batch = 0;
  lane.oldest = now;
  settle_into(token.slot, p, key, lane, now);
  return step;
}

std::optional<Instant> Dispatcher::next_timer() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first;
}

Step Dispatcher::on_timer(Instant now) {
  Step step;
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const auto [slot, key] = timers_.begin()->second;
    timers_.erase(timers_.begin());
    Partition& p = partition(slot);
    Lane& lane = p.lanes.at(key);
    lane.timer.reset();
    if (lane.state == State::kBackingOff || lane.state == State::kDeadLetterBackingOff) --p.backing_off;
    if (p.revoked) {
      lane.state = State::kCollecting;
    } else if (lane.state == State::kDeadLetterBackingOff) {
      send_letters(slot, key, p, lane, step);
    } else {
      make_ready(slot, key, lane);
    }
  }
  return step;
}

}  // namespace thalweg::dispatch

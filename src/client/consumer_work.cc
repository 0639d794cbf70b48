// The workers: take a run, call the handler, say what became of it.
#include <algorithm>

#include "client/consumer_core.h"

namespace thalweg::client {
namespace {

using std::chrono::steady_clock;

// A worker gives a lane back after so long, so that lanes take turns and what was handled can be committed.
constexpr auto kTurn = 50ms;

void count(ConsumedCells* cells, bool ok, std::size_t records, std::chrono::nanoseconds took) {
  if (!cells) return;
  (ok ? cells->success : cells->error).fetch_add(records, std::memory_order_relaxed);
  cells->duration.observe(took);
}

}  // namespace

RunHandler one_by_one(std::function<Result<>(const Record&)> handler) {
  return [handler = std::move(handler)](std::span<const Record> records, const std::function<bool()>& stop,
                                        ConsumedCells* cells) {
    Handled handled;
    for (const auto& record : records) {
      if (handled.count > 0 && stop()) return handled;
      const auto began = cells ? steady_clock::now() : steady_clock::time_point();
      auto result = guarded([&] { return handler(record); });
      if (cells) count(cells, result.has_value(), 1, steady_clock::now() - began);
      if (!result) {
        handled.error = std::move(result).error();
        return handled;
      }
      ++handled.count;
    }
    return handled;
  };
}

RunHandler as_batch(std::function<Result<>(std::span<const Record>)> handler) {
  return [handler = std::move(handler)](std::span<const Record> records, const std::function<bool()>&,
                                        ConsumedCells* cells) {
    const auto began = steady_clock::now();
    auto result = guarded([&] { return handler(records); });
    count(cells, result.has_value(), records.size(), steady_clock::now() - began);
    if (!result) return Handled{0, std::move(result).error()};
    return Handled{records.size(), std::nullopt};
  };
}

void ConsumerCore::start_workers() {
  const unsigned wanted = config_.workers > 0 ? config_.workers : std::max(1u, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < wanted; ++i)
    workers_.emplace_back(
        [self = shared_from_this()] { self->work(); });  // it outlives us if its handler does not return
}

std::optional<ConsumerCore::Work> ConsumerCore::take_work(std::unique_lock<std::mutex>& lock) {
  work_there_.wait(lock, [&] { return workers_stop_ || dispatcher_->has_ready(); });
  if (workers_stop_) return std::nullopt;
  auto run = dispatcher_->take(now_of_machine());
  if (!run) return Work{};
  Assigned& assigned = assigned_.at(run->slot);
  Work work{
      .handler = assigned.handler, .cells = assigned.cells ? &*assigned.cells : nullptr, .stopping = assigned.stopping};
  work.records.reserve(run->tokens.size());
  for (const auto& token : run->tokens) work.records.push_back(assigned.records[token.sequence - assigned.first]);
  work.run = *std::move(run);
  ++workers_out_;
  return work;
}

void ConsumerCore::work() {
  while (true) {
    std::optional<Work> work;
    {
      std::unique_lock lock(mutex_);
      work = take_work(lock);
    }
    if (!work) return;
    if (!work->handler) continue;
    settle(*work, handle(*work));
  }
}

Handled ConsumerCore::handle(const Work& work) {
  const auto began = steady_clock::now();
  const std::function<bool()> stop = [&] {
    return work.stopping->load(std::memory_order_relaxed) || steady_clock::now() - began > kTurn;
  };
  return work.handler->run(work.records, stop, work.cells);
}

bool ConsumerCore::worth_another_try(const Error& error) {
  if (!retry.worth_it) return error.retriable;
  bool worth_it = true;  // who cannot decide decides nothing away
  const auto asked = guarded([&]() -> Result<> {
    worth_it = retry.worth_it(error);
    return {};
  });
  if (!asked) report(asked.error());
  return worth_it;
}

void ConsumerCore::settle(const Work& work, Handled handled) {
  using dispatch::Outcome;
  Outcome outcome = handled.count == work.records.size() ? Outcome::kOk : Outcome::kYielded;
  if (handled.error) {
    const Error& error = *handled.error;
    const bool hopeless = error.code == kBadBytes || !worth_another_try(error);
    outcome = hopeless ? Outcome::kPoison : Outcome::kRetriable;
  }
  bool must_wake = false;
  {
    std::unique_lock lock(mutex_);
    const dispatch::Slot slot = work.run.slot;
    Assigned& assigned = assigned_.at(slot);
    if (handled.error)
      for (std::size_t i = handled.count; i < (work.run.whole ? work.records.size() : handled.count + 1); ++i)
        assigned.failures.insert_or_assign(work.run.tokens[i].sequence, *handled.error);
    const bool was_full = dispatcher_->room(slot) == 0;
    const auto timer = dispatcher_->next_timer();
    auto step = dispatcher_->done(work.run, handled.count, outcome, now_of_machine());
    forget_settled(slot);
    must_wake = (was_full && dispatcher_->room(slot) > 0) || dispatcher_->next_timer() != timer || step.stop;
    --workers_out_;
    if (dispatcher_->ready_lanes() > 1) work_there_.notify_one();  // this worker takes one itself
    if (work.stopping->load() || workers_stop_) idle_.notify_all();
    obey(std::move(step), lock);
  }
  if (must_wake) wake();
}

void ConsumerCore::forget_settled(dispatch::Slot slot) {
  Assigned& assigned = assigned_.at(slot);
  const std::uint64_t kept = dispatcher_->first_kept(slot);
  for (; assigned.first < kept; ++assigned.first) assigned.records.pop_front();
  assigned.failures.erase(assigned.failures.begin(), assigned.failures.lower_bound(kept));
}

// Ends with the lock released when there was something to do.
void ConsumerCore::obey(dispatch::Step step, std::unique_lock<std::mutex>& lock) {
  if (!step.stop && step.dead_letters.empty()) return;
  const auto failure = [&](const dispatch::Token& token) {
    const auto& failures = assigned_.at(token.slot).failures;
    const auto found = failures.find(token.sequence);
    return found != failures.end() ? found->second : Error{.message = "the handler failed"};
  };
  const auto record = [&](const dispatch::Token& token) {
    const Assigned& assigned = assigned_.at(token.slot);
    return assigned.records[token.sequence - assigned.first];
  };
  if (step.stop && !ended_by_) {
    ended_by_ = failure(*step.stop);
    ended_by_->message = record(*step.stop).where() + " cannot be handled: " + ended_by_->message +
                         "; there is no queue of dead letters, so the consumer stops here (see Consumer::dead_letters)";
  }
  std::vector<std::tuple<dispatch::Step::DeadLetter, Record, Error>> letters;
  for (const auto& letter : step.dead_letters)
    letters.emplace_back(letter, record(letter.token), failure(letter.token));
  lock.unlock();
  for (auto& [letter, dead, error] : letters) write_dead_letter(letter, std::move(dead), std::move(error));
}

void ConsumerCore::write_dead_letter(dispatch::Step::DeadLetter letter, Record record, Error error) {
  const auto now = std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
  Message message = dead_letter_of(record, error, letter.attempts, *dead_letters, config_.group, now);
  const auto written = [this, token = letter.token](const Result<>& result) {
    if (!result) {
      Error error = result.error();
      error.message = "a dead letter could not be written, its partition waits and tries again: " + error.message;
      report(error);
    }
    {
      std::unique_lock lock(mutex_);
      auto step = dispatcher_->dead_lettered(token, result.has_value(), now_of_machine());
      forget_settled(token.slot);
      if (dispatcher_->has_ready()) work_there_.notify_one();
      idle_.notify_all();
      obey(std::move(step), lock);
    }
    wake();
  };
  const auto accepted = letters_->send(
      std::move(message), [written](const Message&, const Result<Delivery>& r) { written(status(r)); }, 1s);
  if (!accepted) written(accepted);
}

}  // namespace thalweg::client

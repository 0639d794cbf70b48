#include "streams/stream_thread.h"

#include <algorithm>

namespace thalweg::streams::detail {
namespace {

constexpr std::size_t kReadAtOnce = 1000, kRoundMax = 1000;
constexpr auto kSeenEvery = milliseconds(100);

}  // namespace

const SubTopology* Shared::part(int number) const {
  for (const auto& one : parts)
    if (one.number == number) return &one;
  return nullptr;
}

StreamThread::StreamThread(const Shared& shared, unsigned index)
    : shared_(shared), index_(index), worker_(shared.options.worker, now()) {
  for (const auto& [number, topic] : shared_.plan.drivers) driver_topics_.insert(topic);
  for (const auto& [topic, count] : shared_.plan.counts) partitions_[topic] = count;
}
StreamThread::~StreamThread() = default;

// For deadlines: it never jumps. Tasks are told the wall clock.
Timestamp StreamThread::now() const {
  return Timestamp(std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch()));
}
Timestamp StreamThread::wall() const {
  return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
}

Result<> StreamThread::open() {
  if (auto producer = new_producer(); !producer) return producer;
  auto restorer = Restorer::open(shared_.options.restore_consumer);
  if (!restorer) return std::unexpected(restorer.error());
  restorer_ = *std::move(restorer);
  auto inputs = Inputs::open(
      shared_.options.main_consumer, shared_.config.application_id,
      [this](Rebalance kind, const std::vector<TopicPartition>& partitions) { on_rebalance(kind, partitions); },
      [this] { wake(); });
  if (!inputs) return std::unexpected(inputs.error());
  inputs_ = *std::move(inputs);
  return inputs_->subscribe(driver_topics_);
}

Result<> StreamThread::run(const std::stop_token& stop) {
  const std::stop_callback waker(stop, [this] { wake(); });
  auto opened = open();
  if (opened) loop(stop);
  {
    const std::lock_guard lock(signal_mutex_);
    no_questions_ = true;
  }
  answer_questions();
  held_.clear();
  // The dead letter of what ended us is on its way.
  if (sender_ && !shared_.options.worker.exactly_once) (void)sender_->flush(milliseconds(5000));
  if (inputs_) inputs_->close();
  phase_ = Worker::Phase::kEnded;
  shared_.phase_changed();
  if (!opened) return opened;
  if (error_) return std::unexpected(*error_);
  return {};
}

void StreamThread::loop(const std::stop_token& stop) {
  while (!ended_) {
    if (auto polled = inputs_->poll(); !polled) perform(worker_.task_failed(polled.error(), now()));
    if (stop.stop_requested()) perform(worker_.stop(now()));
    if (ended_) break;
    perform(worker_.tick(now()));
    answer_questions();
    bool busy = restore();
    busy |= read_inputs();
    busy |= process();
    judge_undelivered();
    if (!ended_) perform(worker_.worked(work_left(), now()));
    purge_behind();
    clean_up();
    phase_may_have_changed();
    if (!ended_) wait(busy);
  }
  phase_may_have_changed();
}

void StreamThread::wake() {
  {
    const std::lock_guard lock(signal_mutex_);
    signal_ = true;
  }
  signaled_.notify_one();
}

void StreamThread::pause(milliseconds span) {
  std::unique_lock lock(signal_mutex_);
  signaled_.wait_for(lock, span, [] { return false; });
}

void StreamThread::wait(bool busy) {
  std::unique_lock lock(signal_mutex_);
  if (!busy) {
    auto until = std::min(now() + shared_.options.poll, worker_.wakes_at());
    for (const auto& [id, held] : held_) {
      if (!worker_.runs(id)) continue;
      if (const auto due = held.task->next_wall_punctuation()) until = std::min(until, now() + (*due - wall()));
      if (const auto ready = held.task->ready_at(wall())) until = std::min(until, now() + (*ready - wall()));
    }
    const auto pause = std::max(until - now(), milliseconds(1));
    signaled_.wait_for(lock, pause, [&] { return signal_; });
  }
  signal_ = false;
}

void StreamThread::ask(Question question) {
  {
    const std::lock_guard lock(signal_mutex_);
    if (!no_questions_) {
      questions_.push_back(std::move(question));
      signal_ = true;
      signaled_.notify_one();
      return;
    }
  }
  question.done(false);
}

void StreamThread::answer_questions() {
  std::deque<Question> questions;
  {
    const std::lock_guard lock(signal_mutex_);
    questions.swap(questions_);
  }
  for (auto& question : questions) {
    bool found = false;
    for (const auto& [id, held] : held_) {
      if (!worker_.runs(id)) continue;
      StoreBase* const store = held.task->store(question.store);
      if (!store) continue;
      found = true;
      if (question.look(*store)) break;
    }
    question.done(found);
  }
}

bool StreamThread::read_inputs() {
  bool any = false;
  for (auto& [id, held] : held_) {
    if (!worker_.runs(id)) continue;
    for (std::size_t i = 0; i < held.inputs.size(); ++i) {
      if (!held.is_there[i] || !held.task->wants(i)) continue;
      auto got = inputs_->read(held.inputs[i], std::min(kReadAtOnce, shared_.options.buffered_records));
      if (!got.records.empty()) {
        any = true;
        held.next[i] = got.records.back().offset + 1;
        if (!held.cells.empty()) held.cells[i].success.fetch_add(got.records.size(), std::memory_order_relaxed);
        held.task->add(i, got.records);
      }
      if (got.error && got.error->code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
        begin_again(held.inputs[i], *got.error);
        return true;
      }
      if (!got.end) continue;
      held.next[i] = *got.end;
      held.task->at_end(i, *got.end, wall());
    }
  }
  return any;
}

// What was to be read next is not there any more.
void StreamThread::begin_again(const TopicPartition& input, const Error& error) {
  const auto reset = reset_of(input.topic);
  if (reset == OffsetReset::kNone) return perform(worker_.task_failed(error, now()));
  const std::int64_t from = reset == OffsetReset::kLatest ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING;
  if (auto sought = inputs_->seek({{input, {.offset = from, .metadata = {}}}}, milliseconds(5000)); !sought)
    perform(worker_.task_failed(sought.error(), now()));
}

// A round: some records of each task, then what is due by time.
bool StreamThread::process() {
  bool any = false;
  const auto turn = turn_;
  for (auto& [id, held] : held_) {
    if (!worker_.runs(id)) continue;
    any |= process(id, held);
    if (turn != turn_ || ended_) return true;  // what failed has changed the list
  }
  if (any) round_ = std::min(round_ + 1, kRoundMax);
  return any;
}

bool StreamThread::process(TaskId, Held& held) {
  bool any = false;
  const auto turn = turn_;
  for (std::size_t i = 0; i < round_; ++i) {
    auto one = held.task->process_one(wall(), out_);
    if (!one) return perform(worker_.task_failed(one.error(), now())), true;
    if (!*one) break;
    any = true;
    counts_.processed.fetch_add(1, std::memory_order_relaxed);
    if (!send_all(held) || turn != turn_) return true;
  }
  auto punctuated = held.task->punctuate(wall(), out_);
  if (!punctuated) return perform(worker_.task_failed(punctuated.error(), now())), true;
  if (*punctuated) round_ = std::max<std::size_t>(round_ / 2, 1);
  send_all(held);
  return any;
}

Work StreamThread::work_left() const {
  Work work;
  for (const auto& [id, held] : held_) {
    if (!worker_.runs(id)) continue;
    work.commit_needed |= held.task->commit_needed();
    work.commit_requested |= held.task->commit_requested();
    work.buffered += held.task->buffered_bytes();
  }
  return work;
}

Result<> StreamThread::send(const Outgoing& one, const Held& of) {
  ChangelogEnd* end = nullptr;
  if (one.is_changelog)
    if (const auto found = of.changelogs.find(one.message.topic); found != of.changelogs.end()) end = found->second;
  counts_.sent.fetch_add(1, std::memory_order_relaxed);
  auto sent = sender_->send(one.message, end);
  if (!sent && judge_send(one.message, sent.error())) return {};
  return sent;
}

// False: one could not be sent, and what follows from it has been done.
bool StreamThread::send_all(const Held& of) {
  Result<> sent;
  for (const auto& one : out_)
    if (sent = send(one, of); !sent) break;
  out_.clear();
  if (!sent)
    perform(is_of_record(sent.error()) ? worker_.task_failed(sent.error(), now())
                                       : worker_.send_failed(sent.error(), now()));
  return sent.has_value();
}

// One after the other, with what follows from each at the end of the line: a step that is tried again and again does
// not go deeper and deeper.
void StreamThread::perform(const Actions& actions) {
  todo_.insert(todo_.end(), actions.begin(), actions.end());
  if (performing_) return;
  performing_ = true;
  while (!todo_.empty()) {
    const Action next = std::move(todo_.front());
    todo_.pop_front();
    perform_one(next);
  }
  performing_ = false;
}

void StreamThread::perform_one(const Action& action) {
  if (const auto* step = std::get_if<Step>(&action)) return do_step(*step);
  if (const auto* opening = std::get_if<OpenTask>(&action)) return open_task(opening->task, opening->wipe);
  if (const auto* begin = std::get_if<BeginTask>(&action)) return begin_task(begin->task);
  if (const auto* close = std::get_if<CloseTask>(&action)) return close_task(close->task);
  if (const auto* end = std::get_if<End>(&action)) {
    error_ = end->error;
    ended_ = true;
    return;
  }
  inputs_->unsubscribe();
  if (auto joined = inputs_->subscribe(driver_topics_); !joined) perform(worker_.task_failed(joined.error(), now()));
}

void StreamThread::phase_may_have_changed() {
  const auto phase = worker_.phase();
  const bool changed = phase_.exchange(phase) != phase;
  if (changed) shared_.phase_changed();
  if (!changed && seen_turn_ == turn_ && now() - seen_at_ < kSeenEvery) return;
  seen_at_ = now();
  seen_turn_ = turn_;
  measure_lags();
}

// Ends are those of the last fetch, which librdkafka keeps: nobody is asked.
void StreamThread::measure_lags() {
  const auto& metrics = shared_.config.metrics;
  std::map<TaskId, std::int64_t> lags;
  for (const auto& [id, held] : held_) {
    std::int64_t& lag = lags[id];
    for (std::size_t i = 0; i < held.inputs.size(); ++i) {
      const auto of_input = std::max<std::int64_t>(inputs_->end_of(held.inputs[i]) - held.next[i], 0);
      lag += of_input;
      if (metrics)
        metrics->cells().lag.at(client::lag_labels(held.inputs[i].topic, held.inputs[i].partition,
                                                   shared_.config.application_id)) = of_input;
    }
  }
  counts_.tasks = static_cast<std::int64_t>(lags.size());
  const std::lock_guard lock(seen_mutex_);
  lags_ = std::move(lags);
}

std::vector<std::pair<TaskId, std::int64_t>> StreamThread::lags() const {
  const std::lock_guard lock(seen_mutex_);
  return {lags_.begin(), lags_.end()};
}

std::set<TaskId> StreamThread::tasks() const {
  const std::lock_guard lock(seen_mutex_);
  std::set<TaskId> all;
  for (const auto& [id, lag] : lags_) all.insert(id);
  return all;
}

}  // namespace thalweg::streams::detail

#include "dataflow/worker.h"

#include <algorithm>
#include <array>

namespace thalweg::streams::detail {
namespace {

constexpr std::array kMigrated{22, 25, 27, 47, 49, 82, 90, -142, -144};  // Kafka's numbers, then librdkafka's
constexpr std::array kOfRecord{10, 17, 18, -161, -188, -190};
constexpr std::array kFenced{47, 49, 90, -144};

bool is_fenced(const Error& error) { return std::ranges::find(kFenced, error.code) != kFenced.end(); }

}  // namespace

bool is_of_record(const Error& error) { return std::ranges::find(kOfRecord, error.code) != kOfRecord.end(); }

bool is_migrated(const Error& error) { return std::ranges::find(kMigrated, error.code) != kMigrated.end(); }

std::string_view name_of(Step step) {
  constexpr std::array<std::string_view, 9> kNames{
      "read committed offsets", "prepare a commit", "wait for deliveries", "send offsets to the transaction",
      "commit the transaction", "commit offsets",   "keep stores",         "abort the transaction",
      "open a new producer"};
  return kNames.at(static_cast<std::size_t>(step));
}

// ---- The group

Actions Worker::assigned(const std::set<TaskId>& tasks, Timestamp now) {
  Actions out;
  if (ended_ || stopping_) return out;
  assigned_ = true;
  for (const auto& task : tasks) tasks_.try_emplace(task, Held{.again = now});
  if (!tasks_.empty()) out.emplace_back(*(at_ = Step::kPosition));
  return out;
}

Actions Worker::revoked(const std::set<TaskId>& tasks, Timestamp) {
  Actions out;
  if (ended_) return out;
  assigned_ = false;
  for (const auto& task : tasks)
    if (tasks_.contains(task)) leaving_.insert(task);
  const bool commits = std::ranges::any_of(leaving_, [&](const TaskId& task) { return runs(task); });
  if (commits)
    commit(After::kCloseLeaving, out);
  else
    close_leaving(true, out);
  return out;
}

Actions Worker::lost(Timestamp now) {
  Actions out;
  if (ended_) return out;
  assigned_ = false;
  give_up(Way::kDrop, std::nullopt, false, out);
  if (!at_) gave_up(now, out);
  return out;
}

// ---- Tasks

void Worker::open_waiting(Timestamp now, Actions& out) {
  for (auto& [task, held] : tasks_) {
    if (held.state != TaskState::kWaiting || held.again > now) continue;
    held.state = TaskState::kOpening;
    out.emplace_back(OpenTask{task, held.wipe});
    held.wipe = false;
  }
}

Actions Worker::opened(TaskId task, Timestamp) {
  if (const auto found = tasks_.find(task); found != tasks_.end()) {
    found->second.state = TaskState::kRestoring;
    found->second.failing_since.reset();
  }
  return {};
}

Actions Worker::open_failed(TaskId task, Error error, Timestamp now) {
  const auto found = tasks_.find(task);
  if (found == tasks_.end()) return {};
  Held& held = found->second;
  if (!held.failing_since) held.failing_since = now;
  if (!error.retriable || now - *held.failing_since >= config_.task_timeout) return task_failed(std::move(error), now);
  held.state = TaskState::kWaiting;
  held.again = now + config_.retry_pause;
  return {};
}

Actions Worker::damaged(TaskId task, Timestamp now) {
  Actions out;
  const auto found = tasks_.find(task);
  if (found == tasks_.end()) return out;
  found->second = Held{.again = now, .wipe = true};
  out.emplace_back(CloseTask{task, false});
  open_waiting(now, out);
  return out;
}

Actions Worker::restored(TaskId task, Timestamp) {
  const auto found = tasks_.find(task);
  if (found == tasks_.end()) return {};
  found->second.state = TaskState::kRunning;
  return {BeginTask{task}};
}

bool Worker::runs(TaskId task) const {
  const auto found = tasks_.find(task);
  return found != tasks_.end() && found->second.state == TaskState::kRunning;
}

bool Worker::any_running() const {
  return std::ranges::any_of(tasks_, [](const auto& one) { return one.second.state == TaskState::kRunning; });
}

// ---- Commits

void Worker::commit(After after, Actions& out) {
  after_ = after;
  out.emplace_back(*(at_ = Step::kPrepare));
}

Step Worker::next_after(Step step) const {
  switch (step) {
    case Step::kPrepare:
      return Step::kFlush;
    case Step::kFlush:
      return config_.exactly_once ? Step::kSendOffsets : Step::kCommitOffsets;
    case Step::kSendOffsets:
      return Step::kCommitTransaction;
    default:
      return Step::kKeep;
  }
}

Actions Worker::done(Step step, Timestamp now) {
  Actions out;
  if (at_ != step) return out;
  at_.reset();
  switch (step) {
    case Step::kPosition:
      open_waiting(now, out);
      break;
    case Step::kKeep:
      finish_commit(now, out);
      break;
    case Step::kAbort:
    case Step::kNewProducer:
      gave_up(now, out);
      break;
    default:
      out.emplace_back(*(at_ = next_after(step)));
  }
  return out;
}

void Worker::finish_commit(Timestamp now, Actions& out) {
  last_commit_ = now;
  work_ = {};
  trouble_since_.reset();
  if (after_ == After::kCloseLeaving) close_leaving(true, out);
  if (after_ == After::kEnd) end(std::nullopt, out);
}

void Worker::commit_if_due(Timestamp now, Actions& out) {
  if (at_ || stopping_ || ended_) return;
  const bool by_time = now - last_commit_ >= config_.commit_interval;
  if (!work_.commit_needed || !any_running()) {
    if (by_time) last_commit_ = now;
    return;
  }
  if (by_time || work_.commit_requested || work_.buffered >= config_.buffered_max) commit(After::kGoOn, out);
}

Actions Worker::worked(Work work, Timestamp now) {
  work_ = work;
  Actions out;
  commit_if_due(now, out);
  return out;
}

Actions Worker::tick(Timestamp now) {
  Actions out;
  if (at_ || ended_) return out;
  open_waiting(now, out);
  commit_if_due(now, out);
  return out;
}

Actions Worker::stop(Timestamp) {
  Actions out;
  if (ended_ || stopping_) return out;
  stopping_ = true;
  if (any_running())
    commit(After::kEnd, out);
  else
    end(std::nullopt, out);
  return out;
}

// ---- What fails

bool Worker::lasts_too_long(Timestamp now) {
  // One failure long ago is not the beginning of this one.
  if (!trouble_since_ || now - *trouble_last_ > config_.task_timeout / 4) trouble_since_ = now;
  trouble_last_ = now;
  return now - *trouble_since_ >= config_.task_timeout;
}

Actions Worker::failed(Step step, Error error, Timestamp now) {
  Actions out;
  if (at_ != step) return out;
  step_failed(step, std::move(error), now, out);
  if (!at_ && !ended_) gave_up(now, out);
  return out;
}

void Worker::step_failed(Step step, Error error, Timestamp now, Actions& out) {
  const bool too_long = lasts_too_long(now);
  if (step == Step::kAbort) {
    // A producer that cannot abort is of no more use; who goes anyway leaves it to the transaction's timeout.
    at_.reset();
    if (way_ != Way::kEnd) out.emplace_back(*(at_ = Step::kNewProducer));
    return;
  }
  if (error.retriable && !error.abortable && !error.fatal && !is_migrated(error) && !too_long) {
    out.emplace_back(step);
    return;
  }
  if (step == Step::kNewProducer) {
    way_ = Way::kEnd;
    error_ = std::move(error);
    at_.reset();
    return;
  }
  const bool new_producer = config_.exactly_once && (error.fatal || is_fenced(error) || !error.abortable);
  if (is_migrated(error)) return give_up(Way::kRejoin, std::nullopt, error.fatal || is_fenced(error), out);
  const bool ours = step == Step::kPosition || step == Step::kKeep || is_of_record(error);
  if (too_long || ours || !config_.exactly_once) return give_up(Way::kEnd, std::move(error), false, out);
  give_up(Way::kReopen, std::nullopt, new_producer, out);
}

void Worker::give_up(Way way, std::optional<Error> error, bool new_producer, Actions& out) {
  way_ = stopping_ ? Way::kEnd : way;
  error_ = std::move(error);
  at_.reset();
  if (config_.exactly_once) out.emplace_back(*(at_ = new_producer ? Step::kNewProducer : Step::kAbort));
}

// The transaction is out of the way, nothing of it was kept.
void Worker::gave_up(Timestamp now, Actions& out) {
  const bool was_leaving = !leaving_.empty();
  for (const auto& [task, held] : tasks_) {
    if (held.state != TaskState::kWaiting) out.emplace_back(CloseTask{task, false});
  }
  std::map<TaskId, Held> stay;
  if (way_ == Way::kReopen)
    for (const auto& [task, held] : tasks_)
      if (!leaving_.contains(task)) stay.emplace(task, Held{.again = now});
  tasks_ = std::move(stay);
  leaving_.clear();
  work_ = {};
  last_commit_ = now;
  if (way_ == Way::kEnd) return end(error_, out);
  if (way_ == Way::kRejoin) {
    assigned_ = false;
    if (!was_leaving) out.emplace_back(Rejoin{});  // else it is joining already
  }
  if (!tasks_.empty()) out.emplace_back(*(at_ = Step::kPosition));
}

Actions Worker::task_failed(Error error, Timestamp now) {
  Actions out;
  if (ended_) return out;
  give_up(Way::kEnd, std::move(error), false, out);
  if (!at_) gave_up(now, out);
  return out;
}

Actions Worker::send_failed(Error error, Timestamp now) {
  if (ended_ || !config_.exactly_once) return task_failed(std::move(error), now);
  Actions out;
  if (lasts_too_long(now))
    give_up(Way::kEnd, std::move(error), false, out);
  else
    give_up(is_migrated(error) ? Way::kRejoin : Way::kReopen, std::nullopt, error.fatal || is_fenced(error), out);
  return out;
}

// ---- Ends

void Worker::close_leaving(bool clean, Actions& out) {
  for (const auto& task : leaving_) {
    const auto found = tasks_.find(task);
    if (found == tasks_.end()) continue;
    if (found->second.state != TaskState::kWaiting) out.emplace_back(CloseTask{task, clean});
    tasks_.erase(found);
  }
  leaving_.clear();
}

void Worker::end(std::optional<Error> error, Actions& out) {
  for (const auto& [task, held] : tasks_)
    if (held.state != TaskState::kWaiting) out.emplace_back(CloseTask{task, !error});
  tasks_.clear();
  ended_ = true;
  out.emplace_back(End{std::move(error)});
}

Worker::Phase Worker::phase() const {
  if (ended_) return Phase::kEnded;
  if (stopping_) return Phase::kStopping;
  if (!assigned_) return Phase::kRebalancing;
  const bool all = std::ranges::all_of(tasks_, [](const auto& one) { return one.second.state == TaskState::kRunning; });
  return all ? Phase::kRunning : Phase::kRestoring;
}

Timestamp Worker::wakes_at() const {
  Timestamp at = Timestamp::max();
  if (work_.commit_needed) at = last_commit_ + config_.commit_interval;
  for (const auto& [task, held] : tasks_)
    if (held.state == TaskState::kWaiting) at = std::min(at, held.again);
  return at;
}

}  // namespace thalweg::streams::detail

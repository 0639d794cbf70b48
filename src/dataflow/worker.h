// A stream thread's life as a machine: which tasks it has, what becomes of them at a rebalance, when and in which order
// it commits, and what follows when something fails. No clock, no client, no store: the host (streams/stream_thread)
// does what it says and tells it what came of it. (StreamThread, TaskManager, TaskExecutor)
//
// What is promised:
// - Nothing of a task is kept (kKeep) before its offsets are committed in Kafka; a commit that fails keeps nothing.
// - What fails in a transaction ends it: tasks are closed dirty and opened again as they were at the last commit.
// - A task that is lost is never committed. One that is revoked is committed if it can be, and closed in any case.
// - Trouble that lasts longer than task.timeout.ms without one commit in between ends the thread with its error.
//
// Steps are done one at a time: after a Step the host answers done() or failed() before it calls anything else.
// Owner: the stream thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "thalweg/streams/types.h"

namespace thalweg::streams::detail {

struct WorkerConfig {
  bool exactly_once = false;
  milliseconds commit_interval{30'000};  // commit.interval.ms
  milliseconds task_timeout{300'000};    // task.timeout.ms
  milliseconds retry_pause{100};         // before a store that somebody else has is tried again
  std::size_t buffered_max = 64 << 20;   // bytes in write buffers that force a commit
};

enum class Step : std::uint8_t {
  kPosition,     // every input of every task at its committed offset, its metadata read
  kPrepare,      // outputs and changelog records of all running tasks are sent, offsets collected
  kFlush,        // everything sent has its answer
  kSendOffsets,  // into the transaction
  kCommitTransaction,
  kCommitOffsets,  // at least once: of the consumer's group, and waited for
  kKeep,           // what the tasks' stores may keep is written
  kAbort,          // the open transaction, if there is one
  kNewProducer,    // the old one is thrown away, whatever it has open
};
std::string_view name_of(Step step);

struct OpenTask {
  TaskId task;
  bool wipe = false;  // what is on disk is damaged, and thrown away before
  bool operator==(const OpenTask&) const = default;
};
struct BeginTask {
  TaskId task;
  bool operator==(const BeginTask&) const = default;
};
struct CloseTask {
  TaskId task;
  bool clean = false;
  bool operator==(const CloseTask&) const = default;
};
// Leave the group and join it again.
struct Rejoin {
  bool operator==(const Rejoin&) const = default;
};
// Leave the group, close the clients; the last action.
struct End {
  std::optional<Error> error;
  bool operator==(const End& other) const { return error.has_value() == other.error.has_value(); }
};
using Action = std::variant<Step, OpenTask, BeginTask, CloseTask, Rejoin, End>;
using Actions = std::vector<Action>;

// What a round of processing left.
struct Work {
  bool commit_needed = false, commit_requested = false;
  std::size_t buffered = 0;  // bytes in write buffers
};

class Worker {
 public:
  enum class Phase : std::uint8_t { kRebalancing, kRestoring, kRunning, kStopping, kEnded };

  Worker(WorkerConfig config, Timestamp now) : config_(config), last_commit_(now) {}

  // ---- The group. Called with no step open
  Actions assigned(const std::set<TaskId>& tasks, Timestamp now);
  Actions revoked(const std::set<TaskId>& tasks, Timestamp now);
  Actions lost(Timestamp now);

  // ---- Tasks
  Actions opened(TaskId task, Timestamp now);
  Actions open_failed(TaskId task, Error error, Timestamp now);
  // A store that cannot be restored from where it stands: begun anew.
  Actions damaged(TaskId task, Timestamp now);
  // Every store is at its changelog's end.
  Actions restored(TaskId task, Timestamp now);

  // ---- Work and commits
  Actions worked(Work work, Timestamp now);
  Actions done(Step step, Timestamp now);
  Actions failed(Step step, Error error, Timestamp now);
  // A record that no handler wanted to go on from, a store that cannot be written.
  Actions task_failed(Error error, Timestamp now);
  // A message that was not taken or not delivered. At least once its record would be lost, so that it ends the thread;
  // in a transaction all since the last commit is done again.
  Actions send_failed(Error error, Timestamp now);
  Actions tick(Timestamp now);
  Actions stop(Timestamp now);

  Phase phase() const;
  bool runs(TaskId task) const;
  // When tick() has something to do at the latest.
  Timestamp wakes_at() const;

 private:
  enum class TaskState : std::uint8_t { kWaiting, kOpening, kRestoring, kRunning };
  struct Held {
    TaskState state = TaskState::kWaiting;
    Timestamp again{};  // kWaiting: when it is opened
    bool wipe = false;
    std::optional<Timestamp> failing_since;
  };
  enum class After : std::uint8_t { kGoOn, kCloseLeaving, kEnd };
  enum class Way : std::uint8_t { kReopen, kRejoin, kDrop, kEnd };

  void commit(After after, Actions& out);
  void finish_commit(Timestamp now, Actions& out);
  Step next_after(Step step) const;
  void close_leaving(bool clean, Actions& out);
  void give_up(Way way, std::optional<Error> error, bool new_producer, Actions& out);
  void gave_up(Timestamp now, Actions& out);
  void open_waiting(Timestamp now, Actions& out);
  void end(std::optional<Error> error, Actions& out);
  bool any_running() const;
  bool lasts_too_long(Timestamp now);
  void commit_if_due(Timestamp now, Actions& out);
  void step_failed(Step step, Error error, Timestamp now, Actions& out);

  const WorkerConfig config_;
  std::map<TaskId, Held> tasks_;
  std::set<TaskId> leaving_;
  bool assigned_ = false, stopping_ = false, ended_ = false;
  std::optional<Step> at_;  // open, of a commit or of what ends one
  After after_ = After::kGoOn;
  Way way_ = Way::kReopen;
  std::optional<Error> error_;
  Work work_;
  Timestamp last_commit_;
  std::optional<Timestamp> trouble_since_, trouble_last_;
};

// Somebody else has what was ours: our group's membership, or our transactional id.
bool is_migrated(const Error& error);
// A message that can never be sent as it is: too large, no such topic or partition.
bool is_of_record(const Error& error);

}  // namespace thalweg::streams::detail

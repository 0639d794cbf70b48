// What is done to all logs now and then, and at the end: the part of LogManager for retention, checkpoints, what is
// said of directories, and the stop.
#include <algorithm>

#include "base/log.h"
#include "runtime/gather.h"
#include "runtime/yielding.h"
#include "storage/log_manager.h"

namespace thalweg::storage {
namespace {
constexpr std::size_t kDescribedAtOnce = 1000;  // logs
}  // namespace

std::vector<std::vector<LogPtr>> LogManager::logs_by_shard() const {
  std::vector<std::vector<LogPtr>> by_shard(shards_.size());
  for (const auto& [partition, open] : logs_) by_shard[open.shard].push_back(open.log);
  return by_shard;
}

Task<> LogManager::apply_retention() {
  const auto logs = logs_by_shard();
  for (std::size_t i = 0; i < logs.size(); ++i) co_await shards_[i]->call(*this, &LogManager::retain_here, logs[i]);
}

Task<> LogManager::retain_here(std::vector<LogPtr> logs) {
  for (const LogPtr& log : logs) {
    if (log->is_offline()) continue;
    if (const auto done = log->apply_retention(); !done)
      log::warn("retention failed", field("partition", log->partition()), field("reason", done.error()));
  }
  co_return;
}

Task<> LogManager::expire_producers() {
  const auto logs = logs_by_shard();
  for (std::size_t i = 0; i < logs.size(); ++i)
    co_await shards_[i]->call(*this, &LogManager::expire_producers_here, logs[i], producer_id_expiration_);
}

Task<> LogManager::expire_producers_here(std::vector<LogPtr> logs, Millis span) {
  for (const LogPtr& log : logs) log->expire_producers(span);
  co_return;
}

// What the logs say is collected first, which may take long as it waits for their syncs; nobody waits for that. Then
// each directory is written.
Task<> LogManager::write_checkpoints() {
  const auto turn = co_await pass_turn_.take();
  lowered_.clear();
  auto logs = logs_by_shard();
  std::vector<Task<std::vector<Checkpointed>>> collecting;
  for (std::size_t i = 0; i < logs.size(); ++i)
    if (!logs[i].empty())
      collecting.push_back(shards_[i]->call(*this, &LogManager::checkpoint_here, std::move(logs[i])));
  for (const auto& states : co_await gather(std::move(collecting)))
    for (const Checkpointed& state : states) note(state);
  for (Directory& directory : directories_)
    if (const auto written = co_await directory.checkpoints->write(); !written)
      log::warn("checkpoint not written", field("directory", directory.files.path()), field("reason", written.error()));
}

void LogManager::note(const Checkpointed& state) {
  const TopicPartition& partition = state.log->partition();
  const auto found = logs_.find(partition);
  if (found == logs_.end() || found->second.log != state.log) return;  // removed meanwhile, or another of this name
  DirectoryCheckpoints& checkpoints = *directories_[found->second.directory].checkpoints;
  DirectoryCheckpoints::Offsets offsets = state.offsets;
  const auto before = checkpoints.of(partition);
  if (lowered_.contains(partition)) {
    // The report may be older than what was lowered, and raised again; the next pass knows.
    offsets.recovery_point = std::min(offsets.recovery_point, before.recovery_point);
    offsets.log_start = before.log_start;
  } else {
    offsets.log_start = std::max(offsets.log_start, before.log_start);  // nor older than what was raised
  }
  checkpoints.set(partition, offsets);
}

Task<std::vector<LogManager::Checkpointed>> LogManager::checkpoint_here(std::vector<LogPtr> logs) {
  std::vector<Checkpointed> states;
  for (const LogPtr& log : logs) {
    if (const auto done = co_await log->checkpoint(); !done && !log->is_offline())
      log::warn("log not checkpointed", field("partition", log->partition()), field("reason", done.error()));
    states.push_back({log, {log->recovery_point(), log->start_offset(), log->high_watermark()}});
  }
  co_return states;
}

Task<Result<>> LogManager::lower_recovery_point(TopicPartition partition, Offset to) {
  const auto found = logs_.find(partition);
  if (found == logs_.end()) co_return Result<>{};
  lowered_.insert(partition);
  cleaner_->cut(partition);
  DirectoryCheckpoints& checkpoints = *directories_[found->second.directory].checkpoints;
  checkpoints.lower(partition, to);
  co_return co_await checkpoints.write();
}

// A log that is gone meanwhile has nothing to keep.
Task<Result<>> LogManager::raise_start(TopicPartition partition, Offset to) {
  const auto found = logs_.find(partition);
  if (found == logs_.end()) co_return Result<>{};
  DirectoryCheckpoints& checkpoints = *directories_[found->second.directory].checkpoints;
  auto offsets = checkpoints.of(partition);
  offsets.log_start = std::max(offsets.log_start, to);
  checkpoints.set(partition, offsets);
  co_return co_await checkpoints.write();
}

std::optional<unsigned> LogManager::shard_of(const LogPtr& log) const {
  const auto found = logs_.find(log->partition());
  if (found == logs_.end() || found->second.log != log) return std::nullopt;
  return found->second.shard;
}

std::optional<Offset> LogManager::cleaner_offset(const TopicPartition& partition) const {
  const auto found = logs_.find(partition);
  if (found == logs_.end()) return std::nullopt;
  return directories_[found->second.directory].checkpoints->cleaner_offset(partition);
}

Task<Result<>> LogManager::set_cleaner_offset(LogPtr log, Offset to) {
  const auto found = logs_.find(log->partition());
  if (found == logs_.end() || found->second.log != log) co_return Result<>{};
  DirectoryCheckpoints& checkpoints = *directories_[found->second.directory].checkpoints;
  checkpoints.set_cleaner_offset(log->partition(), to);
  co_return co_await checkpoints.write();
}

std::vector<LogPtr> LogManager::with_records_missing() const {
  std::vector<LogPtr> found;
  for (const auto& [partition, open] : logs_)
    if (open.log->recovered().records_missing) found.push_back(open.log);
  return found;
}

Task<Result<>> LogManager::told_missing() {
  Disk& disk = shards_[0]->disk;
  for (const LogPtr& log : with_records_missing()) {
    const std::string mark = log->directory() + "/" + std::string(kRecordsMissingFile);
    if (!disk.exists(mark)) continue;
    CO_TRY_VOID(disk.remove(mark));
    CO_TRY_VOID(co_await disk.sync_directory(log->directory()));
  }
  co_return Result<>{};
}

Task<std::vector<LogDirDescription>> LogManager::describe() {
  std::vector<LogDirDescription> descriptions;
  for (const Directory& directory : directories_) {
    LogDirDescription description{.path = directory.files.path(), .directory_id = directory.files.meta()->directory_id};
    if (const auto space = shards_[0]->disk.space(description.path)) description.space = *space;
    descriptions.push_back(std::move(description));
  }
  const auto logs = logs_by_shard();
  for (std::size_t i = 0; i < logs.size(); ++i) {
    const auto parts = co_await shards_[i]->call(*this, &LogManager::describe_here, logs[i]);
    Pace pace(kDescribedAtOnce);
    for (const auto& part : parts) {
      if (pace.due()) co_await give_way();
      if (const auto found = logs_.find(part.id); found != logs_.end())
        descriptions[found->second.directory].partitions.push_back(part);
    }
  }
  for (auto& [directory, part] : co_await describe_futures())
    descriptions[directory].partitions.push_back(std::move(part));
  co_return descriptions;
}

std::vector<LogDirDescription::Partition> LogManager::describe_here(std::vector<LogPtr> logs) {
  std::vector<LogDirDescription::Partition> parts;
  for (const LogPtr& log : logs)
    parts.push_back({log->partition(), log->size_bytes(), log->end_offset(), log->is_offline()});
  return parts;
}

// ---- Stopping

Task<Result<>> LogManager::stop() {
  *running_ = false;
  const auto logs = logs_by_shard();
  // All shards at once: each closes its own.
  std::vector<OneShot<Result<>>> done(logs.size());
  for (std::size_t i = 0; i < logs.size(); ++i) spawn(*shards_[0], close_on(this, i, logs[i], done[i]));
  Result<> all;
  for (const auto& one : done)
    if (auto result = co_await one.wait(); !result) all = std::move(result);
  co_await cleaner_->stop();
  co_await write_checkpoints();
  co_await retire_futures();
  if (!all) co_return all;
  for (Directory& directory : directories_) {
    // A log that was not opened in this life is as the last stop left it: after a crash nobody has looked at it.
    const bool unchecked = !directory.is_read || std::ranges::any_of(directory.partitions, [&](const auto& partition) {
      return !logs_.contains(partition) && !directory.as_stopped.contains(partition);
    });
    if (!unchecked) CO_TRY_VOID(co_await directory.files.mark_clean_shutdown(broker_epoch_));
  }
  log::info("logs closed", field("count", logs_.size()));
  co_return Result<>{};
}

Task<> LogManager::close_on(LogManager* manager, std::size_t shard, std::vector<LogPtr> logs, OneShot<Result<>> done) {
  done.set(co_await manager->shards_[shard]->call(*manager, &LogManager::close_here, std::move(logs)));
}

// A few at a time, as closing one is mostly waiting for its syncs.
Task<Result<>> LogManager::close_here(std::vector<LogPtr> logs) {
  const auto work = std::make_shared<Closing>(std::move(logs));
  const Executor executor = co_await boost::asio::this_coro::executor;
  std::vector<OneShot<bool>> workers(std::min<std::size_t>(kClosedAtOnce, work->logs.size()));
  for (const auto& worker : workers) spawn(executor, close_some(work, worker));
  for (const auto& worker : workers) co_await worker.wait();
  co_return work->result;
}

Task<> LogManager::close_some(std::shared_ptr<Closing> work, OneShot<bool> done) {
  while (work->next < work->logs.size()) {
    const LogPtr log = work->logs[work->next++];
    if (auto closed = co_await log->close(); !closed) {
      log::error("log not closed cleanly", field("partition", log->partition()), field("reason", closed.error()));
      work->result = std::move(closed);
    }
  }
  done.set(true);
}

}  // namespace thalweg::storage

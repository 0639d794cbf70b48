#include "storage/log_manager.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "storage/partition_metadata_file.h"

namespace thalweg::storage {

LogManager::LogManager(std::vector<const Shard*> shards, LogManagerConfig config)
    : shards_(std::move(shards)), config_(std::move(config)) {
  CHECK(!shards_.empty() && !config_.log_dirs.empty());
  for (const Shard* shard : shards_)
    files_.push_back(std::make_shared<FileCache>(shard->disk, config_.open_files_per_shard));
}

LogManager::~LogManager() { *running_ = false; }

// ---- Starting

Task<Result<>> LogManager::start(std::string cluster_id) {
  for (const std::string& path : config_.log_dirs) CO_TRY_VOID(co_await shards_[0]->disk.make_durable_directory(path));
  CO_TRY_VOID(open_directories(cluster_id));
  CO_TRY_VOID(co_await settle_identities());
  for (Directory& directory : directories_) CO_TRY_VOID(co_await read_directory(directory));
  spawn(*shards_[0], every(this, running_, config_.retention_check_interval, &LogManager::apply_retention));
  spawn(*shards_[0],
        every(this, running_, std::min(config_.checkpoint_interval, config_.start_offset_checkpoint_interval),
              &LogManager::write_checkpoints));
  spawn(*shards_[0],
        every(this, running_, config_.producer_id_expiration_check_interval, &LogManager::expire_producers));
  co_return Result<>{};
}

Result<> LogManager::open_directories(const std::string& cluster_id) {
  cluster_id_ = cluster_id;
  for (const std::string& path : config_.log_dirs) {
    TRY(DataDirectory files, DataDirectory::open(shards_[0]->disk, path));
    if (const auto& meta = files.meta()) {
      if (!meta->cluster_id.empty() && cluster_id_.empty()) cluster_id_ = meta->cluster_id;
      if (!meta->cluster_id.empty() && meta->cluster_id != cluster_id_)
        return fail(ErrorCode::kInconsistentClusterId,
                    fmt::format("log directory {} belongs to cluster {}, not {}", path, meta->cluster_id, cluster_id_));
      if (meta->node_id != kNoBroker && meta->node_id != config_.node_id)
        return fail(ErrorCode::kInvalidConfig, fmt::format("log directory {} belongs to node.id {}, not {}", path,
                                                           meta->node_id.value, config_.node_id.value));
    }
    directories_.push_back({.files = std::move(files)});
  }
  return {};
}

// Every directory has its own id, for life; what is missing in meta.properties is added.
Task<Result<>> LogManager::settle_identities() {
  for (Directory& directory : directories_) {
    MetaProperties meta = directory.files.meta().value_or(MetaProperties{});
    meta.cluster_id = cluster_id_;
    meta.node_id = config_.node_id;
    Random& random = shards_[0]->random;
    if (meta.directory_id.is_zero()) {
      const std::uint64_t high = random.next(), low = random.next();
      meta.directory_id = Uuid::from_random(high, low);
    }
    if (directory.files.meta() != meta) CO_TRY_VOID(co_await directory.files.write_meta(meta));
  }
  co_return Result<>{};
}

Task<Result<>> LogManager::read_directory(Directory& directory) {
  const DataDirectory& files = directory.files;
  directory.clean = files.clean_shutdown();
  CO_TRY(directory.recovery_points, files.read_checkpoint(kRecoveryPointFile));
  CO_TRY(directory.log_starts, files.read_checkpoint(kLogStartOffsetFile));
  CO_TRY(directory.high_watermarks, files.read_checkpoint(kHighWatermarkFile));
  CO_TRY(const auto folders, files.folders());
  directory.partitions.insert(folders.partitions.begin(), folders.partitions.end());
  for (const std::string& name : folders.deleted)
    CO_TRY_VOID(shards_[0]->disk.remove_directory(files.path() + "/" + name));
  if (directory.clean) CO_TRY_VOID(co_await files.clear_clean_shutdown());
  log::info("log directory opened", field("path", files.path()), field("partitions", directory.partitions.size()),
            field("clean_shutdown", directory.clean));
  co_return Result<>{};
}

std::vector<Uuid> LogManager::directory_ids() const {
  std::vector<Uuid> ids;
  for (const Directory& directory : directories_) ids.push_back(directory.files.meta()->directory_id);
  return ids;
}

Task<> LogManager::every(LogManager* manager, std::shared_ptr<const bool> running, Millis interval, Step step) {
  const Shard* const shard = manager->shards_[0];
  while (true) {
    co_await shard->clock.sleep_for(interval);
    if (!*running) co_return;
    co_await (manager->*step)();
    if (!*running) co_return;
  }
}

// ---- Opening and removing

std::optional<std::size_t> LogManager::directory_of(const TopicPartition& partition) const {
  for (std::size_t i = 0; i < directories_.size(); ++i)
    if (directories_[i].partitions.contains(partition)) return i;
  return std::nullopt;
}

std::size_t LogManager::directory_for(const TopicPartition& partition) const {
  if (const auto found = directory_of(partition)) return *found;
  std::size_t best = 0;
  for (std::size_t i = 1; i < directories_.size(); ++i)
    if (directories_[i].partitions.size() < directories_[best].partitions.size()) best = i;
  return best;
}

Task<Result<LogPtr>> LogManager::open(TopicPartition partition, Uuid topic_id, LogConfig config, unsigned shard) {
  CHECK(shard < shards_.size());
  if (const LogPtr log = find(partition)) {
    if (log->topic_id() == topic_id || topic_id.is_zero()) co_return log;
    co_return fail(ErrorCode::kInconsistentTopicId,
                   to_string(partition) + " is open with topic id " + to_string(log->topic_id()));
  }
  if (!opening_.insert(partition).second)
    co_return fail(ErrorCode::kReplicaNotAvailable, to_string(partition) + " is being opened");
  const std::size_t at = directory_for(partition);
  const bool fresh = directories_[at].partitions.insert(partition).second;
  // A partition of the same name was here before; its offsets say nothing about the new one.
  Result<> forgotten = fresh ? co_await forget_offsets(directories_[at], partition) : Result<>{};
  const Directory& directory = directories_[at];
  const auto offset_in = [&](const OffsetCheckpoint& checkpoint) {
    const auto found = checkpoint.find(partition);
    return found == checkpoint.end() ? Offset{0} : found->second;
  };
  LogOptions options;
  options.directory = directory.files.folder_of(partition);
  options.partition = partition;
  options.topic_id = topic_id;
  options.config = std::move(config);
  options.recovery_point = offset_in(directory.recovery_points);
  options.log_start = offset_in(directory.log_starts);
  options.high_watermark = offset_in(directory.high_watermarks);
  options.clean_shutdown = directory.clean;
  options.sync_every_append = config_.sync_every_append;
  options.lower_recovery_point = [this](TopicPartition p, Offset to) {
    return shards_[0]->call(*this, &LogManager::lower_recovery_point, std::move(p), to);
  };
  auto opened = forgotten ? co_await shards_[shard]->call(*this, &LogManager::open_here, shard, std::move(options))
                          : Result<LogPtr>(std::unexpected(forgotten.error()));
  opening_.erase(partition);
  if (opened) logs_[partition] = {*opened, shard, at};
  co_return opened;
}

Task<> LogManager::retire_here(LogPtr log) {
  log->retire();
  co_return;
}

Task<Result<LogPtr>> LogManager::open_here(unsigned shard, LogOptions options) {
  options.files = files_[shard];
  co_return co_await Log::open(*shards_[shard], std::move(options));
}

LogPtr LogManager::find(const TopicPartition& partition) const {
  const auto found = logs_.find(partition);
  return found == logs_.end() ? nullptr : found->second.log;
}

Task<Result<>> LogManager::forget_offsets(Directory& directory, const TopicPartition& partition) {
  const bool known = directory.recovery_points.erase(partition) + directory.log_starts.erase(partition) +
                         directory.high_watermarks.erase(partition) >
                     0;
  if (!known) co_return Result<>{};
  const auto turn = co_await checkpoint_turn_.take();
  co_return co_await write_offsets(directory);
}

Task<Result<>> LogManager::remove(TopicPartition partition) {
  const auto found = logs_.find(partition);
  if (found == logs_.end())
    co_return fail(ErrorCode::kUnknownTopicOrPartition, to_string(partition) + " is not open here");
  const OpenLog open = std::move(found->second);
  logs_.erase(found);
  opening_.insert(partition);  // nobody opens the folder again before it has its other name
  co_await shards_[open.shard]->call(*this, &LogManager::retire_here, open.log);
  opening_.erase(partition);
  Directory& directory = directories_[open.directory];
  directory.partitions.erase(partition);
  // As Kafka names it, and not longer than a file name may be.
  const std::uint64_t a = shards_[0]->random.next(), b = shards_[0]->random.next();
  const std::string suffix = fmt::format("-{}.{:016x}{:016x}-delete", partition.partition.value, a, b);
  const std::string aside = directory.files.path() + "/" + partition.topic.substr(0, 255 - suffix.size()) + suffix;
  CO_TRY_VOID(shards_[0]->disk.rename(open.log->directory(), aside));
  CO_TRY_VOID(co_await shards_[0]->disk.sync_directory(directory.files.path()));
  log::info("log removed", field("partition", partition), field("moved_to", aside));
  spawn(*shards_[0], remove_folder_later(shards_[0], aside, open.log->config().file_delete_delay_ms));
  co_return co_await forget_offsets(directory, partition);
}

Task<> LogManager::remove_folder_later(const Shard* shard, std::string path, Millis delay) {
  co_await shard->clock.sleep_for(delay);
  if (auto removed = shard->disk.remove_directory(path); !removed)
    log::warn("folder not removed", field("path", path), field("reason", removed.error()));
}

std::vector<UnopenedLog> LogManager::unopened() const {
  std::vector<UnopenedLog> found;
  for (const Directory& directory : directories_) {
    for (const TopicPartition& partition : directory.partitions) {
      if (logs_.contains(partition) || opening_.contains(partition)) continue;
      UnopenedLog log{partition, {}, directory.files.folder_of(partition)};
      if (const auto text = shards_[0]->disk.read_file(log.directory + "/" + std::string(kPartitionMetadataFile)))
        log.topic_id = parse_partition_metadata(text->text()).value_or(Uuid{});
      found.push_back(std::move(log));
    }
  }
  return found;
}

Result<> LogManager::set_aside(TopicPartition partition) {
  const auto at = directory_of(partition);
  if (!at || logs_.contains(partition) || opening_.contains(partition))
    return fail(ErrorCode::kInvalidRequest, to_string(partition) + " is open or not here");
  const std::string path = directories_[*at].files.folder_of(partition);
  const std::string aside = fmt::format("{}.{:016x}-stray", path, shards_[0]->random.next());
  TRY_VOID(shards_[0]->disk.rename(path, aside));
  directories_[*at].partitions.erase(partition);
  log::warn("stray partition set aside", field("partition", partition), field("moved_to", aside));
  return {};
}

// ---- Tending

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
    co_await shards_[i]->call(*this, &LogManager::expire_producers_here, logs[i]);
}

Task<> LogManager::expire_producers_here(std::vector<LogPtr> logs) {
  for (const LogPtr& log : logs) log->expire_producers(config_.producer_id_expiration);
  co_return;
}

Task<> LogManager::write_checkpoints() {
  const auto turn = co_await checkpoint_turn_.take();
  const auto logs = logs_by_shard();
  for (std::size_t i = 0; i < logs.size(); ++i) {
    const auto states = co_await shards_[i]->call(*this, &LogManager::checkpoint_here, logs[i]);
    for (const Checkpointed& state : states) {
      const auto found = logs_.find(state.partition);
      if (found == logs_.end()) continue;  // removed meanwhile
      Directory& directory = directories_[found->second.directory];
      directory.recovery_points[state.partition] = state.recovery_point;
      directory.log_starts[state.partition] = state.log_start;
      directory.high_watermarks[state.partition] = state.high_watermark;
    }
  }
  for (Directory& directory : directories_)
    if (const auto written = co_await write_offsets(directory); !written)
      log::warn("checkpoint not written", field("directory", directory.files.path()), field("reason", written.error()));
}

Task<std::vector<LogManager::Checkpointed>> LogManager::checkpoint_here(std::vector<LogPtr> logs) {
  std::vector<Checkpointed> states;
  for (const LogPtr& log : logs) {
    if (const auto done = co_await log->checkpoint(); !done && !log->is_offline())
      log::warn("log not checkpointed", field("partition", log->partition()), field("reason", done.error()));
    states.push_back({log->partition(), log->recovery_point(), log->start_offset(), log->high_watermark()});
  }
  co_return states;
}

Task<Result<>> LogManager::write_offsets(Directory& directory) {
  CO_TRY_VOID(co_await directory.files.write_checkpoint(kRecoveryPointFile, directory.recovery_points));
  OffsetCheckpoint starts;
  for (const auto& [partition, start] : directory.log_starts)
    if (start > Offset{0}) starts[partition] = start;
  CO_TRY_VOID(co_await directory.files.write_checkpoint(kLogStartOffsetFile, std::move(starts)));
  co_return co_await directory.files.write_checkpoint(kHighWatermarkFile, directory.high_watermarks);
}

Task<Result<>> LogManager::lower_recovery_point(TopicPartition partition, Offset to) {
  const auto turn = co_await checkpoint_turn_.take();
  const auto found = logs_.find(partition);
  if (found == logs_.end()) co_return Result<>{};
  Directory& directory = directories_[found->second.directory];
  Offset& point = directory.recovery_points[partition];
  Offset& start = directory.log_starts[partition];
  if (point <= to && start <= to) co_return Result<>{};
  point = std::min(point, to);
  start = std::min(start, to);
  co_return co_await write_offsets(directory);
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
    for (const auto& part : parts)
      if (const auto found = logs_.find(part.id); found != logs_.end())
        descriptions[found->second.directory].partitions.push_back(part);
  }
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
  co_await write_checkpoints();
  if (!all) co_return all;
  for (Directory& directory : directories_) {
    // A log that was not opened in this life is as the last crash left it, and nobody has looked at it.
    const bool unchecked = std::ranges::any_of(directory.partitions, [&](const auto& p) { return !logs_.contains(p); });
    if (directory.clean || !unchecked) CO_TRY_VOID(co_await directory.files.mark_clean_shutdown());
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

#include "storage/log_manager.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "runtime/gather.h"
#include "runtime/yielding.h"
#include "storage/partition_metadata_file.h"

namespace thalweg::storage {

namespace {

// Of two intervals of which 0 is never.
Millis shorter(Millis a, Millis b) { return a <= Millis(0) || b <= Millis(0) ? std::max(a, b) : std::min(a, b); }

constexpr std::size_t kDescribedAtOnce = 1000;  // logs

}  // namespace

LogManager::LogManager(std::vector<const Shard*> shards, LogManagerConfig config)
    : shards_(std::move(shards)), config_(std::move(config)), producer_id_expiration_(config_.producer_id_expiration) {
  CHECK(!shards_.empty() && !config_.log_dirs.empty());
  // Half of what the disk grants is for files that are held, as until the next sync of what was written to them.
  const std::size_t most = std::max(kOpenFilesMin, shards_[0]->disk.open_files_max() / shards_.size());
  const std::size_t usual = std::min(config_.open_files_per_shard, most / 2);
  for (const Shard* shard : shards_) files_.push_back(std::make_shared<FileCache>(shard->disk, usual, most));
}

LogManager::~LogManager() { *running_ = false; }

// ---- Starting

Task<Result<>> LogManager::start(std::string cluster_id) {
  for (const std::string& path : config_.log_dirs)
    if (auto made = co_await DataDirectory::make(shards_[0]->disk, path); !made)
      co_return std::unexpected(DataDirectory::explained(path, made.error()));
  CO_TRY_VOID(open_directories(cluster_id));
  for (Directory& directory : directories_) {
    const bool is_new = !directory.files.meta();
    auto ready = co_await settle_identity(directory);
    if (ready) ready = co_await read_directory(directory, is_new);
    if (!ready) co_return std::unexpected(DataDirectory::explained(directory.files.path(), ready.error()));
  }
  CO_TRY_VOID(co_await settle_moves());
  spawn(*shards_[0], every(this, running_, config_.retention_check_interval, &LogManager::apply_retention));
  spawn(*shards_[0],
        every(this, running_, shorter(config_.checkpoint_interval, config_.start_offset_checkpoint_interval),
              &LogManager::write_checkpoints));
  spawn(*shards_[0],
        every(this, running_, config_.producer_id_expiration_check_interval, &LogManager::expire_producers));
  co_return Result<>{};
}

Task<Result<>> LogManager::join_cluster(std::string cluster_id) {
  CHECK(cluster_id_.empty() || cluster_id_ == cluster_id);
  cluster_id_ = std::move(cluster_id);
  for (Directory& directory : directories_)
    if (auto settled = co_await settle_identity(directory); !settled)
      co_return std::unexpected(DataDirectory::explained(directory.files.path(), settled.error()));
  co_return Result<>();
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
    auto checkpoints = std::make_shared<DirectoryCheckpoints>(shards_[0]->disk, files.path());
    directories_.push_back({.files = std::move(files), .checkpoints = std::move(checkpoints)});
  }
  return {};
}

// Every directory has its own id, for life; what is missing in meta.properties is added.
Task<Result<>> LogManager::settle_identity(Directory& directory) {
  MetaProperties meta = directory.files.meta().value_or(MetaProperties{});
  meta.cluster_id = cluster_id_;
  meta.node_id = config_.node_id;
  if (meta.directory_id.is_zero()) {
    const std::uint64_t high = shards_[0]->random.next(), low = shards_[0]->random.next();
    meta.directory_id = Uuid::from_random(high, low);
  }
  if (directory.files.meta() == meta) co_return Result<>{};
  co_return co_await directory.files.write_meta(meta);
}

Task<Result<>> LogManager::read_directory(Directory& directory, bool is_new) {
  const DataDirectory& files = directory.files;
  const bool clean = files.clean_shutdown();
  CO_TRY_VOID(directory.checkpoints->read());
  // A process that was killed may have left names that are in the cache alone, and acts follow from what they say.
  // After a clean stop they are synced with the end of its marker, and in a new directory with its meta.properties.
  if (!clean && !is_new) CO_TRY_VOID(co_await shards_[0]->disk.sync_directory(files.path()));
  CO_TRY(const auto folders, files.folders());
  directory.partitions.insert(folders.partitions.begin(), folders.partitions.end());
  if (clean) directory.as_stopped = directory.partitions;
  // Of folders whose end a crash did not leave time to write down.
  directory.checkpoints->forget_all_but(
      [&](const auto& partition) { return directory.partitions.contains(partition); });
  std::vector<std::string> deleted;
  for (const std::string& name : folders.deleted) deleted.push_back(files.path() + "/" + name);
  if (clean) CO_TRY_VOID(co_await files.clear_clean_shutdown());
  find_futures(std::size_t(&directory - directories_.data()), folders);
  if (!deleted.empty()) spawn(*shards_[0], remove_folders_later(shards_[0], std::move(deleted), Millis(0)));
  log::info("log directory opened", field("path", files.path()), field("partitions", directory.partitions.size()),
            field("clean_shutdown", clean));
  co_return Result<>{};
}

std::vector<Uuid> LogManager::directory_ids() const {
  std::vector<Uuid> ids;
  for (const Directory& directory : directories_) ids.push_back(directory.files.meta()->directory_id);
  return ids;
}

Uuid LogManager::directory_id_of(const TopicPartition& partition) const {
  const auto open = logs_.find(partition);
  CHECK(open != logs_.end());
  return directories_[open->second.directory].files.meta()->directory_id;
}

Task<> LogManager::every(LogManager* manager, std::shared_ptr<const bool> running, Millis interval, Step step) {
  const Shard* const shard = manager->shards_[0];
  while (interval > Millis(0)) {
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
  if (const auto preferred = preferred_.find(partition); preferred != preferred_.end()) return preferred->second;
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
  if (!*running_) co_return fail(ErrorCode::kReplicaNotAvailable, "the logs are being closed");
  if (!opening_.insert(partition).second)
    co_return fail(ErrorCode::kReplicaNotAvailable, to_string(partition) + " is being opened");
  auto opened = co_await open_alone(partition, topic_id, std::move(config), shard);
  opening_.erase(partition);
  co_return opened;
}

Task<Result<LogPtr>> LogManager::open_alone(TopicPartition partition, Uuid topic_id, LogConfig config, unsigned shard) {
  CO_TRY_VOID(co_await until_gone(partition));
  if (const Uuid owner = topic_id_of_folder(partition); !owner.is_zero() && !topic_id.is_zero() && owner != topic_id) {
    log::warn("folder belongs to a topic that is no more", field("partition", partition), field("topic_id", owner));
    CO_TRY_VOID(set_aside_alone(partition));
    CO_TRY_VOID(co_await until_gone(partition));
  }
  const std::size_t at = directory_for(partition);
  directories_[at].partitions.insert(partition);
  auto opened = co_await shards_[shard]->call(*this, &LogManager::open_here, shard,
                                              options_of(at, partition, topic_id, std::move(config)));
  if (!opened) co_return opened;
  if (!*running_) {
    // Nobody would close it. If it was checked, that is not on disk: its directory was not left clean (seed 207 of
    // log_sim_test).
    std::vector<LogPtr> late{*opened};
    co_await shards_[shard]->call(*this, &LogManager::retire_here, std::move(late));
    co_return fail(ErrorCode::kReplicaNotAvailable, "the logs are being closed");
  }
  directories_[at].as_stopped.erase(partition);
  logs_[partition] = {*opened, shard, at};
  preferred_.erase(partition);
  co_return opened;
}

// What had this name before has left it on disk, too.
Task<Result<>> LogManager::until_gone(TopicPartition partition) {
  for (Directory& directory : directories_)
    if (directory.checkpoints->is_leaving(partition)) CO_TRY_VOID(co_await directory.checkpoints->write());
  co_return Result<>{};
}

LogOptions LogManager::options_of(std::size_t at, const TopicPartition& partition, Uuid topic_id, LogConfig config) {
  const Directory& directory = directories_[at];
  const auto offsets = directory.checkpoints->of(partition);
  LogOptions options;
  options.directory = directory.files.folder_of(partition);
  options.partition = partition;
  options.topic_id = topic_id;
  options.config = std::move(config);
  options.recovery_point = offsets.recovery_point;
  options.log_start = offsets.log_start;
  options.high_watermark = offsets.high_watermark;
  options.clean_shutdown = directory.as_stopped.contains(partition);
  options.sync_every_append = config_.sync_every_append;
  options.lower_recovery_point = [this](TopicPartition p, Offset to) {
    return shards_[0]->call(*this, &LogManager::lower_recovery_point, std::move(p), to);
  };
  options.raise_start = [this](TopicPartition p, Offset to) {
    return shards_[0]->call(*this, &LogManager::raise_start, std::move(p), to);
  };
  return options;
}

// As its partition.metadata says; zero when it does not say, or when there is no folder.
Uuid LogManager::topic_id_of_folder(const TopicPartition& partition) const {
  const auto at = directory_of(partition);
  if (!at) return {};
  const std::string path = directories_[*at].files.folder_of(partition) + "/" + std::string(kPartitionMetadataFile);
  const auto text = shards_[0]->disk.read_file(path);
  return text ? parse_partition_metadata(text->text()).value_or(Uuid{}) : Uuid{};
}

// Nothing was ever in it, not even whose it is.
bool LogManager::is_blank(const TopicPartition& partition) const {
  const auto at = directory_of(partition);
  const auto files = at ? shards_[0]->disk.list(directories_[*at].files.folder_of(partition))
                        : fail(ErrorCode::kUnknownTopicOrPartition);
  return files && files->empty();
}

Task<bool> LogManager::retire_here(std::vector<LogPtr> logs) {
  Pace pace(kRenamedAtOnce);
  for (const LogPtr& log : logs) {
    log->retire();
    if (pace.due()) co_await give_way();
  }
  co_return true;
}

Task<Result<LogPtr>> LogManager::open_here(unsigned shard, LogOptions options) {
  options.files = files_[shard];
  co_return co_await Log::open(*shards_[shard], std::move(options));
}

LogPtr LogManager::find(const TopicPartition& partition) const {
  const auto found = logs_.find(partition);
  return found == logs_.end() ? nullptr : found->second.log;
}

Task<> LogManager::remove(std::string topic, Uuid topic_id, std::vector<PartitionId> partitions) {
  std::vector<std::vector<LogPtr>> open(shards_.size());
  std::vector<TopicPartition> going;
  for (const PartitionId number : partitions) co_await until_settled({topic, number});
  Millis delay = LogConfig{}.file_delete_delay_ms;
  Pace pace(kRenamedAtOnce);
  for (const PartitionId number : partitions) {
    if (pace.due()) co_await give_way();
    const TopicPartition partition{topic, number};
    const auto found = logs_.find(partition);
    const Uuid owner = found == logs_.end() ? topic_id_of_folder(partition) : found->second.log->topic_id();
    const bool is_theirs = owner.is_zero() ? is_blank(partition) : owner == topic_id;
    if (!is_theirs || !opening_.insert(partition).second) continue;
    going.push_back(partition);  // and nobody opens the folder again before it has its other name
    if (found == logs_.end()) continue;
    delay = found->second.log->config().file_delete_delay_ms;
    open[found->second.shard].push_back(found->second.log);
    logs_.erase(found);
  }
  std::vector<Task<bool>> retiring;
  for (std::size_t i = 0; i < shards_.size(); ++i)
    if (!open[i].empty()) retiring.push_back(shards_[i]->call(*this, &LogManager::retire_here, std::move(open[i])));
  co_await gather(std::move(retiring));
  std::vector<std::string> deleted;
  for (std::size_t i = 0; i < going.size(); ++i) {
    auto aside = move_aside(going[i], name_when_deleted(going[i]));
    opening_.erase(going[i]);
    if (aside)
      deleted.push_back(*std::move(aside));
    else
      log::error("partition could not be removed", field("partition", going[i]), field("error", aside.error()));
    if (i % kRenamedAtOnce == kRenamedAtOnce - 1) co_await give_way();
  }
  if (deleted.empty()) co_return;
  settle_soon();
  log::info("logs removed", field("topic", topic), field("topic_id", topic_id), field("partitions", deleted.size()));
  spawn(*shards_[0], remove_folders_later(shards_[0], std::move(deleted), delay));
}

// As Kafka names it, and not longer than a file name may be.
std::string LogManager::name_when_deleted(const TopicPartition& partition) {
  const std::uint64_t a = shards_[0]->random.next(), b = shards_[0]->random.next();
  const std::string suffix = fmt::format("-{}.{:016x}{:016x}-delete", partition.partition.value, a, b);
  return partition.topic.substr(0, 255 - suffix.size()) + suffix;
}

// The folder gets another name and its offsets are forgotten, both soon on disk. Answers where it is.
// REQUIRES: its log is not open
Result<std::string> LogManager::move_aside(const TopicPartition& partition, std::string to) {
  const auto at = directory_of(partition);
  if (!at) return fail(ErrorCode::kUnknownTopicOrPartition, to_string(partition) + " is not here");
  Directory& directory = directories_[*at];
  const std::string path = directory.files.folder_of(partition), aside = directory.files.path() + "/" + to;
  if (shards_[0]->disk.exists(path)) TRY_VOID(shards_[0]->disk.rename(path, aside));
  directory.partitions.erase(partition);
  directory.as_stopped.erase(partition);
  directory.checkpoints->forget(partition);
  return aside;
}

void LogManager::settle_soon() {
  for (const Directory& directory : directories_)
    if (directory.checkpoints->has_leaving()) spawn(*shards_[0], settle(directory.checkpoints, directory.files.path()));
}

Task<> LogManager::settle(std::shared_ptr<DirectoryCheckpoints> checkpoints, std::string directory) {
  if (const auto written = co_await checkpoints->write(); !written)
    log::warn("removed partitions are not written down yet", field("directory", directory),
              field("reason", written.error()));
}

Task<> LogManager::remove_folders_later(const Shard* shard, std::vector<std::string> paths, Millis delay) {
  if (delay > Millis(0)) co_await shard->clock.sleep_for(delay);
  for (std::string& path : paths)
    if (auto removed = co_await shard->disk.remove_in_background(path); !removed)
      log::warn("folder not removed", field("path", path), field("reason", removed.error()));
}

std::vector<UnopenedLog> LogManager::unopened() const {
  std::vector<UnopenedLog> found;
  for (const Directory& directory : directories_)
    for (const TopicPartition& partition : directory.partitions)
      if (!logs_.contains(partition) && !opening_.contains(partition))
        found.push_back({partition, topic_id_of_folder(partition), directory.files.folder_of(partition)});
  return found;
}

Result<> LogManager::set_aside(TopicPartition partition) {
  if (logs_.contains(partition) || opening_.contains(partition) || !directory_of(partition))
    return fail(ErrorCode::kInvalidRequest, to_string(partition) + " is open or not here");
  return set_aside_alone(partition);
}

Result<> LogManager::set_aside_alone(const TopicPartition& partition) {
  if (is_blank(partition)) {  // there is nothing to judge
    TRY(std::string gone, move_aside(partition, name_when_deleted(partition)));
    settle_soon();
    spawn(*shards_[0], remove_folders_later(shards_[0], {std::move(gone)}, Millis(0)));
    return {};
  }
  TRY(const std::string aside,
      move_aside(partition, fmt::format("{}.{:016x}-stray", to_string(partition), shards_[0]->random.next())));
  settle_soon();
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
  co_await write_checkpoints();
  co_await retire_futures();
  if (!all) co_return all;
  for (Directory& directory : directories_) {
    // A log that was not opened in this life is as the last stop left it: after a crash nobody has looked at it.
    const bool unchecked = std::ranges::any_of(directory.partitions, [&](const auto& partition) {
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

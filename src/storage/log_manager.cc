#include "storage/log_manager.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "runtime/yielding.h"
#include "storage/partition_metadata_file.h"

namespace thalweg::storage {

namespace {

// Of two intervals of which 0 is never.
Millis shorter(Millis a, Millis b) { return a <= Millis(0) || b <= Millis(0) ? std::max(a, b) : std::min(a, b); }

}  // namespace

LogManager::LogManager(std::vector<const Shard*> shards, LogManagerConfig config)
    : shards_(std::move(shards)), config_(std::move(config)), producer_id_expiration_(config_.producer_id_expiration) {
  CHECK(!shards_.empty() && !config_.log_dirs.empty());
  // Half of what the disk grants is for files that are held, as until the next sync of what was written to them.
  const std::size_t most = std::max(kOpenFilesMin, shards_[0]->disk.open_files_max() / shards_.size());
  const std::size_t usual = std::min(config_.open_files_per_shard, most / 2);
  for (const Shard* shard : shards_) files_.push_back(std::make_shared<FileCache>(shard->disk, usual, most));
  cleaner_ = std::make_shared<LogCleaner>(*this, shards_, config_.cleaner);
}

LogManager::~LogManager() {
  *running_ = false;
  cleaner_->abandon();
}

// ---- Starting

Task<Result<>> LogManager::start(std::string cluster_id, DirectoriesBefore before) {
  one_is_away_ = before.one_is_away;
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
  CO_TRY_VOID(settle_twins(before.were_away));
  settle_lost();
  spawn(*shards_[0], every(this, running_, config_.retention_check_interval, &LogManager::apply_retention));
  spawn(*shards_[0],
        every(this, running_, shorter(config_.checkpoint_interval, config_.start_offset_checkpoint_interval),
              &LogManager::write_checkpoints));
  spawn(*shards_[0],
        every(this, running_, config_.producer_id_expiration_check_interval, &LogManager::expire_producers));
  cleaner_->follow(config_.cleaner);
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
  directory.is_read = true;
  directory.lost = without_folders(directory, folders);
  // Of folders whose end a crash did not leave time to write down.
  const std::size_t forgotten = directory.checkpoints->forget_all_but([&](const auto& partition) {
    return directory.partitions.contains(partition) || directory.lost.contains(partition);
  });
  // Without their remains these would look lost to the next start. On a full disk they may.
  if (forgotten > 0 && !folders.deleted.empty()) (void)co_await directory.checkpoints->write();
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

// ---- Opening

std::optional<std::size_t> LogManager::directory_of(const TopicPartition& partition) const {
  for (std::size_t i = 0; i < directories_.size(); ++i)
    if (directories_[i].partitions.contains(partition)) return i;
  return std::nullopt;
}

std::size_t LogManager::directory_for(const TopicPartition& partition) const {
  if (const auto found = directory_of(partition)) return *found;
  for (std::size_t i = 0; i < directories_.size(); ++i)
    if (directories_[i].lost.contains(partition)) return i;
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
    if (image_may_be_old_)
      co_return fail(ErrorCode::kInconsistentTopicId,
                     fmt::format("{} has the log of topic id {}, of which nothing is known yet", to_string(partition),
                                 to_string(owner)));
    log::warn("folder belongs to a topic that is no more", field("partition", partition), field("topic_id", owner));
    CO_TRY_VOID(set_aside_alone(partition));
    CO_TRY_VOID(co_await until_gone(partition));
  }
  const std::size_t at = directory_for(partition);
  if (directories_[at].lost.contains(partition)) CO_TRY_VOID(co_await begin_lost(at, partition));
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

}  // namespace thalweg::storage

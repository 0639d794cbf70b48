// Moves of logs between directories: the second half of LogManager.
//
// A log that is to lie elsewhere is copied into a folder "...-future" there. Once the copy has everything, it takes the
// log's place in steps of which each is on disk before the next:
//
//   1  the future log is closed: all of it is on disk, and its checkpoint is written in the directory it lies in
//   2  its folder gets a file that says what it is for (kReplacesFile)
//   3  the folder is renamed to the log's name                             from here on it is the log
//   4  the old folder is renamed to "...-delete"
//   5  the file goes
//
// After a crash before 3 there is a copy, which is gone on with. After one between 3 and 4 there are two folders of one
// name, and the one with the file counts: nothing was appended to the other since.
#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "storage/log_manager.h"
#include "storage/partition_metadata_file.h"

namespace thalweg::storage {
namespace {

constexpr std::string_view kReplacesFile = "replaces-other-directory";

std::string marker_in(const std::string& folder) { return folder + "/" + std::string(kReplacesFile); }

// Gone from the disk when it returns.
Task<Result<>> remove_marker(Disk& disk, std::string folder) {
  if (!disk.exists(marker_in(folder))) co_return Result<>();
  CO_TRY_VOID(disk.remove(marker_in(folder)));
  co_return co_await disk.sync_directory(folder);
}

}  // namespace

// ---- What is where

Result<std::size_t> LogManager::index_of(std::string path) const {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  for (std::size_t i = 0; i < directories_.size(); ++i)
    if (directories_[i].files.path() == path) return i;
  return fail(ErrorCode::kLogDirNotFound, "Log dir " + path + " is not found in the config.");
}

Result<> LogManager::prefer(TopicPartition partition, std::string directory) {
  TRY(const std::size_t at, index_of(std::move(directory)));
  if (!logs_.contains(partition)) preferred_[partition] = at;
  return {};
}

std::optional<std::string> LogManager::directory_of_log(const TopicPartition& partition) const {
  const auto open = logs_.find(partition);
  if (open == logs_.end()) return std::nullopt;
  return directories_[open->second.directory].files.path();
}

std::optional<std::string> LogManager::directory_of_future(const TopicPartition& partition) const {
  const auto future = futures_.find(partition);
  if (future == futures_.end()) return std::nullopt;
  return directories_[future->second.directory].files.path();
}

std::vector<TopicPartition> LogManager::futures() const {
  std::vector<TopicPartition> all;
  for (const auto& [partition, future] : futures_) all.push_back(partition);
  return all;
}

// ---- At the start

// Of two copies the second is of no use.
void LogManager::find_futures(std::size_t directory, const DataDirectory::Folders& folders) {
  std::vector<std::string> extra;
  for (const auto& [partition, folder] : folders.futures)
    if (!futures_.try_emplace(partition, Future{directory, folder, nullptr}).second)
      extra.push_back(directories_[directory].files.path() + "/" + folder);
  if (!extra.empty()) spawn(*shards_[0], remove_folders_later(shards_[0], std::move(extra), Millis(0)));
}

// A crash in the middle of a move leaves a log in two directories.
Task<Result<>> LogManager::settle_moves() {
  std::vector<std::pair<TopicPartition, std::size_t>> complete;
  for (std::size_t i = 0; i < directories_.size(); ++i)
    for (const TopicPartition& partition : directories_[i].partitions) {
      const bool twice = std::ranges::count_if(directories_, [&](const Directory& directory) {
                           return directory.partitions.contains(partition);
                         }) > 1;
      if (twice && shards_[0]->disk.exists(marker_in(directories_[i].files.folder_of(partition))))
        complete.emplace_back(partition, i);
    }
  for (const auto& [partition, to] : complete) CO_TRY_VOID(co_await settle_move(partition, to));
  co_return Result<>();
}

Task<Result<>> LogManager::settle_move(TopicPartition partition, std::size_t to) {
  const DataDirectory& files = directories_[to].files;
  // A crash of the process alone left the new name in memory; the old folder must not go first.
  CO_TRY_VOID(co_await shards_[0]->disk.sync_directory(files.path()));
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    if (i == to || !directories_[i].partitions.contains(partition)) continue;
    const auto left = co_await leave_directory(partition, i);
    if (!left)
      co_return fail(ErrorCode::kKafkaStorageError,
                     "the folder of " + to_string(partition) + " cannot leave " + directories_[i].files.path());
    spawn(*shards_[0], remove_folders_later(shards_[0], {*left}, Millis(0)));
  }
  log::info("move between directories completed after a crash", field("partition", partition),
            field("directory", files.path()));
  co_return co_await remove_marker(shards_[0]->disk, files.folder_of(partition));
}

// The folder there gets its last name; on disk when it returns. Nothing where that failed: the next start sees to it.
Task<std::optional<std::string>> LogManager::leave_directory(TopicPartition partition, std::size_t from) {
  Directory& directory = directories_[from];
  const std::string aside = directory.files.path() + "/" + name_when_deleted(partition);
  auto left = shards_[0]->disk.rename(directory.files.folder_of(partition), aside);
  directory.partitions.erase(partition);
  directory.as_stopped.erase(partition);
  directory.checkpoints->forget(partition);
  if (left) left = co_await directory.checkpoints->write();
  if (left) co_return aside;
  log::error("folder of a log that was moved is left", field("partition", partition),
             field("directory", directory.files.path()), field("error", left.error()));
  co_return std::nullopt;
}

// ---- While it is filled

LogOptions LogManager::options_of_future(const Future& future, const Log& log) const {
  LogOptions options;
  options.directory = directories_[future.directory].files.path() + "/" + future.folder;
  options.partition = log.partition();
  options.topic_id = log.topic_id();
  options.sync_every_append = config_.sync_every_append;
  return options;
}

Task<Result<LogPtr>> LogManager::open_future(TopicPartition partition, std::string directory) {
  CO_TRY(const std::size_t at, index_of(std::move(directory)));
  const auto open = logs_.find(partition);
  if (open == logs_.end() || !*running_)
    co_return fail(ErrorCode::kReplicaNotAvailable, to_string(partition) + " is not open here");
  const OpenLog current = open->second;
  Future future{at, {}, nullptr};
  if (const auto known = futures_.find(partition); known != futures_.end()) {
    CHECK(!known->second.log && known->second.directory == at);
    future = known->second;
  } else {
    const std::uint64_t high = shards_[0]->random.next(), low = shards_[0]->random.next();
    future.folder = future_folder_name(partition, high, low);
    constexpr std::size_t kNameMax = 255;
    if (future.folder.size() > kNameMax)
      co_return fail(ErrorCode::kInvalidTopicException, "The topic name is too long.");
    futures_[partition] = future;
  }
  auto options = options_of_future(future, *current.log);
  // It was complete once; from now on the log goes on without it.
  CO_TRY_VOID(co_await remove_marker(shards_[0]->disk, options.directory));
  auto opened = co_await shards_[current.shard]->call(*this, &LogManager::open_here, current.shard, std::move(options));
  if (opened) futures_.at(partition).log = *opened;
  co_return opened;
}

Task<> LogManager::drop_future(TopicPartition partition) {
  const auto node = futures_.extract(partition);
  if (!node) co_return;
  const Future& future = node.mapped();
  const auto open = logs_.find(partition);
  const unsigned shard = open == logs_.end() ? 0 : open->second.shard;
  if (future.log) co_await shards_[shard]->call(*this, &LogManager::retire_here, std::vector{future.log});
  const DataDirectory& files = directories_[future.directory].files;
  const std::string path = files.path() + "/" + future.folder,
                    aside = files.path() + "/" + name_when_deleted(partition);
  if (!shards_[0]->disk.exists(path)) co_return;
  auto gone = shards_[0]->disk.rename(path, aside);
  if (gone) gone = co_await shards_[0]->disk.sync_directory(files.path());
  if (!gone)
    log::warn("copy of a log could not be removed", field("partition", partition), field("path", path),
              field("error", gone.error()));
  spawn(*shards_[0], remove_folders_later(shards_[0], {aside}, Millis(0)));
}

// ---- Its turn

Task<Result<LogPtr>> LogManager::promote_future(TopicPartition partition) {
  const auto open = logs_.find(partition);
  const auto future = futures_.find(partition);
  if (open == logs_.end() || future == futures_.end() || !future->second.log || !*running_)
    co_return fail(ErrorCode::kReplicaNotAvailable, to_string(partition) + " is not being moved here");
  const OpenLog current = open->second;
  const Future next = future->second;
  promoting_.insert(partition);
  auto promoted = co_await promote_alone(partition, current, next);
  if (!promoted) {
    promoting_.erase(partition);
    for (const auto& one : std::exchange(promoted_, {})) one.set(true);
    co_return promoted;
  }
  futures_.erase(partition);
  replaced_[partition] = current;
  logs_[partition] = {*promoted, current.shard, next.directory};
  log::info("log lies in another directory", field("partition", partition),
            field("from", directories_[current.directory].files.path()),
            field("to", directories_[next.directory].files.path()));
  co_return promoted;
}

Task<Result<LogManager::Checkpointed>> LogManager::close_future_here(LogPtr log) {
  CO_TRY_VOID(co_await log->close());
  co_return Checkpointed{log, {log->end_offset(), log->start_offset(), log->high_watermark()}};
}

Task<Result<LogPtr>> LogManager::promote_alone(TopicPartition partition, OpenLog current, Future next) {
  Disk& disk = shards_[0]->disk;
  Directory& to = directories_[next.directory];
  const std::string from = to.files.path() + "/" + next.folder, folder = to.files.folder_of(partition);
  CO_TRY_VOID(co_await remove_marker(disk, directories_[current.directory].files.folder_of(partition)));
  CO_TRY(const Checkpointed state,
         co_await shards_[current.shard]->call(*this, &LogManager::close_future_here, next.log));
  CO_TRY_VOID(co_await disk.replace_file(marker_in(from), SharedBytes()));
  to.checkpoints->set(partition, state.offsets);
  auto ready = co_await to.checkpoints->write();
  if (ready) ready = disk.rename(from, folder);
  if (!ready) {
    to.checkpoints->forget(partition);
    co_return std::unexpected(ready.error());
  }
  to.partitions.insert(partition);
  to.as_stopped.insert(partition);
  auto opened = co_await open_promoted(partition, current, next.directory);
  to.as_stopped.erase(partition);
  // Which of the two counts after a crash is not to be told any more: nothing is appended to either.
  if (!opened)
    co_await shards_[current.shard]->call(*this, &LogManager::take_offline_here, current.log, opened.error());
  co_return opened;
}

Task<Result<LogPtr>> LogManager::open_promoted(TopicPartition partition, OpenLog current, std::size_t to) {
  CO_TRY_VOID(co_await shards_[0]->disk.sync_directory(directories_[to].files.path()));
  auto options = options_of(to, partition, current.log->topic_id(), {});
  co_return co_await shards_[current.shard]->call(*this, &LogManager::open_here, current.shard, std::move(options));
}

Task<> LogManager::retire_replaced(TopicPartition partition) {
  const auto node = replaced_.extract(partition);
  CHECK(node);
  const OpenLog& old = node.mapped();
  co_await shards_[old.shard]->call(*this, &LogManager::retire_here, std::vector{old.log});
  if (const auto left = co_await leave_directory(partition, old.directory)) {
    spawn(*shards_[0], remove_folders_later(shards_[0], {*left}, LogConfig{}.file_delete_delay_ms));
    const auto& files = directories_[logs_.at(partition).directory].files;
    if (const auto removed = co_await remove_marker(shards_[0]->disk, files.folder_of(partition)); !removed)
      log::warn("mark of a move is left", field("partition", partition), field("error", removed.error()));
  }
  promoting_.erase(partition);
  for (const auto& one : std::exchange(promoted_, {})) one.set(true);
}

Task<> LogManager::until_settled(TopicPartition partition) {
  while (promoting_.contains(partition)) {
    const OneShot<bool> done;
    promoted_.push_back(done);
    co_await done.wait();
  }
}

// Their folders stay, and the next start goes on with them.
Task<> LogManager::retire_futures() {
  for (const TopicPartition& partition : futures()) {
    const auto open = logs_.find(partition);
    const LogPtr log = futures_.at(partition).log;
    if (log && open != logs_.end())
      co_await shards_[open->second.shard]->call(*this, &LogManager::retire_here, std::vector{log});
  }
}

// ---- Describing

LogDirDescription::Partition LogManager::describe_future_here(LogPtr future, LogPtr current) {
  const std::int64_t lag = current->end_offset() - future->end_offset();
  return {.id = future->partition(),
          .size = future->size_bytes(),
          .end = future->end_offset(),
          .offline = future->is_offline(),
          .is_future = true,
          .offset_lag = std::max<std::int64_t>(lag, 0)};
}

Task<std::vector<std::pair<std::size_t, LogDirDescription::Partition>>> LogManager::describe_futures() {
  std::vector<std::pair<std::size_t, LogDirDescription::Partition>> all;
  for (const TopicPartition& partition : futures()) {
    const auto future = futures_.find(partition);
    const auto open = logs_.find(partition);
    if (future == futures_.end() || !future->second.log || open == logs_.end()) continue;  // it went meanwhile
    const std::size_t directory = future->second.directory;
    all.emplace_back(directory, co_await shards_[open->second.shard]->call(*this, &LogManager::describe_future_here,
                                                                           future->second.log, open->second.log));
  }
  co_return all;
}

}  // namespace thalweg::storage

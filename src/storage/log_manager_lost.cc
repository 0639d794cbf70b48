// Logs whose folder somebody has taken away while the server was down: the part of LogManager that does not take them
// for new ones. To remove a folder looks like the way to have a replica copied anew, and it is one, as long as nobody
// believes that this replica still has what it had: it would lead, and the others would cut their logs to its end.
//
// What tells is a checkpoint of records without a folder that could have them, and without one that was left by a
// deletion or a move of ours. Of a partition that is younger than the last checkpoint nothing tells.
#include <algorithm>

#include "base/log.h"
#include "storage/loaded_log.h"
#include "storage/log_manager.h"

namespace thalweg::storage {

std::set<TopicPartition> LogManager::without_folders(const Directory& directory,
                                                     const DataDirectory::Folders& folders) {
  auto lost = directory.checkpoints->with_records();
  std::erase_if(lost, [&](const TopicPartition& partition) {
    const auto is_remnant = [prefix = to_string(partition) + "."](const std::string& name) {
      return name.starts_with(prefix);
    };
    const auto is_future = [&](const auto& future) { return future.first == partition; };
    return directory.partitions.contains(partition) || std::ranges::any_of(folders.deleted, is_remnant) ||
           std::ranges::any_of(folders.other, is_remnant) || std::ranges::any_of(folders.futures, is_future);
  });
  return lost;
}

// A folder may be in another directory by now, moved there by us or by somebody else.
void LogManager::settle_lost() {
  for (Directory& directory : directories_)
    std::erase_if(directory.lost, [&](const TopicPartition& partition) {
      const bool is_elsewhere = directory_of(partition).has_value();
      if (is_elsewhere) directory.checkpoints->forget(partition);
      return is_elsewhere;
    });
}

// An empty log that says what it lacks, on disk before the checkpoint does not say it any more.
Task<Result<>> LogManager::begin_lost(std::size_t at, TopicPartition partition) {
  Disk& disk = shards_[0]->disk;
  const std::string folder = directories_[at].files.folder_of(partition);
  auto checkpoints = directories_[at].checkpoints;
  log::error("the folder of a partition is gone, and with it records that were acknowledged", field("folder", folder),
             field("high_watermark", checkpoints->of(partition).high_watermark),
             field("next_step", "none where other replicas are in sync: they are copied from the leader"));
  CO_TRY_VOID(disk.make_directory(folder));
  CO_TRY_VOID(disk.open(folder + "/" + std::string(kRecordsMissingFile), OpenMode::kCreate));
  CO_TRY_VOID(co_await disk.sync_directory(folder));
  CO_TRY_VOID(co_await disk.sync_directory(Disk::directory_of(folder)));
  checkpoints->set(partition, {});
  CO_TRY_VOID(co_await checkpoints->write());
  directories_[at].lost.erase(partition);
  co_return Result<>{};
}

}  // namespace thalweg::storage

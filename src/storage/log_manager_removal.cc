// How logs go: the part of LogManager that deletes them with their topic, or sets aside what nobody knows.
//
// A folder gets another name at once, so that a topic of the same name may come. That this is on disk, and the end of
// the folder under its other name, nobody waits for.
#include <fmt/format.h>

#include "base/log.h"
#include "runtime/gather.h"
#include "runtime/yielding.h"
#include "storage/log_manager.h"

namespace thalweg::storage {

Task<> LogManager::remove(std::string topic, Uuid topic_id, std::vector<PartitionId> partitions) {
  std::vector<std::vector<LogPtr>> open(shards_.size());
  std::vector<TopicPartition> going;
  for (const PartitionId number : partitions) co_await until_settled({topic, number});
  Millis delay = LogConfig{}.file_delete_delay_ms;
  Pace pace(kRenamedAtOnce);
  for (const PartitionId number : partitions) {
    if (pace.due()) co_await give_way();
    const TopicPartition partition{topic, number};
    for (Directory& directory : directories_)
      if (directory.lost.erase(partition) > 0) directory.checkpoints->forget(partition);
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
  return move_aside_in(directories_[*at], partition, std::move(to));
}

Result<std::string> LogManager::move_aside_in(Directory& directory, const TopicPartition& partition, std::string to) {
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

std::string LogManager::name_when_stray(const TopicPartition& partition) {
  return fmt::format("{}.{:016x}-stray", to_string(partition), shards_[0]->random.next());
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
  TRY(const std::string aside, move_aside(partition, name_when_stray(partition)));
  settle_soon();
  log::warn("stray partition set aside", field("partition", partition), field("moved_to", aside));
  return {};
}

}  // namespace thalweg::storage

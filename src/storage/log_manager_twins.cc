// Directories that come and go: the part of LogManager that tells where a partition lies when one of several
// directories is not here, or is here again.
//
// Kafka's broker goes on without a directory, too: what lies there is offline, or copied anew from its leader into
// another directory. In the second case there are two folders of one name once the directory is back.
#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "storage/log_manager.h"

namespace thalweg::storage {

Result<> LogManager::settle_twins(const std::set<Uuid>& were_away) {
  std::map<TopicPartition, std::vector<Directory*>> places;
  for (Directory& directory : directories_)
    for (const TopicPartition& partition : directory.partitions) places[partition].push_back(&directory);
  const auto was_away = [&](const Directory* one) { return were_away.contains(one->files.meta()->directory_id); };
  for (auto& [partition, places_of] : places) {
    if (places_of.size() < 2) continue;
    if (std::ranges::count_if(places_of, was_away) + 1 != std::ssize(places_of))
      return fail(
          ErrorCode::kKafkaStorageError,
          fmt::format("{} has a folder in {} and in {}, and it cannot be told which one this broker has served: "
                      "move the one that was not in use last (compare the times of their files) out of both",
                      to_string(partition), places_of[0]->files.path(), places_of[1]->files.path()));
    std::erase_if(places_of, [&](const Directory* one) { return !was_away(one); });
    for (Directory* const older : places_of) {
      TRY(const std::string aside, move_aside_in(*older, partition, name_when_stray(partition)));
      log::warn("a directory that was away has an older log of a partition, which is set aside",
                field("partition", partition), field("moved_to", aside));
    }
  }
  settle_soon();
  return {};
}

Result<> LogManager::may_be_here(const TopicPartition& partition, Uuid assigned) const {
  const bool is_here = std::ranges::any_of(directories_, [&](const Directory& directory) {
    return directory.files.meta()->directory_id == assigned || directory.lost.contains(partition);
  });
  if (is_here || directory_of(partition)) return {};
  // Where it was put may have been committed a moment before the end of this broker's last life.
  if (assigned.high == 0 && image_may_be_old_ && one_is_away_)
    return fail(ErrorCode::kReplicaNotAvailable,
                to_string(partition) + " may lie in a log directory that is not here; what the quorum says is awaited");
  if (assigned.high == 0) return {};
  return fail(
      ErrorCode::kLogDirNotFound,
      fmt::format("the log of {} lies in the log directory with directory.id {} (see its meta.properties), which "
                  "is none of log.dirs: bring it back. Where others are in sync, it is copied from them",
                  to_string(partition), to_string(assigned)));
}

}  // namespace thalweg::storage

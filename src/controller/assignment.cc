#include "controller/assignment.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace thalweg::controller {

Result<> validate_assignment(const metadata::Image& image, const Assignment& assignment,
                             std::optional<std::size_t> replicas) {
  const auto invalid = [](std::string why) { return fail(ErrorCode::kInvalidReplicaAssignment, std::move(why)); };
  if (assignment.empty()) return invalid("The manual partition assignment includes a partition without replicas.");
  std::set<BrokerId> seen;
  for (const auto id : assignment) {
    if (!image.broker(id))
      return invalid(fmt::format(
          "The manual partition assignment includes broker {}, but no such broker is registered.", id.value));
    if (!seen.insert(id).second)
      return invalid(fmt::format("The manual partition assignment names broker {} twice.", id.value));
  }
  if (replicas && assignment.size() != *replicas)
    return invalid(fmt::format(
        "The manual partition assignment includes a partition with {} replica(s), where the others have {}.",
        assignment.size(), *replicas));
  return {};
}

Result<protocol::PartitionRecord> new_partition(const metadata::Image& image, Uuid topic, PartitionId id,
                                                const Assignment& assignment) {
  protocol::PartitionRecord record;
  record.partition_id = id;
  record.topic_id = topic;
  record.replicas = assignment;
  std::ranges::copy_if(assignment, std::back_inserter(record.isr),
                       [&](BrokerId b) { return image.broker(b)->active(); });
  if (record.isr.empty())
    return fail(ErrorCode::kInvalidReplicaAssignment,
                fmt::format("All brokers assigned to partition {} are fenced or in controlled shutdown.", id.value));
  record.leader = record.isr.front();
  record.leader_epoch = LeaderEpoch{0};
  record.partition_epoch = 0;
  for (const auto broker_id : assignment) {
    const auto& dirs = image.broker(broker_id)->log_dirs;
    record.directories.push_back(dirs.size() == 1 ? dirs.front() : metadata::kDirectoryUnassigned);
  }
  return record;
}

}  // namespace thalweg::controller

#include "replication/replica_selector.h"

#include <tuple>

namespace thalweg::replication {

std::optional<BrokerId> replica_in_rack(std::string_view consumer_rack, std::string_view leader_rack,
                                        std::span<const ReadableReplica> others) {
  if (consumer_rack.empty() || consumer_rack == leader_rack) return std::nullopt;
  const ReadableReplica* best = nullptr;
  const auto worth = [](const ReadableReplica& replica) {
    return std::tuple(replica.end, replica.caught_up, replica.id);
  };
  for (const auto& replica : others)
    if (replica.rack == consumer_rack && (!best || worth(replica) > worth(*best))) best = &replica;
  return best ? std::optional(best->id) : std::nullopt;
}

}  // namespace thalweg::replication

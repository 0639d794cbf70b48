// What was sent back of a queue of dead letters, as the group kReplayGroup remembers it (letters/replay_marks.h): the
// same group that `thalweg dlq replay` goes on from.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "console/call.h"
#include "console/leaders.h"
#include "letters/replay_marks.h"

namespace thalweg::console {

using MarksByPartition = std::map<PartitionId, letters::ReplayMarks>;

// Of partitions that are not among them nothing was sent back. 403 without Describe on the group; 503 where its
// coordinator does not say.
Task<Outcome<MarksByPartition>> recall_replayed(const Call& call, const std::string& queue);

// The same, to be added to.
class ReplayMemory {
 public:
  // Before anything is sent: what is known is written once as it is, so that who cannot remember does not begin. 403
  // without Read on the group; 409: somebody is a member of it.
  static Task<Outcome<ReplayMemory>> open(const Call& call, std::string queue, std::vector<PartitionId> partitions);

  // These have gone. Its error: they have, and the next replay sends them again.
  Task<Outcome<>> add(const Call& call, PartitionId partition, const std::vector<Offset>& letters);

 private:
  Task<Outcome<>> commit(const Call& call, std::vector<PartitionId> partitions) const;

  std::string queue_;
  BrokerId coordinator_ = kNoBroker;
  MarksByPartition marks_;
};

}  // namespace thalweg::console

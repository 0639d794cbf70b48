// Sends letters back: a run of the queue at a time is read, written where the letters come from, and remembered. A stop
// between writing and remembering has the run sent again by the next replay; nothing of the queue is changed, so
// nothing can be lost.
#pragma once

#include "console/replay_choice.h"
#include "console/replay_memory.h"

namespace thalweg::console {

// An act goes on with another run for so long.
inline constexpr Instant kReplayedWithin = std::chrono::seconds(3);

struct SentBack {
  std::map<std::string, std::int64_t> by_topic;  // that are written, and remembered unless `done` says otherwise
  std::int64_t left = 0;                         // that there was no time for
  Outcome<> done;                                // why it ended early
};
// REQUIRES: the topics are there
Task<SentBack> send_back(const Call& call, metadata::TopicPtr queue, std::map<PartitionId, ReplayChoice::Ways> ways,
                         ReplayMemory memory);

}  // namespace thalweg::console

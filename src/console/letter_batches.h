// Letters as the batches in which they go back. Pure and sometimes long: for Workers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "console/fetched_batches.h"
#include "console/replay_choice.h"

namespace thalweg::console {

// What is known of the topics that letters go to.
struct BackTarget {
  std::int32_t partitions = 0;
  PartitionId without_key;  // where letters without a key go
};

struct LettersBack {
  std::string queue;
  PartitionId partition;
  ReplayChoice::Ways ways;
  std::map<std::string, BackTarget> targets;  // all that the ways name
  Timestamp now = kNoTimestamp;
};

struct BackBatch {
  std::string topic;
  PartitionId partition;
  std::vector<Offset> letters;  // ascending
  SharedBytes bytes;
};

// A batch takes letters until it has so many bytes; a larger letter has one of its own.
inline constexpr std::size_t kBackBatchBytes = 64u << 10;

// Those of the run that have a way, in an order in which letters of one key stay behind each other. By the hash of the
// key, as Java's default partitioner chooses: where the record went first, unless the topic has grown.
std::vector<BackBatch> batches_back(const UnpackedRecords& run, const LettersBack& back,
                                    std::size_t batch_bytes = kBackBatchBytes);

}  // namespace thalweg::console

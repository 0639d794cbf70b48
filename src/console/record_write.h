// Writes batches as a producer with acks=all does, where their partition is led: what people type, and letters that go
// back. Without a producer's id, so what is written twice is there twice.
#pragma once

#include "console/partition_reads.h"

namespace thalweg::console {

struct WrittenBatch {
  Offset base_offset;
  Timestamp appended_at = kNoTimestamp;  // kNoTimestamp: the records keep theirs
};

// Kafka's error with its words. Of kRequestTimedOut, kNotEnoughReplicasAfterAppend and kNetworkException nobody knows
// whether it was written: is_unknown_outcome(). Who asks may write to the topic: that is for the caller to check.
Task<Result<WrittenBatch>> write_batch(const Call& call, PartitionPlace place, SharedBytes batch);
bool is_unknown_outcome(ErrorCode code);

}  // namespace thalweg::console

// A partition of __consumer_offsets as the journal of its groups' host. Committed is what the high watermark has
// passed.
//
// Owner: the partition's shard. REQUIRES: this broker leads the partition for as long as it is appended to; afterwards
// append() says so, and the high watermark fails whoever waits.
#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "group/group_records.h"
#include "replica/partition.h"
#include "runtime/task.h"
#include "runtime/watermark.h"

namespace thalweg::broker {

class PartitionJournal {
 public:
  explicit PartitionJournal(replica::PartitionPtr partition) : partition_(std::move(partition)) {}

  static std::size_t batch_bytes_max(const storage::LogConfig& log);

  // One batch, so all or nothing; kMessageTooLarge when it would be larger than batch_bytes_max(). Nothing but
  // tombstones (a large group is deleted, a topic goes) becomes as many batches as it takes: what a failure in between
  // leaves is a state that could have been.
  Result<Offset> append(const std::vector<group::OffsetsRecord>& records);
  Offset end() const { return partition_->log().end_offset(); }
  Watermark& committed() { return partition_->high_watermark(); }
  // Up to the log's end: what is not committed yet will be, while this broker leads.
  Task<Result<>> replay(std::function<void(const group::OffsetsRecord&)> each);

 private:
  const replica::PartitionPtr partition_;
};

}  // namespace thalweg::broker

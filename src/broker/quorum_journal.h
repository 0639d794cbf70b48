// The metadata quorum as the journal of the controller's host. "Committed" means committed and applied on this node;
// that clients are answered later, when it is in force, is ControllerService's matter.
//
// Owner: shard 0. Offsets are indexes of the metadata log; one append is one entry, all or nothing.
#pragma once

#include <functional>
#include <vector>

#include "broker/metadata_publisher.h"
#include "metadata/record.h"
#include "raft/quorum.h"
#include "replicated/journal.h"
#include "runtime/shard.h"
#include "runtime/watermark.h"

namespace thalweg::broker {

class QuorumJournal {
 public:
  QuorumJournal(const Shard& shard, raft::Quorum& quorum, MetadataPublisher& publisher)
      : shard_(shard), quorum_(quorum), publisher_(publisher) {}

  // Under which epoch later appends count; what an older leader left behind is not appended to.
  void lead(LeaderEpoch epoch);

  // Refused: kPolicyViolation when the change is too large for one entry (as Kafka's controller says it),
  // kInvalidRequest when a record cannot be encoded, kThrottlingQuotaExceeded, a full disk. Lost: not the leader in
  // this epoch, or the quorum has failed.
  replicated::AppendResult append(const std::vector<metadata::Record>& records);
  Offset end() const { return end_; }
  Watermark& committed() { return quorum_.applied(); }
  bool alone() const { return quorum_.alone(); }
  Task<bool> confirm(Instant deadline) { return quorum_.still_leads(epoch_, deadline); }
  // Waits until everything that is in the log is applied, also what is not committed yet, then gives the state as the
  // records that make it. A machine that did not know a change in flight would decide against it, and the log could
  // not be applied any more. Fails when that takes too long (the disk is full): the entries may still be committed.
  Task<Result<>> replay(std::function<void(const metadata::Record&)> each);

 private:
  const Shard& shard_;
  raft::Quorum& quorum_;
  MetadataPublisher& publisher_;
  LeaderEpoch epoch_{0};
  Offset end_{0};
  std::int16_t metadata_version_ = 0;  // as of what was appended; 0: not known yet
};

}  // namespace thalweg::broker

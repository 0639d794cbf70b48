// The durable half of the quorum: segments of records, written with O_DIRECT | O_DSYNC on space that was written
// before, so that a commit costs one durable write and no journal commit; and checkpoints, the state machine's images.
//
// A record holds the whole hard state (so the commit index is always with or before later entries) and the entries that
// came with it. Records are numbered without gaps over all segments. One write is under way at a time, therefore an
// unreadable record is a torn tail only if no later one exists; otherwise the disk has damaged what was acknowledged
// and open() refuses. Segments that a checkpoint made superfluous are renamed and used again; what they hold is told
// apart by the numbers.
//
//   00000000000000000007.log                     segment 7
//   00000000000000001042-0000000003.checkpoint   image as of index 1042, epoch 3
//
// Owner: the quorum, on its shard.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "raft/checkpoint.h"
#include "raft/quorum_record.h"
#include "runtime/shard.h"

namespace thalweg::raft {

class QuorumLog {
 public:
  struct Recovered {
    bool is_new = true;         // nothing was there; initialize() it
    MemberId self = kNoMember;  // as initialize() was told; 0 in a log of incarnation 0
    HardState hard_state;
    Base base;
    SharedBytes image;           // of the base; empty for a base without a checkpoint
    std::vector<Entry> entries;  // after the base, without gaps
  };

  // `directory` is made where there is none. REQUIRES: the name of the directory above it is durable
  QuorumLog(const Shard& shard, std::string directory, std::uint64_t segment_bytes);

  // Reads everything. Fails with a message for the operator when an acknowledged record is damaged.
  Task<Result<Recovered>> open();
  // Writes the first record of a new log. It remembers for good whose log it is; `self` 0: incarnation 0 of this node.
  Task<Result<>> initialize(HardState hard_state, Base base, MemberId self = kNoMember);

  // One durable write. With `record.base` the log starts anew there; its checkpoint must be durable already.
  // REQUIRES: no other write under way. After an error other than a full disk, no further write.
  Task<Result<>> write(Record record);

  // Writes an image beside the log; may run next to write(). Earlier checkpoints go once it is durable.
  Task<Result<>> write_checkpoint(Base base, SharedBytes image);
  // The latest checkpoint's image as a range of its file; empty when there is none.
  Pieces checkpoint_image() const { return checkpoints_.image(); }
  std::uint64_t checkpoint_index() const { return checkpoints_.index(); }
  std::uint64_t checkpoint_term() const { return checkpoints_.term(); }
  // Entries up to `index` are no longer needed for recovery. REQUIRES: a checkpoint at or above it is durable.
  Task<Result<>> release(std::uint64_t index);

 private:
  struct Segment {
    std::uint64_t number = 0;
    FilePtr file;
    std::uint64_t prepared = 0;    // bytes that were written before
    std::uint64_t last_index = 0;  // highest entry index in it
  };
  class Recovery;

  std::string segment_path(std::uint64_t number) const;
  Result<std::vector<Segment>> open_segments();
  Result<> keep_tail(std::vector<Segment> segments, const Recovery& recovery);
  Task<Result<>> make_durable(SharedBytes tail_record);
  Result<> roll();
  Result<> set_aside(Segment segment);

  const Shard& shard_;
  Disk& disk_;  // urgent: votes and entries do not wait behind readers and data
  const std::string directory_;
  const std::uint64_t segment_bytes_;
  std::deque<Segment> segments_;  // oldest first; the last one is written
  std::optional<Segment> spare_;  // superfluous, to be used again
  std::uint64_t position_ = 0;    // in the last segment
  bool name_is_durable_ = true;   // of the last segment
  std::uint64_t log_id_ = 0;
  MemberId self_ = kNoMember;   // in every record, because any may be the only one that is left
  std::uint64_t sequence_ = 1;  // of the next record
  Checkpoints checkpoints_;
};

}  // namespace thalweg::raft

// The first record of a batch whose time is not before one, from an offset on: found in steps, in memory that does not
// grow with the batch.
//
//   TimeSearch search(batch, room, target, from);
//   while (!search.over()) TRY_VOID(search.step(kBytes));
//   search.found()…
#pragma once

#include <cstdint>
#include <optional>

#include "record/batch.h"
#include "record/body_walk.h"

namespace thalweg::record {

// Reads of each record what stands before its key.
class TimeScanner {
 public:
  struct Found {
    Timestamp timestamp = kNoTimestamp;
    Offset offset;
  };
  TimeScanner(const BatchView& batch, Timestamp target, Offset from);

  // As BodyWalk wants it. Takes what RecordIterator reads: offset deltas may have gaps, where compaction made them.
  Result<std::size_t> feed(BytesView bytes, bool last);
  bool done() const { return found_ || left_ == 0; }
  const std::optional<Found>& found() const { return found_; }

 private:
  // At the record that begins here.
  Result<> look(BytesView bytes);

  const Offset base_offset_;
  const Timestamp base_timestamp_;
  const std::optional<Timestamp> log_append_time_;
  const Timestamp target_;
  const Offset from_;
  std::int32_t left_;          // records that were not looked at
  std::uint64_t size_ = 0;     // of the one looked at last
  std::uint64_t to_skip_ = 0;  // bytes of it that have not come yet
  std::optional<Found> found_;
};

class TimeSearch {
 public:
  TimeSearch(const BatchView& batch, WalkRoom& room, Timestamp target, Offset from)
      : walk_(batch, room, batch, target, from) {}
  // As BodyWalk::step(). kInvalidRecord also: a record does not parse.
  Result<> step(std::size_t work) { return walk_.step(work); }
  bool over() const { return walk_.over(); }
  const std::optional<TimeScanner::Found>& found() const { return walk_.reader().found(); }

 private:
  BodyWalk<TimeScanner> walk_;
};

}  // namespace thalweg::record

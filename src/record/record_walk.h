// Whether what a batch holds is what its header says: walks its records in any codec, in steps, in memory that does not
// grow with the batch. What passes can be read in full by every client.
//
//   RecordWalk walk(batch, unpacker);
//   while (!walk.over()) TRY_VOID(walk.step(kBytes));
//   walk.facts()…
#pragma once

#include <cstddef>

#include "record/batch.h"
#include "record/body_walk.h"
#include "record/record_scanner.h"

namespace thalweg::record {

extern template class BodyWalk<RecordScanner>;

class RecordWalk {
 public:
  // `batch` and `room` outlive the walk; nobody else uses the room meanwhile.
  RecordWalk(const BatchView& batch, WalkRoom& room)
      : walk_(batch, room, batch.base_timestamp(), batch.record_count()) {}

  // As BodyWalk::step(). kInvalidRecord also: a record does not parse, or they are not the records that the header
  // says, numbered 0 … n-1.
  Result<> step(std::size_t work) { return walk_.step(work); }
  bool over() const { return walk_.over(); }
  // Of the records seen so far. Times count as if each record had its own, also under LogAppendTime.
  const RecordFacts& facts() const { return walk_.reader().facts(); }

 private:
  BodyWalk<RecordScanner> walk_;
};

// The same in one go, for who has no shard to give way to.
Result<RecordFacts> walk_records(const BatchView& batch, WalkRoom& room);

}  // namespace thalweg::record

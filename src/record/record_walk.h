// Whether what a batch holds is what its header says: walks its records in any codec, in steps, in memory that does not
// grow with the batch. What passes can be read in full by every client.
//
//   RecordWalk walk(batch, unpacker);
//   while (!walk.over()) TRY_VOID(walk.step(kBytes));
//   walk.facts()…
#pragma once

#include <cstddef>
#include <vector>

#include "record/batch.h"
#include "record/record_scanner.h"
#include "record/unpacker.h"

namespace thalweg::record {

// What a walk of compressed records works with; for one walk at a time, used again for the next.
struct WalkRoom {
  static constexpr std::size_t kWindow = std::size_t{128} << 10;

  Unpacker unpacker;
  std::vector<std::byte> window;  // kWindow bytes and what the scanner left, once it was needed
};

class RecordWalk {
 public:
  // `batch` and `room` outlive the walk; nobody else uses the room meanwhile.
  RecordWalk(const BatchView& batch, WalkRoom& room);

  // Goes on for about `work` bytes, which were read or unpacked. kInvalidRecord: a record does not parse, the batch
  // does not decompress, within Unpacker's limits, or does not hold the records that its header says, numbered 0 … n-1;
  // the message says which. kUnsupportedCompressionType for codecs 5 to 7. REQUIRES: !over(); no step() has failed
  Result<> step(std::size_t work);
  bool over() const { return over_; }
  // Of the records seen so far. Times count as if each record had its own, also under LogAppendTime.
  const RecordFacts& facts() const { return scanner_.facts(); }

 private:
  Result<> step_plain(std::size_t work);
  Result<std::size_t> unpack_some();

  const std::optional<Codec> codec_;
  const BytesView body_;
  WalkRoom& room_;
  RecordScanner scanner_;
  std::size_t position_ = 0;  // in a plain body
  std::size_t filled_ = 0;    // of the window
  bool over_ = false;
};

// The same in one go, for who has no shard to give way to.
Result<RecordFacts> walk_records(const BatchView& batch, WalkRoom& room);

}  // namespace thalweg::record

// Looks at the structure of records that come piece by piece: lengths, deltas, counts, headers. Payloads are jumped
// over, nothing is kept of what was seen, and a record may be larger than all memory there is.
//
// Takes exactly what RecordIterator and HeaderIterator read in full, if the offset deltas are 0 … n-1 besides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace thalweg::record {

// What records say together, whatever their batch's header does.
struct RecordFacts {
  Timestamp max_timestamp = kNoTimestamp;  // kNoTimestamp if no record has one above it, as Kafka counts
  Timestamp min_timestamp = std::numeric_limits<Timestamp>::max();  // of those that have one; not meant if none has
  std::int32_t first_without_key = -1;                              // index of a record; -1: all have keys
  std::uint64_t unpacked_bytes = 0;                                 // of all records, as they are without a codec
  friend bool operator==(const RecordFacts&, const RecordFacts&) = default;
};

class RecordScanner {
 public:
  // The base timestamp that deltas are added to, and how many records there are to be.
  RecordScanner(Timestamp base_timestamp, std::int32_t count) : base_timestamp_(base_timestamp), count_(count) {}

  // Whoever feeds keeps this much room for what is left unread.
  static constexpr std::size_t kRestMax = 4096 + 5;

  // Reads on; answers how many bytes are done with. The rest, at most kRestMax bytes, is to come again in front of what
  // follows. `last`: nothing follows, and there is no rest. kInvalidRecord: these are not `count` records, one after
  // the other; the message names the record.
  Result<std::size_t> feed(BytesView bytes, bool last);
  const RecordFacts& facts() const { return facts_; }

 private:
  class Fields;
  enum class Flaw : std::uint8_t;
  enum class Part : std::uint8_t { kNothing, kHead, kValue, kHeaderCount, kHeaderKey, kHeaderValue, kEnd };

  Result<const std::byte*> feed_between(const std::byte* at, const std::byte* end, bool last);
  const std::byte* short_records(const std::byte* at, const std::byte* end);
  Flaw whole_record(Fields& fields);
  Flaw note(std::int64_t timestamp_delta, std::int32_t offset_delta, std::int32_t key_size);
  Result<const std::byte*> go_on(const std::byte* at, const std::byte* end, bool last);
  Flaw next_part(Fields& fields);
  std::unexpected<Error> refuse(Flaw flaw) const;

  const Timestamp base_timestamp_;
  const std::int32_t count_;
  std::int32_t index_ = 0;  // of the record that is being read or comes next
  RecordFacts facts_;

  // Of a record that no piece has whole.
  Part part_ = Part::kNothing;
  std::uint64_t record_left_ = 0;  // bytes of it that were not read yet
  std::uint64_t payload_left_ = 0;
  std::int32_t headers_left_ = 0;
};

}  // namespace thalweg::record

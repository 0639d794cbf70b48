// One record batch of format 2 as it lies in a log or a request: a view over its bytes with Kafka's header fields, the
// way to walk a row of batches, and the few changes that a broker makes in place. No record is touched here.
//
// Layout (big endian): base offset 8, length 4, leader epoch 4, magic 1, crc 4, attributes 2, last offset delta 4, base
// timestamp 8, max timestamp 8, producer id 8, producer epoch 2, base sequence 4, record count 4, records. The CRC-32C
// covers everything from the attributes on, so base offset and leader epoch change without touching it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/endian.h"
#include "base/result.h"
#include "base/time.h"
#include "base/types.h"

namespace thalweg::record {

enum class Codec : std::uint8_t { kNone = 0, kGzip = 1, kSnappy = 2, kLz4 = 3, kZstd = 4 };
inline constexpr int kCodecCount = 5;
// "none", "gzip", "snappy", "lz4", "zstd".
std::string_view name(Codec codec);
std::optional<Codec> codec_from_name(std::string_view name);

enum class TimestampType : std::uint8_t { kCreateTime = 0, kLogAppendTime = 1 };

inline constexpr std::int8_t kMagic = 2;
inline constexpr std::int32_t kNoSequence = -1;
// Base offset and length: what is not counted by the length field.
inline constexpr std::size_t kLogOverhead = 12;
inline constexpr std::size_t kBatchHeaderSize = 61;

// Sums of numbers that came from outside.
constexpr std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

// Where each header field lies.
namespace batch_field {
inline constexpr std::size_t kBaseOffset = 0, kLength = 8, kLeaderEpoch = 12, kMagic = 16, kCrc = 17, kAttributes = 21,
                             kLastOffsetDelta = 23, kBaseTimestamp = 27, kMaxTimestamp = 35, kProducerId = 43,
                             kProducerEpoch = 51, kBaseSequence = 53, kRecordCount = 57;
static_assert(kRecordCount + 4 == kBatchHeaderSize);
}  // namespace batch_field

namespace attribute {
inline constexpr std::int16_t kCodecMask = 0x07, kLogAppendTime = 0x08, kTransactional = 0x10, kControl = 0x20,
                              kDeleteHorizon = 0x40;
}

// Sequence numbers run 0 … 2147483647 and then begin again at 0.
// REQUIRES: sequence >= 0, by >= 0
constexpr std::int32_t advance_sequence(std::int32_t sequence, std::int32_t by) {
  return static_cast<std::int32_t>((std::int64_t{sequence} + by) & 0x7fffffff);
}
constexpr std::int32_t retreat_sequence(std::int32_t sequence, std::int32_t by) {
  return static_cast<std::int32_t>((std::int64_t{sequence} - by) & 0x7fffffff);
}

// The first 17 bytes, which tell how long a batch is without having it. Works for every format version.
struct BatchPrefix {
  Offset base_offset;
  LeaderEpoch leader_epoch;  // means nothing below magic 2
  std::int8_t magic = 0;
  std::size_t total_size = 0;  // with the 12 bytes before the length's count begins; at most 2^31 + 11

  static constexpr std::size_t kSize = 17;
  // kCorruptMessage if the length field cannot be one (negative, or smaller than the header of that magic).
  // REQUIRES: bytes.size() >= kSize
  static Result<BatchPrefix> read(BytesView bytes);
};

// A whole batch of magic 2. The header is inside the bytes and its length field fits; nothing else is checked:
// `crc_ok`, counts and records are the caller's choice. Does not own the bytes.
class BatchView {
 public:
  // The batch at the beginning of `bytes`, which may go on after it.
  // kCorruptMessage: bytes end inside the batch, the length is impossible or the magic is unknown.
  // kUnsupportedForMessageFormat: magic 0 or 1.
  static Result<BatchView> at(BytesView bytes);

  BytesView bytes() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  // The part after the header, compressed or not.
  BytesView body() const { return bytes_.subspan(kBatchHeaderSize); }

  Offset base_offset() const { return {load<std::int64_t>(batch_field::kBaseOffset)}; }
  // Both wrap instead of overflowing, since what a hostile header says may not be added up.
  Offset last_offset() const { return {wrapping_add(base_offset().value, last_offset_delta())}; }
  Offset next_offset() const { return {wrapping_add(last_offset().value, 1)}; }
  LeaderEpoch leader_epoch() const { return {load<std::int32_t>(batch_field::kLeaderEpoch)}; }
  std::uint32_t crc() const { return load<std::uint32_t>(batch_field::kCrc); }
  std::uint32_t computed_crc() const;
  bool crc_ok() const { return crc() == computed_crc(); }

  std::int16_t attributes() const { return load<std::int16_t>(batch_field::kAttributes); }
  // Nothing for the numbers 5 to 7, which no codec has.
  std::optional<Codec> codec() const;
  bool is_compressed() const { return (attributes() & attribute::kCodecMask) != 0; }
  TimestampType timestamp_type() const {
    return attributes() & attribute::kLogAppendTime ? TimestampType::kLogAppendTime : TimestampType::kCreateTime;
  }
  bool is_transactional() const { return attributes() & attribute::kTransactional; }
  bool is_control() const { return attributes() & attribute::kControl; }
  // Set by compaction: base_timestamp() is then the time after which tombstones and markers of this batch may go.
  bool has_delete_horizon() const { return attributes() & attribute::kDeleteHorizon; }

  std::int32_t last_offset_delta() const { return load<std::int32_t>(batch_field::kLastOffsetDelta); }
  Timestamp base_timestamp() const { return load<std::int64_t>(batch_field::kBaseTimestamp); }
  Timestamp max_timestamp() const { return load<std::int64_t>(batch_field::kMaxTimestamp); }

  ProducerId producer_id() const { return {load<std::int64_t>(batch_field::kProducerId)}; }
  ProducerEpoch producer_epoch() const { return {load<std::int16_t>(batch_field::kProducerEpoch)}; }
  std::int32_t base_sequence() const { return load<std::int32_t>(batch_field::kBaseSequence); }
  // kNoSequence if there is no base sequence. A batch may straddle the wrap.
  std::int32_t last_sequence() const;
  bool has_producer_id() const { return producer_id() > kNoProducerId; }

  // May be 0 after compaction.
  std::int32_t record_count() const { return load<std::int32_t>(batch_field::kRecordCount); }

 private:
  explicit BatchView(BytesView bytes) : bytes_(bytes) {}
  template <class T>
  T load(std::size_t at) const {
    return load_be<T>(bytes_.data() + at);
  }

  BytesView bytes_;
};

// Walks batches that lie back to back. Bounded by the bytes: what a length field claims is never believed.
//
//   BatchReader reader(bytes);
//   while (true) { TRY(auto batch, reader.next()); if (!batch) break; … }
//   if (!reader.rest().empty()) …the bytes end inside a batch…
class BatchReader {
 public:
  explicit BatchReader(BytesView bytes) : bytes_(bytes) {}
  // Nothing when the bytes are used up or end inside a batch; see rest(). Errors as BatchView::at for damage that more
  // bytes would not heal; the reader then stays where it is.
  Result<std::optional<BatchView>> next();
  BytesView rest() const { return bytes_.subspan(position_); }
  std::size_t position() const { return position_; }

 private:
  BytesView bytes_;
  std::size_t position_ = 0;
};

// All batches of `bytes`; a torn one at the end is kCorruptMessage.
Result<std::vector<BatchView>> split_batches(BytesView bytes);

// In place, on one batch or its header. The first two keep the CRC as it is. REQUIRES: size() >= kBatchHeaderSize
void set_base_offset(MutableBytes batch, Offset offset);
void set_leader_epoch(MutableBytes batch, LeaderEpoch epoch);
// Whose time the records have, and the largest: of the records under CreateTime, under LogAppendTime when the leader
// wrote the batch. Computes the CRC again; the body may lie elsewhere.
void stamp_time(MutableBytes header, BytesView body, TimestampType type, Timestamp max_timestamp);

}  // namespace thalweg::record

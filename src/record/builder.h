// Makes record batches: from records to one SharedBytes in any codec, and the control batches that a broker writes
// itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "base/types.h"
#include "base/uuid.h"
#include "record/batch.h"
#include "record/record.h"

namespace thalweg::record {

// What goes in; only read during append().
struct NewRecord {
  Timestamp timestamp = kNoTimestamp;
  std::optional<BytesView> key;
  std::optional<BytesView> value;
  std::span<const HeaderView> headers;
  // What follows `value`, which is then the first part of it: for one that nobody has in one piece. Empty without one.
  std::span<const BytesView> more_value = {};
};

struct BatchOptions {
  Offset base_offset{0};
  LeaderEpoch leader_epoch = kNoLeaderEpoch;
  Codec codec = Codec::kNone;
  std::optional<int> compression_level;
  // Records of a LogAppendTime batch keep their deltas, which readers ignore; `log_append_time` is what counts.
  std::optional<Timestamp> log_append_time;
  ProducerId producer_id = kNoProducerId;
  ProducerEpoch producer_epoch = kNoProducerEpoch;
  std::int32_t base_sequence = kNoSequence;
  bool transactional = false;
  bool control = false;
  std::optional<Timestamp> delete_horizon;  // compaction: becomes the base timestamp and sets bit 6
};

// One batch. Offsets rise by one from base_offset unless append_at() says otherwise.
class BatchBuilder {
 public:
  explicit BatchBuilder(BatchOptions options = {});

  void append(const NewRecord& record);
  // REQUIRES: offset is above that of the record before and at most 2^31 - 1 above base_offset
  void append_at(Offset offset, const NewRecord& record);
  // Compaction: the batch ends at `offset` although its last records are gone.
  // REQUIRES: not below the offset of the last record
  void set_last_offset(Offset offset);

  std::int32_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  // Bytes so far, header included, before compression.
  std::size_t size() const { return batch_.size(); }
  static std::size_t size_of(const NewRecord& record);  // upper bound of what append() adds

  // The finished batch. From a builder that is needed no more (std::move) it costs no copy unless it is compressed.
  // REQUIRES: at least one record, or set_last_offset() was called
  SharedBytes build() const&;
  SharedBytes build() &&;

 private:
  // Writes the header in front of the `size` bytes of a whole batch.
  void seal(std::byte* batch, std::size_t size) const;

  BatchOptions options_;
  // Room for the header, then the records. A string grows without being filled first, which for a large record would
  // be one more pass over it.
  std::string batch_;
  std::optional<Timestamp> base_timestamp_;
  Timestamp max_timestamp_ = kNoTimestamp;
  std::int32_t last_offset_delta_ = -1;
  std::int32_t count_ = 0;
};

// One control record in a batch of its own, with key {version 0, type}. For the metadata log and its snapshots.
SharedBytes control_batch(ControlType type, BytesView value, Timestamp now, BatchOptions options = {});
// The end of a transaction in a user partition; `options` need base_offset and leader_epoch only if known already.
SharedBytes end_transaction_marker(bool commit, ProducerId id, ProducerEpoch epoch, std::int32_t coordinator_epoch,
                                   Timestamp now, BatchOptions options = {});

}  // namespace thalweg::record

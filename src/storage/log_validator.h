// What may be appended. Pure: bytes and rules in, bytes to write or the reasons why not out.
//
// Who serves producers walks the records of every batch first (record/record_walk.h), in steps and with its checksum
// tested, and says in ValidationOptions::walked what they say together. Here the topic's rules are held against that,
// and the header gets what the records say: their largest timestamp, whatever the producer put there. Without `walked`
// producers are trusted (thalweg.validate.records=false): header, size, CRC and sequence fields are checked, the rest
// is believed, and records are walked only where a rule needs them: keys on a compacted topic, a codec that the topic
// asks for, message.timestamp.before.max.ms.
//
// The body is passed on as it came, unless the topic asks for another codec; then it is packed again. What is large
// comes packed already (repack_in_slices.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "base/types.h"
#include "record/batch.h"
#include "record/record_scanner.h"

namespace thalweg::storage {

// Who appends as leader. Followers take batches as they are and are not validated here, see check_replicated().
enum class AppendOrigin {
  kClient,       // Produce
  kCoordinator,  // group and transaction coordinators, markers: may write control batches, no sequence checks
};

// What the records say together, or why they were refused: kCorruptMessage for the checksum. Refused here, after the
// rules that need no look inside, as Kafka does. Nothing: the producer is trusted.
using Walked = std::optional<Result<record::RecordFacts>>;

struct ValidationOptions {
  Offset next_offset;
  LeaderEpoch leader_epoch;
  Timestamp now = kNoTimestamp;
  AppendOrigin origin = AppendOrigin::kClient;
  std::int16_t produce_version = 13;  // zstd needs 7
  Walked walked;

  // From the topic's LogConfig.
  bool compacted = false;
  record::TimestampType timestamp_type = record::TimestampType::kCreateTime;
  Millis timestamp_before_max = Millis::max();
  Millis timestamp_after_max = Millis(3'600'000);
  std::size_t message_bytes_max = 1'048'588;
  std::size_t segment_bytes_max = 1'073'741'824;
  std::optional<record::Codec> codec;  // compression.type; nothing is "producer"
  std::optional<int> compression_level;
};

// Produce v8+ names the records that a batch was refused for.
struct RecordError {
  std::int32_t batch_index = 0;
  std::string message;
  friend bool operator==(const RecordError&, const RecordError&) = default;
};

struct AppendError {
  Error error;
  std::vector<RecordError> record_errors;
  AppendError(Error e) : error(std::move(e)) {}  // NOLINT: TRY converts
  AppendError(Error e, std::vector<RecordError> records) : error(std::move(e)), record_errors(std::move(records)) {}
  operator Error() const { return error; }  // NOLINT: TRY converts it onwards
};

// One batch, ready to be written at `first`: a patched header and the body that it came with (shared with the request,
// not copied) or a rebuilt one.
struct ValidatedBatch {
  std::array<std::byte, record::kBatchHeaderSize> header;
  SharedBytes body;
  Offset first, last;
  Timestamp max_timestamp = kNoTimestamp;
  Timestamp log_append_time = kNoTimestamp;  // for the response; -1 under CreateTime
  bool rebuilt = false;
  bool stamped = false;  // with another time than the producer said, under a new checksum

  std::size_t size() const { return header.size() + body.size(); }
  // REQUIRES: to.size() == size()
  void copy_to(MutableBytes to) const;
  SharedBytes flat() const;
};

// The one batch that `records` are, with its checksum tested: what must hold before anybody looks inside.
Result<record::BatchView> check_framing(BytesView records);

// Checks one partition's entry of a Produce request and assigns its offsets. Errors, all from Kafka's rules:
// kInvalidRecord (not one v2 batch, count, deltas, control bit, sequence, missing keys), kCorruptMessage (framing,
// CRC), kInvalidTimestamp, kMessageTooLarge, kRecordListTooLarge, kUnsupportedCompressionType.
std::expected<ValidatedBatch, AppendError> validate_for_append(const SharedBytes& records,
                                                               const ValidationOptions& options);

// What a follower or a loader demands of each batch: framing, CRC, and an offset not below `next_offset`. No size or
// timestamp rules. A torn last batch is left out (a leader may cut at max_bytes); `size` says how many bytes are whole.
// So is what follows from the first batch of a later leader epoch than `epoch_max` on: who was asked could not know of
// that one, so it was not read by the leader of that epoch (KAFKA-18723).
struct ReplicatedBatches {
  std::vector<record::BatchView> batches;
  std::size_t size = 0;
};
inline constexpr LeaderEpoch kAnyLeaderEpoch{std::numeric_limits<std::int32_t>::max()};
Result<ReplicatedBatches> check_replicated(BytesView records, Offset next_offset,
                                           LeaderEpoch epoch_max = kAnyLeaderEpoch);

}  // namespace thalweg::storage

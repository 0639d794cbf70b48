#include "storage/log_validator.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "base/check.h"
#include "record/record.h"
#include "record/record_walk.h"
#include "record/repack.h"

namespace thalweg::storage {
namespace {

using record::BatchView;
using record::TimestampType;

using Refusal = std::unexpected<AppendError>;

// --- The header alone

Result<BatchView> only_batch(BytesView records) {
  if (records.size() < record::BatchPrefix::kSize)
    return fail(ErrorCode::kInvalidRecord, "a produce request needs exactly one record batch per partition");
  TRY(const auto prefix, record::BatchPrefix::read(records));
  if (prefix.magic != record::kMagic)
    return fail(ErrorCode::kInvalidRecord, "record batches need format version 2, not " + std::to_string(prefix.magic));
  if (prefix.total_size > records.size())  // not even one: Kafka calls this invalid, and clients do not try again
    return fail(ErrorCode::kInvalidRecord, "record batch of " + std::to_string(prefix.total_size) +
                                               " bytes ends after " + std::to_string(records.size()));
  TRY(const auto batch, BatchView::at(records));
  if (batch.size() != records.size())
    return fail(ErrorCode::kInvalidRecord, "a produce request needs exactly one record batch per partition");
  return batch;
}

Result<> check_crc(const BatchView& batch) {
  if (!batch.crc_ok()) return fail(ErrorCode::kCorruptMessage, "record batch fails its checksum");
  return {};
}

Result<> crc_of_walked(const Result<record::RecordFacts>& walked) {
  if (!walked && walked.error().code == ErrorCode::kCorruptMessage) return std::unexpected(walked.error());
  return {};
}

Result<> check_counts(const BatchView& batch) {
  const auto count = batch.record_count(), delta = batch.last_offset_delta();
  if (count <= 0 || delta < 0 || std::int64_t{delta} + 1 != count)
    return fail(ErrorCode::kInvalidRecord,
                "batch claims " + std::to_string(count) + " records but ends at offset delta " + std::to_string(delta));
  return {};
}

Result<> check_client_rules(const BatchView& batch) {
  if (batch.base_offset() != Offset{0})
    return fail(ErrorCode::kInvalidRecord,
                "a produced batch begins at offset 0, not " + to_string(batch.base_offset()));
  TRY_VOID(check_counts(batch));
  if (batch.is_control()) return fail(ErrorCode::kInvalidRecord, "clients may not write control records");
  if (batch.has_producer_id() && batch.base_sequence() < 0)
    return fail(ErrorCode::kInvalidRecord, "batch has a producer id but no sequence");
  if (batch.is_transactional() && !batch.has_producer_id())
    return fail(ErrorCode::kInvalidRecord, "batch is transactional but has no producer id");
  return {};
}

Result<record::Codec> check_codec(const BatchView& batch, const ValidationOptions& options) {
  constexpr std::int16_t kZstdFrom = 7;
  const auto codec = batch.codec();
  if (!codec) return fail(ErrorCode::kUnsupportedCompressionType, "batch with an unknown codec");
  if (codec == record::Codec::kZstd && options.produce_version < kZstdFrom)
    return fail(ErrorCode::kUnsupportedCompressionType, "zstd needs produce version 7");
  return *codec;
}

Result<> check_size(std::size_t size, const ValidationOptions& options) {
  if (size > options.message_bytes_max)
    return fail(ErrorCode::kMessageTooLarge, "batch of " + std::to_string(size) + " bytes, max.message.bytes is " +
                                                 std::to_string(options.message_bytes_max));
  if (size > options.segment_bytes_max)
    return fail(ErrorCode::kRecordListTooLarge, "batch of " + std::to_string(size) + " bytes is larger than a segment");
  return {};
}

// --- Time and keys

bool limits_past(const ValidationOptions& options) { return options.timestamp_before_max != Millis::max(); }

// So far off that the distance is no number is outside, too: that is what sums of nonsense come to.
bool time_fits(Timestamp timestamp, const ValidationOptions& options) {
  if (timestamp == kNoTimestamp) return true;
  Timestamp age;
  if (__builtin_sub_overflow(options.now, timestamp, &age)) return false;
  return age >= 0 ? age <= options.timestamp_before_max.count() : -age <= options.timestamp_after_max.count();
}

std::string time_message(Timestamp timestamp, const ValidationOptions& options) {
  return "timestamp " + std::to_string(timestamp) + " is outside what the topic accepts at " +
         std::to_string(options.now);
}

constexpr const char* kKeyMessage = "a compacted topic needs a key in every record";

bool judges_times(const ValidationOptions& options) {
  return options.origin == AppendOrigin::kClient && options.timestamp_type == TimestampType::kCreateTime;
}

bool keys_fit(const record::RecordFacts& facts, const ValidationOptions& options) {
  return !options.compacted || facts.first_without_key < 0;
}

bool times_fit(const record::RecordFacts& facts, const ValidationOptions& options) {
  if (!judges_times(options)) return true;
  const bool any = facts.min_timestamp != std::numeric_limits<Timestamp>::max();
  return !any || (time_fits(facts.min_timestamp, options) && time_fits(facts.max_timestamp, options));
}

// Up to here a batch is read once more to name the records that it is refused for, and so many of them are named.
constexpr std::size_t kNamedBytesMax = std::size_t{2} << 20;
constexpr std::size_t kNamedMax = 1000;

// In the order of records, each with the first rule that it breaks.
std::vector<RecordError> name_records(const BatchView& batch, const ValidationOptions& options) {
  std::vector<RecordError> named;
  auto reader = record::RecordReader::open(batch, kNamedBytesMax);
  if (!reader) return named;
  for (std::int32_t index = 0; named.size() < kNamedMax; ++index) {
    const auto record = reader->next();
    if (!record || !*record) break;
    const Timestamp timestamp = record::wrapping_add(batch.base_timestamp(), (*record)->timestamp_delta);
    if (options.compacted && !(*record)->key)
      named.push_back({index, kKeyMessage});
    else if (judges_times(options) && !time_fits(timestamp, options))
      named.push_back({index, time_message(timestamp, options)});
  }
  return named;
}

// Kafka says INVALID_TIMESTAMP where both rules are broken.
std::expected<void, AppendError> check_rules(const BatchView& batch, const record::RecordFacts& facts,
                                             const ValidationOptions& options) {
  const bool keys = keys_fit(facts, options), times = times_fit(facts, options);
  if (keys && times) return {};
  auto named = name_records(batch, options);
  if (!times) {
    const Timestamp worst = time_fits(facts.max_timestamp, options) ? facts.min_timestamp : facts.max_timestamp;
    return Refusal(AppendError(Error{ErrorCode::kInvalidTimestamp, time_message(worst, options)}, std::move(named)));
  }
  if (named.empty()) named.push_back({facts.first_without_key, kKeyMessage});
  return Refusal(AppendError(Error{ErrorCode::kInvalidRecord, kKeyMessage}, std::move(named)));
}

// Under CreateTime the bit that says LogAppendTime is taken away again, as Kafka does; under LogAppendTime it is a lie
// about who stamped the records.
std::expected<void, AppendError> check_timestamp_type(const BatchView& batch, const ValidationOptions& options) {
  if (options.origin != AppendOrigin::kClient || options.timestamp_type == TimestampType::kCreateTime ||
      batch.timestamp_type() == TimestampType::kCreateTime)
    return {};
  const std::string message = "a producer may not write LogAppendTime batches";
  std::vector<RecordError> named;
  for (std::int32_t i = 0; i < batch.record_count() && named.size() < kNamedMax; ++i) named.push_back({i, message});
  return Refusal(AppendError(Error{ErrorCode::kInvalidTimestamp, message}, std::move(named)));
}

// --- Records

// The same records in another codec, in one go; what is large has been packed before (repack_in_slices.h).
Result<SharedBytes> repacked(const BatchView& batch, record::Codec codec, const record::RecordFacts& facts,
                             const ValidationOptions& options) {
  record::WalkRoom room;
  record::Repack repack(batch, room,
                        {.codec = codec,
                         .level = options.compression_level,
                         .plain_size = std::size_t(facts.unpacked_bytes),
                         .size_max = options.message_bytes_max});
  while (!repack.over()) TRY_VOID(repack.step(record::WalkRoom::kWindow));
  return std::move(repack).finish();
}

// What will be written, before it gets its place.
struct Content {
  SharedBytes bytes;  // one batch
  bool rebuilt = false;
  Timestamp max_timestamp = kNoTimestamp;
};

bool needs_walk(const BatchView& batch, record::Codec target, const ValidationOptions& options) {
  if (batch.is_control()) return false;  // has keys, and no business with the topic's codec
  return target != batch.codec() || options.compacted || (judges_times(options) && limits_past(options));
}

// What is known of the records of a producer that is trusted.
Result<record::RecordFacts> facts_of_trusted(const BatchView& batch, record::Codec target,
                                             const ValidationOptions& options) {
  if (needs_walk(batch, target, options)) {
    record::WalkRoom room;
    return record::walk_records(batch, room);
  }
  record::RecordFacts facts;
  facts.max_timestamp = batch.max_timestamp();
  facts.min_timestamp = std::min(batch.base_timestamp(), batch.max_timestamp());
  return facts;
}

std::expected<Content, AppendError> check_records(const SharedBytes& bytes, const BatchView& batch,
                                                  record::Codec source, const ValidationOptions& options) {
  const record::Codec target = batch.is_control() ? source : options.codec.value_or(source);
  record::RecordFacts facts;
  if (options.walked) {
    TRY(facts, *options.walked);
  } else {
    TRY(facts, facts_of_trusted(batch, target, options));
  }
  if (auto fit = check_rules(batch, facts, options); !fit) return std::unexpected(std::move(fit.error()));
  if (target == source) return Content{bytes, false, facts.max_timestamp};
  TRY(auto packed, repacked(batch, target, facts, options));
  TRY_VOID(check_size(packed.size(), options));
  return Content{std::move(packed), true, facts.max_timestamp};
}

// --- The result

ValidatedBatch assign(const Content& content, const ValidationOptions& options) {
  const auto batch = BatchView::at(content.bytes);
  CHECK(batch);
  ValidatedBatch out;
  std::memcpy(out.header.data(), content.bytes.data(), record::kBatchHeaderSize);
  out.body = content.bytes.slice(record::kBatchHeaderSize, content.bytes.size() - record::kBatchHeaderSize);
  out.first = options.next_offset;
  out.last = options.next_offset + batch->last_offset_delta();
  out.max_timestamp = content.max_timestamp;
  out.rebuilt = content.rebuilt;
  record::set_base_offset(out.header, out.first);
  record::set_leader_epoch(out.header, options.leader_epoch);
  if (options.timestamp_type == TimestampType::kLogAppendTime) out.max_timestamp = out.log_append_time = options.now;
  // Time is the one thing that the leader changes under the checksum. No copy of the body for it.
  out.stamped = batch->timestamp_type() != options.timestamp_type || batch->max_timestamp() != out.max_timestamp;
  if (out.stamped) record::stamp_time(out.header, out.body, options.timestamp_type, out.max_timestamp);
  return out;
}

}  // namespace

void ValidatedBatch::copy_to(MutableBytes to) const {
  CHECK(to.size() == size());
  std::memcpy(to.data(), header.data(), header.size());
  if (!body.empty()) std::memcpy(to.data() + header.size(), body.data(), body.size());
}

SharedBytes ValidatedBatch::flat() const {
  auto memory = std::make_shared_for_overwrite<std::byte[]>(size());
  copy_to({memory.get(), size()});
  const BytesView whole(memory.get(), size());
  return {std::move(memory), whole};
}

Result<BatchView> check_framing(BytesView records) {
  TRY(const auto batch, only_batch(records));
  TRY_VOID(check_crc(batch));
  return batch;
}

std::expected<ValidatedBatch, AppendError> validate_for_append(const SharedBytes& records,
                                                               const ValidationOptions& options) {
  const auto batch = only_batch(records);
  if (!batch) return std::unexpected(batch.error());
  TRY_VOID(check_size(batch->size(), options));
  TRY_VOID(options.walked ? crc_of_walked(*options.walked) : check_crc(*batch));
  if (options.origin == AppendOrigin::kClient)
    TRY_VOID(check_client_rules(*batch));
  else
    TRY_VOID(check_counts(*batch));
  TRY(const auto source, check_codec(*batch, options));
  if (auto type = check_timestamp_type(*batch, options); !type) return std::unexpected(std::move(type.error()));
  auto content = check_records(records, *batch, source, options);
  if (!content) return std::unexpected(std::move(content.error()));
  return assign(*content, options);
}

Result<ReplicatedBatches> check_replicated(BytesView records, Offset next_offset, LeaderEpoch epoch_max) {
  ReplicatedBatches out;
  record::BatchReader reader(records);
  while (true) {
    TRY(const auto batch, reader.next());
    if (!batch || batch->leader_epoch() > epoch_max) break;
    if (!batch->crc_ok())
      return fail(ErrorCode::kCorruptMessage,
                  "record batch at offset " + to_string(batch->base_offset()) + " fails its checksum");
    if (batch->last_offset_delta() < 0 || batch->base_offset() < next_offset ||
        batch->last_offset() < batch->base_offset())
      return fail(ErrorCode::kOffsetOutOfRange, "record batch at offset " + to_string(batch->base_offset()) +
                                                    " where " + to_string(next_offset) + " or later was due");
    next_offset = batch->next_offset();
    out.batches.push_back(*batch);
    out.size = reader.position();
  }
  return out;
}

}  // namespace thalweg::storage

#include "storage/log_validator.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/endian.h"
#include "record/builder.h"
#include "record/record.h"

namespace thalweg::storage {
namespace {

using record::BatchView;
using record::TimestampType;

using Refusal = std::unexpected<AppendError>;

Refusal refuse(ErrorCode code, std::string message) { return Refusal(Error{code, std::move(message)}); }

// --- The header alone
// ------------------------------------------------------------------------------------------------------

std::expected<BatchView, AppendError> only_batch(BytesView records) {
  if (records.size() < record::BatchPrefix::kSize)
    return refuse(ErrorCode::kInvalidRecord, "a produce request needs exactly one record batch per partition");
  TRY(const auto prefix, record::BatchPrefix::read(records));
  if (prefix.magic != record::kMagic)
    return refuse(ErrorCode::kInvalidRecord,
                  "record batches need format version 2, not " + std::to_string(prefix.magic));
  if (prefix.total_size > records.size())  // not even one: Kafka calls this invalid, and clients do not try again
    return refuse(ErrorCode::kInvalidRecord, "record batch of " + std::to_string(prefix.total_size) +
                                                 " bytes ends after " + std::to_string(records.size()));
  TRY(const auto batch, BatchView::at(records));
  if (batch.size() != records.size())
    return refuse(ErrorCode::kInvalidRecord, "a produce request needs exactly one record batch per partition");
  return batch;
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

// --- Time
// ------------------------------------------------------------------------------------------------------------------

bool limits_past(const ValidationOptions& options) { return options.timestamp_before_max != Millis::max(); }

bool time_fits(Timestamp timestamp, const ValidationOptions& options) {
  if (timestamp == kNoTimestamp) return true;
  const auto distance = [](Timestamp from, Timestamp to) {  // saturating to - from, for to > from
    Timestamp result;
    return __builtin_sub_overflow(to, from, &result) ? std::numeric_limits<Timestamp>::max() : result;
  };
  if (timestamp > options.now) return distance(options.now, timestamp) <= options.timestamp_after_max.count();
  return !limits_past(options) || distance(timestamp, options.now) <= options.timestamp_before_max.count();
}

std::string time_message(Timestamp timestamp, const ValidationOptions& options) {
  return "timestamp " + std::to_string(timestamp) + " is outside what the topic accepts at " +
         std::to_string(options.now);
}

// --- Records, where a rule needs them
// ----------------------------------------------------------------------------------------

// What walking the records found out.
struct Walked {
  bool deltas_rise_by_one = true;
  Timestamp max_timestamp = kNoTimestamp;
};

std::expected<Walked, AppendError> walk(record::RecordReader& reader, const ValidationOptions& options) {
  const bool check_time =
      options.origin == AppendOrigin::kClient && options.timestamp_type == TimestampType::kCreateTime;
  Walked walked;
  std::vector<RecordError> bad_keys, bad_times;
  for (std::int32_t index = 0;; ++index) {
    TRY(const auto record, reader.next());
    if (!record) break;
    if (record->offset_delta != index) walked.deltas_rise_by_one = false;
    walked.max_timestamp = std::max(walked.max_timestamp, record->timestamp);
    if (options.compacted && !record->key) bad_keys.push_back({index, "a compacted topic needs a key in every record"});
    if (check_time && !time_fits(record->timestamp, options))
      bad_times.push_back({index, time_message(record->timestamp, options)});
  }
  if (!bad_keys.empty())
    return Refusal(AppendError(Error{ErrorCode::kInvalidRecord, "a compacted topic needs a key in every record"},
                               std::move(bad_keys)));
  if (!bad_times.empty())
    return Refusal(AppendError(Error{ErrorCode::kInvalidTimestamp, bad_times.front().message}, std::move(bad_times)));
  return walked;
}

// What the header says about time. The base timestamp is that of the first record. When it says that records are
// outside the range, they are looked for, so that the answer names them.
std::expected<void, AppendError> check_batch_time(const BatchView& batch, const ValidationOptions& options) {
  if (batch.timestamp_type() == TimestampType::kLogAppendTime) {
    const std::string message = "a producer may not write LogAppendTime batches";
    return Refusal(AppendError(Error{ErrorCode::kInvalidTimestamp, message}, {{0, message}}));
  }
  if (options.timestamp_type == TimestampType::kLogAppendTime) return {};
  if (time_fits(batch.base_timestamp(), options) && time_fits(batch.max_timestamp(), options)) return {};
  TRY(auto reader, record::RecordReader::open(batch));
  if (auto walked = walk(reader, options); !walked) return std::unexpected(std::move(walked.error()));
  // No record is, so the header lies.
  const std::string message = time_message(batch.max_timestamp(), options);
  return Refusal(AppendError(Error{ErrorCode::kInvalidTimestamp, message}, {{0, message}}));
}

// The same records in another codec, or with the offset deltas that they should have had.
Result<SharedBytes> rebuild(const BatchView& batch, BytesView plain, record::Codec codec,
                            const ValidationOptions& options) {
  record::BatchBuilder builder({.codec = codec,
                                .compression_level = options.compression_level,
                                .producer_id = batch.producer_id(),
                                .producer_epoch = batch.producer_epoch(),
                                .base_sequence = batch.base_sequence(),
                                .transactional = batch.is_transactional(),
                                .control = batch.is_control()});
  record::RecordIterator records(batch, plain);
  std::vector<record::HeaderView> headers;
  while (true) {
    TRY(const auto record, records.next());
    if (!record) break;
    headers.clear();
    auto iterator = record->headers();
    while (true) {
      TRY(const auto header, iterator.next());
      if (!header) break;
      headers.push_back(*header);
    }
    builder.append({record->timestamp, record->key, record->value, headers});
  }
  return builder.build();
}

// What will be written, before it gets its place.
struct Content {
  SharedBytes bytes;  // one batch
  bool rebuilt = false;
  std::optional<Timestamp> max_timestamp;  // the true one, where the header has another
};

bool needs_walk(const BatchView& batch, record::Codec source, const ValidationOptions& options) {
  if (batch.is_control()) return false;  // has keys, and no business with the topic's codec
  return options.codec.value_or(source) != source || options.compacted || options.records == RecordChecks::kEvery ||
         (options.origin == AppendOrigin::kClient && options.timestamp_type == TimestampType::kCreateTime &&
          limits_past(options));
}

std::expected<Content, AppendError> check_records(const SharedBytes& bytes, const BatchView& batch,
                                                  record::Codec source, const ValidationOptions& options) {
  if (!needs_walk(batch, source, options)) return Content{bytes};
  TRY(auto reader, record::RecordReader::open(batch));
  const BytesView plain = source == record::Codec::kNone ? batch.body() : reader.decompressed().view();
  auto walked = walk(reader, options);
  if (!walked) return std::unexpected(std::move(walked.error()));
  // Only compressed batches are forgiven, since old clients wrapped records without numbering them.
  if (source == record::Codec::kNone && !walked->deltas_rise_by_one)
    return refuse(ErrorCode::kInvalidRecord, "offset deltas of the records do not rise by one");
  const record::Codec target = options.codec.value_or(source);
  if (target == source && walked->deltas_rise_by_one) {
    Content content{bytes};
    if (walked->max_timestamp != batch.max_timestamp()) content.max_timestamp = walked->max_timestamp;
    return content;
  }
  TRY(auto rebuilt, rebuild(batch, plain, target, options));
  TRY_VOID(check_size(rebuilt.size(), options));
  return Content{std::move(rebuilt), true};
}

// --- The result
// --------------------------------------------------------------------------------------------------------------

// Time is the one thing that the leader changes under the checksum. No copy of the body for it.
void stamp_time(ValidatedBatch& batch, TimestampType type, Timestamp max_timestamp) {
  std::byte* const header = batch.header.data();
  if (type == TimestampType::kLogAppendTime) {
    const auto attributes = load_be<std::int16_t>(header + record::batch_field::kAttributes);
    store_be<std::int16_t>(header + record::batch_field::kAttributes, attributes | record::attribute::kLogAppendTime);
  }
  store_be(header + record::batch_field::kMaxTimestamp, max_timestamp);
  const std::uint32_t crc_of_header = crc32c(BytesView(batch.header).subspan(record::batch_field::kAttributes));
  store_be(header + record::batch_field::kCrc, crc32c(batch.body, crc_of_header));
  batch.max_timestamp = max_timestamp;
}

ValidatedBatch assign(const Content& content, const ValidationOptions& options) {
  const auto batch = BatchView::at(content.bytes);
  CHECK(batch);
  ValidatedBatch out;
  std::memcpy(out.header.data(), content.bytes.data(), record::kBatchHeaderSize);
  out.body = content.bytes.slice(record::kBatchHeaderSize, content.bytes.size() - record::kBatchHeaderSize);
  out.first = options.next_offset;
  out.last = options.next_offset + batch->last_offset_delta();
  out.max_timestamp = batch->max_timestamp();
  out.rebuilt = content.rebuilt;
  record::set_base_offset(out.header, out.first);
  record::set_leader_epoch(out.header, options.leader_epoch);
  if (options.timestamp_type == TimestampType::kLogAppendTime) {
    out.log_append_time = options.now;
    stamp_time(out, TimestampType::kLogAppendTime, options.now);
  } else if (content.max_timestamp) {
    stamp_time(out, TimestampType::kCreateTime, *content.max_timestamp);
  }
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

std::expected<ValidatedBatch, AppendError> validate_for_append(const SharedBytes& records,
                                                               const ValidationOptions& options) {
  const auto batch = only_batch(records);
  if (!batch) return std::unexpected(batch.error());
  TRY_VOID(check_size(batch->size(), options));
  if (!batch->crc_ok()) return refuse(ErrorCode::kCorruptMessage, "record batch fails its checksum");
  if (options.origin == AppendOrigin::kClient)
    TRY_VOID(check_client_rules(*batch));
  else
    TRY_VOID(check_counts(*batch));
  TRY(const auto source, check_codec(*batch, options));
  if (options.origin == AppendOrigin::kClient) {
    if (auto time = check_batch_time(*batch, options); !time) return std::unexpected(std::move(time.error()));
  }
  auto content = check_records(records, *batch, source, options);
  if (!content) return std::unexpected(std::move(content.error()));
  return assign(*content, options);
}

Result<ReplicatedBatches> check_replicated(BytesView records, Offset next_offset) {
  ReplicatedBatches out;
  record::BatchReader reader(records);
  while (true) {
    TRY(const auto batch, reader.next());
    if (!batch) break;
    if (!batch->crc_ok())
      return fail(ErrorCode::kCorruptMessage,
                  "record batch at offset " + to_string(batch->base_offset()) + " fails its checksum");
    if (batch->last_offset_delta() < 0 || batch->base_offset() < next_offset ||
        batch->last_offset() < batch->base_offset())
      return fail(ErrorCode::kOffsetOutOfRange, "record batch at offset " + to_string(batch->base_offset()) +
                                                    " where " + to_string(next_offset) + " or later was due");
    next_offset = batch->next_offset();
    out.batches.push_back(*batch);
  }
  out.size = reader.position();
  return out;
}

}  // namespace thalweg::storage

#include "record/builder.h"

#include <limits>
#include <memory>

#include "base/crc32c.h"
#include "base/varint.h"
#include "record/compression.h"

namespace thalweg::record {
namespace {

// Writes into room that was measured before.
class Out {
 public:
  explicit Out(std::byte* at) : at_(at) {}
  template <class T>
  void fixed(T value) {
    store_be(at_, value);
    at_ += sizeof value;
  }
  void varint(std::int64_t value) { at_ += write_varint(at_, zigzag(value)); }
  void bytes(BytesView bytes) {
    if (!bytes.empty()) std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  void nullable(const std::optional<BytesView>& bytes_or_null) {
    varint(bytes_or_null ? static_cast<std::int64_t>(bytes_or_null->size()) : -1);
    if (bytes_or_null) bytes(*bytes_or_null);
  }
  std::byte* at() const { return at_; }

 private:
  std::byte* at_;
};

std::byte* bytes_of(std::string& text) { return reinterpret_cast<std::byte*>(text.data()); }

std::size_t signed_size(std::int64_t value) { return varint_size(zigzag(value)); }
std::size_t nullable_size(const std::optional<BytesView>& bytes) {
  return bytes ? signed_size(static_cast<std::int64_t>(bytes->size())) + bytes->size() : 1;
}
std::size_t value_size(const NewRecord& record) {
  std::size_t size = record.value->size();
  for (const BytesView part : record.more_value) size += part.size();
  return size;
}
std::size_t payload_size(const NewRecord& record) {
  std::size_t size = 1 + nullable_size(record.key);
  const std::size_t value = record.value ? value_size(record) : 0;
  size += record.value ? signed_size(static_cast<std::int64_t>(value)) + value : 1;
  size += signed_size(static_cast<std::int64_t>(record.headers.size()));
  for (const auto& header : record.headers) size += nullable_size(as_bytes(header.key)) + nullable_size(header.value);
  return size;
}

std::int64_t wrapping_difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

std::int16_t attributes_of(const BatchOptions& options) {
  auto bits = static_cast<std::int16_t>(options.codec);
  if (options.log_append_time) bits |= attribute::kLogAppendTime;
  if (options.transactional) bits |= attribute::kTransactional;
  if (options.control) bits |= attribute::kControl;
  if (options.delete_horizon) bits |= attribute::kDeleteHorizon;
  return bits;
}

}  // namespace

BatchBuilder::BatchBuilder(BatchOptions options)
    : options_(options), batch_(kBatchHeaderSize, '\0'), base_timestamp_(options.delete_horizon) {}

std::size_t BatchBuilder::size_of(const NewRecord& record) {
  return payload_size(record) + kMaxVarint64 + 2 * kMaxVarint32;
}

void BatchBuilder::append(const NewRecord& record) { append_at(options_.base_offset + last_offset_delta_ + 1, record); }

void BatchBuilder::append_at(Offset offset, const NewRecord& record) {
  CHECK(record.value || record.more_value.empty());
  const std::int64_t offset_delta = offset - options_.base_offset;
  CHECK(offset_delta > last_offset_delta_ && offset_delta <= std::numeric_limits<std::int32_t>::max());
  if (!base_timestamp_) base_timestamp_ = record.timestamp;
  const std::int64_t timestamp_delta = wrapping_difference(record.timestamp, *base_timestamp_);

  const std::size_t payload = payload_size(record) + signed_size(timestamp_delta) + signed_size(offset_delta);
  CHECK(payload <= std::numeric_limits<std::int32_t>::max());
  const std::size_t total = signed_size(static_cast<std::int64_t>(payload)) + payload;
  const std::size_t before = batch_.size();
  // Not the size that it is called with: libstdc++ 12 gives the capacity there.
  batch_.resize_and_overwrite(before + total, [size = before + total](char*, std::size_t) { return size; });
  Out out(bytes_of(batch_) + before);
  out.varint(static_cast<std::int64_t>(payload));
  out.fixed<std::int8_t>(0);
  out.varint(timestamp_delta);
  out.varint(offset_delta);
  out.nullable(record.key);
  out.varint(record.value ? static_cast<std::int64_t>(value_size(record)) : -1);
  if (record.value) out.bytes(*record.value);
  for (const BytesView part : record.more_value) out.bytes(part);
  out.varint(static_cast<std::int64_t>(record.headers.size()));
  for (const auto& header : record.headers) {
    out.nullable(as_bytes(header.key));
    out.nullable(header.value);
  }
  CHECK(out.at() == bytes_of(batch_) + batch_.size());

  last_offset_delta_ = static_cast<std::int32_t>(offset_delta);
  max_timestamp_ = std::max(max_timestamp_, record.timestamp);
  ++count_;
}

void BatchBuilder::set_last_offset(Offset offset) {
  const std::int64_t delta = offset - options_.base_offset;
  CHECK(delta >= last_offset_delta_ && delta <= std::numeric_limits<std::int32_t>::max());
  last_offset_delta_ = static_cast<std::int32_t>(delta);
}

SharedBytes BatchBuilder::build() const& {
  const BytesView records = as_bytes(batch_).subspan(kBatchHeaderSize);
  const bool packed = options_.codec != Codec::kNone;
  const SharedBytes compressed = packed ? compress(options_.codec, records, options_.compression_level) : SharedBytes();
  const BytesView body = packed ? compressed.view() : records;
  const std::size_t size = kBatchHeaderSize + body.size();
  auto memory = std::make_shared_for_overwrite<std::byte[]>(size);
  Out(memory.get() + kBatchHeaderSize).bytes(body);
  seal(memory.get(), size);
  const BytesView whole(memory.get(), size);
  return {std::move(memory), whole};
}

SharedBytes BatchBuilder::build() && {
  if (options_.codec != Codec::kNone) return std::as_const(*this).build();
  seal(bytes_of(batch_), batch_.size());
  auto memory = std::make_shared<const std::string>(std::move(batch_));
  const BytesView whole = as_bytes(*memory);
  return {std::move(memory), whole};
}

void BatchBuilder::seal(std::byte* batch, std::size_t size) const {
  CHECK(last_offset_delta_ >= 0);
  CHECK(size - kLogOverhead <= std::numeric_limits<std::int32_t>::max());
  Out out(batch);
  out.fixed(options_.base_offset.value);
  out.fixed(static_cast<std::int32_t>(size - kLogOverhead));
  out.fixed(options_.leader_epoch.value);
  out.fixed(kMagic);
  out.fixed(std::uint32_t{0});
  out.fixed(attributes_of(options_));
  out.fixed(last_offset_delta_);
  out.fixed(base_timestamp_.value_or(kNoTimestamp));
  out.fixed(options_.log_append_time.value_or(max_timestamp_));
  out.fixed(options_.producer_id.value);
  out.fixed(options_.producer_epoch.value);
  out.fixed(options_.base_sequence);
  out.fixed(count_);
  const BytesView whole(batch, size);
  store_be(batch + batch_field::kCrc, crc32c(whole.subspan(batch_field::kAttributes)));
}

SharedBytes control_batch(ControlType type, BytesView value, Timestamp now, BatchOptions options) {
  options.control = true;
  std::byte key[4];
  Out out(key);
  out.fixed(std::int16_t{0});
  out.fixed(static_cast<std::int16_t>(type));
  BatchBuilder builder(options);
  builder.append({.timestamp = now, .key = BytesView(key), .value = value});
  return builder.build();
}

SharedBytes end_transaction_marker(bool commit, ProducerId id, ProducerEpoch epoch, std::int32_t coordinator_epoch,
                                   Timestamp now, BatchOptions options) {
  options.producer_id = id;
  options.producer_epoch = epoch;
  options.transactional = true;
  std::byte value[6];
  Out out(value);
  out.fixed(std::int16_t{0});
  out.fixed(coordinator_epoch);
  return control_batch(commit ? ControlType::kCommit : ControlType::kAbort, value, now, options);
}

}  // namespace thalweg::record

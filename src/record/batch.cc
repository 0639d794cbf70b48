#include "record/batch.h"

#include <array>

#include "base/crc32c.h"

namespace thalweg::record {
namespace {

constexpr std::array<std::string_view, kCodecCount> kCodecNames = {"none", "gzip", "snappy", "lz4", "zstd"};

// Bytes after the length field that a batch (or legacy message) of each magic has at least.
constexpr std::array<std::int32_t, 3> kLeastLength = {14, 22, kBatchHeaderSize - kLogOverhead};

}  // namespace

std::string_view name(Codec codec) { return kCodecNames[static_cast<std::size_t>(codec)]; }

std::optional<Codec> codec_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kCodecNames.size(); ++i)
    if (kCodecNames[i] == name) return static_cast<Codec>(i);
  return std::nullopt;
}

Result<BatchPrefix> BatchPrefix::read(BytesView bytes) {
  CHECK(bytes.size() >= kSize);
  BatchPrefix prefix;
  prefix.base_offset = {load_be<std::int64_t>(bytes.data() + batch_field::kBaseOffset)};
  prefix.leader_epoch = {load_be<std::int32_t>(bytes.data() + batch_field::kLeaderEpoch)};
  prefix.magic = load_be<std::int8_t>(bytes.data() + batch_field::kMagic);
  if (prefix.magic < 0 || prefix.magic > kMagic)
    return fail(ErrorCode::kCorruptMessage, "record batch with unknown magic " + std::to_string(prefix.magic));
  const auto length = load_be<std::int32_t>(bytes.data() + batch_field::kLength);
  if (length < kLeastLength[static_cast<std::size_t>(prefix.magic)])
    return fail(ErrorCode::kCorruptMessage, "record batch with impossible length " + std::to_string(length));
  prefix.total_size = kLogOverhead + static_cast<std::size_t>(length);
  return prefix;
}

Result<BatchView> BatchView::at(BytesView bytes) {
  if (bytes.size() < BatchPrefix::kSize) return fail(ErrorCode::kCorruptMessage, "record batch ends inside its header");
  TRY(const auto prefix, BatchPrefix::read(bytes));
  if (prefix.magic < kMagic)
    return fail(ErrorCode::kUnsupportedForMessageFormat,
                "message format " + std::to_string(prefix.magic) + " is no longer supported");
  if (prefix.total_size > bytes.size())
    return fail(ErrorCode::kCorruptMessage, "record batch of " + std::to_string(prefix.total_size) +
                                                " bytes ends after " + std::to_string(bytes.size()));
  return BatchView(bytes.first(prefix.total_size));
}

std::uint32_t BatchView::computed_crc() const { return crc32c(bytes_.subspan(batch_field::kAttributes)); }

std::optional<Codec> BatchView::codec() const {
  const int number = attributes() & attribute::kCodecMask;
  if (number >= kCodecCount) return std::nullopt;
  return static_cast<Codec>(number);
}

std::int32_t BatchView::last_sequence() const {
  const std::int32_t base = base_sequence();
  return base == kNoSequence ? kNoSequence : advance_sequence(base, last_offset_delta());
}

Result<std::optional<BatchView>> BatchReader::next() {
  const BytesView left = rest();
  if (left.size() < BatchPrefix::kSize) return std::nullopt;
  TRY(const auto prefix, BatchPrefix::read(left));
  if (prefix.total_size > left.size()) return std::nullopt;
  TRY(const auto batch, BatchView::at(left));
  position_ += batch.size();
  return batch;
}

Result<std::vector<BatchView>> split_batches(BytesView bytes) {
  std::vector<BatchView> batches;
  BatchReader reader(bytes);
  while (true) {
    TRY(const auto batch, reader.next());
    if (!batch) break;
    batches.push_back(*batch);
  }
  if (!reader.rest().empty()) return fail(ErrorCode::kCorruptMessage, "record data ends inside a batch");
  return batches;
}

void set_base_offset(MutableBytes batch, Offset offset) {
  CHECK(batch.size() >= kBatchHeaderSize);
  store_be(batch.data() + batch_field::kBaseOffset, offset.value);
}

void set_leader_epoch(MutableBytes batch, LeaderEpoch epoch) {
  CHECK(batch.size() >= kBatchHeaderSize);
  store_be(batch.data() + batch_field::kLeaderEpoch, epoch.value);
}

void stamp_time(MutableBytes header, BytesView body, TimestampType type, Timestamp max_timestamp) {
  CHECK(header.size() >= kBatchHeaderSize);
  header = header.first(kBatchHeaderSize);
  std::byte* const at = header.data() + batch_field::kAttributes;
  auto attributes = load_be<std::int16_t>(at);
  if (type == TimestampType::kLogAppendTime)
    attributes |= attribute::kLogAppendTime;
  else
    attributes &= static_cast<std::int16_t>(~attribute::kLogAppendTime);
  store_be(at, attributes);
  store_be(header.data() + batch_field::kMaxTimestamp, max_timestamp);
  const std::uint32_t of_header = crc32c(BytesView(header).subspan(batch_field::kAttributes));
  store_be(header.data() + batch_field::kCrc, crc32c(body, of_header));
}

}  // namespace thalweg::record

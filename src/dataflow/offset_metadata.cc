#include "dataflow/offset_metadata.h"

#include <optional>

#include "base/base64.h"
#include "base/endian.h"
#include "dataflow/byte_reader.h"

namespace thalweg::streams::detail {
namespace {

constexpr std::int8_t kOffsetMetadataVersion = 2;

template <class T>
void append_be(std::string& out, T value) {
  std::byte bytes[sizeof(T)];
  store_be(bytes, value);
  out.append(reinterpret_cast<const char*>(bytes), sizeof bytes);
}

// Nothing when it is cut short: then none of it counts.
std::optional<std::map<std::string, std::int64_t, std::less<>>> read_kept_values(ByteReader& from) {
  std::map<std::string, std::int64_t, std::less<>> kept;
  const std::int32_t count = from.i32();
  if (!from.ok() || count < 0) return std::nullopt;
  for (std::int32_t i = 0; i < count; ++i) {
    const std::int32_t length = from.i32();
    if (length < 0) return std::nullopt;
    const std::string name(from.bytes(static_cast<std::size_t>(length)));
    const std::int64_t value = from.i64();
    if (!from.ok()) return std::nullopt;
    kept[name] = value;
  }
  return kept;
}

}  // namespace

std::string encode(const OffsetMetadata& metadata) {
  std::string bytes;
  append_be(bytes, kOffsetMetadataVersion);
  append_be(bytes, metadata.partition_time);
  if (!metadata.kept.empty()) append_be(bytes, static_cast<std::int32_t>(metadata.kept.size()));
  for (const auto& [name, value] : metadata.kept) {
    append_be(bytes, static_cast<std::int32_t>(name.size()));
    bytes += name;
    append_be(bytes, value);
  }
  return base64(bytes);
}

OffsetMetadata decode_offset_metadata(std::string_view text) {
  OffsetMetadata metadata;
  const auto decoded = decode_base64(text);
  if (!decoded) return metadata;
  ByteReader from(*decoded);
  const auto version = static_cast<std::int8_t>(from.u8());
  if (version != 1 && version != kOffsetMetadataVersion) return metadata;
  const std::int64_t time = from.i64();
  if (!from.ok()) return metadata;
  metadata.partition_time = time;
  if (version == kOffsetMetadataVersion && from.size() > 0)
    if (auto kept = read_kept_values(from)) metadata.kept = *std::move(kept);
  return metadata;
}

}  // namespace thalweg::streams::detail

#include "dataflow/offset_metadata.h"

#include <optional>

#include "base/base64.h"
#include "base/endian.h"

namespace thalweg::streams::detail {
namespace {

constexpr std::int8_t kOffsetMetadataVersion = 2;

template <class T>
void append_be(std::string& out, T value) {
  std::byte bytes[sizeof(T)];
  store_be(bytes, value);
  out.append(reinterpret_cast<const char*>(bytes), sizeof bytes);
}

template <class T>
std::optional<T> take_be(std::string_view& from) {
  if (from.size() < sizeof(T)) return std::nullopt;
  const T value = load_be<T>(reinterpret_cast<const std::byte*>(from.data()));
  from.remove_prefix(sizeof(T));
  return value;
}

// Nothing when it is cut short: then none of it counts.
std::optional<std::map<std::string, std::int64_t, std::less<>>> take_kept_values(std::string_view from) {
  std::map<std::string, std::int64_t, std::less<>> kept;
  const auto count = take_be<std::int32_t>(from);
  if (!count || *count < 0) return std::nullopt;
  for (std::int32_t i = 0; i < *count; ++i) {
    const auto length = take_be<std::int32_t>(from);
    if (!length || *length < 0 || from.size() < static_cast<std::size_t>(*length)) return std::nullopt;
    const std::string name(from.substr(0, static_cast<std::size_t>(*length)));
    from.remove_prefix(static_cast<std::size_t>(*length));
    const auto value = take_be<std::int64_t>(from);
    if (!value) return std::nullopt;
    kept[name] = *value;
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
  std::string_view from = *decoded;
  const auto version = take_be<std::int8_t>(from);
  if (!version || (*version != 1 && *version != kOffsetMetadataVersion)) return metadata;
  const auto time = take_be<std::int64_t>(from);
  if (!time) return metadata;
  metadata.partition_time = *time;
  if (*version == kOffsetMetadataVersion && !from.empty())
    if (auto kept = take_kept_values(from)) metadata.kept = *std::move(kept);
  return metadata;
}

}  // namespace thalweg::streams::detail

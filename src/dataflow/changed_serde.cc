#include "thalweg/streams/detail/changed_serde.h"

#include <cstdint>

namespace thalweg::streams::detail {
namespace {

enum Flag : char { kBefore = 0, kNow = 1, kBoth = 2 };

void put_varint(std::string& out, std::uint32_t zigzag) {
  while (zigzag >= 0x80) {
    out += static_cast<char>(zigzag | 0x80);
    zigzag >>= 7;
  }
  out += static_cast<char>(zigzag);
}

std::optional<std::uint32_t> take_varint(std::string_view& bytes) {
  std::uint32_t value = 0;
  for (int shift = 0; shift < 35; shift += 7) {
    if (bytes.empty()) return {};
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
    if (!(byte & 0x80)) return value;
  }
  return {};
}

}  // namespace

std::string joined_change(const std::optional<std::string>& now, const std::optional<std::string>& before) {
  std::string out;
  if (now && before) put_varint(out, static_cast<std::uint32_t>(now->size()) << 1);
  if (now) out += *now;
  if (before) out += *before;
  return out += now ? (before ? kBoth : kNow) : kBefore;
}

std::optional<ChangedBytes> split_change(std::string_view bytes) {
  if (bytes.empty()) return {};
  const char flag = bytes.back();
  bytes.remove_suffix(1);
  if (flag == kNow) return ChangedBytes{.now = bytes, .before = {}};
  if (flag == kBefore) return ChangedBytes{.now = {}, .before = bytes};
  if (flag != kBoth) return {};
  const auto zigzag = take_varint(bytes);
  if (!zigzag || *zigzag % 2 != 0 || *zigzag / 2 > bytes.size()) return {};
  return ChangedBytes{.now = bytes.substr(0, *zigzag / 2), .before = bytes.substr(*zigzag / 2)};
}

}  // namespace thalweg::streams::detail

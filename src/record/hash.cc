#include "record/hash.h"

#include <cstddef>

namespace thalweg::record {
namespace {

struct CodePoint {
  std::uint32_t value;
  std::size_t size;
};
constexpr std::uint32_t kReplacement = 0xfffd;

// One code point off the front; a byte sequence that is not UTF-8 is replaced up to where it stops being a valid
// beginning, which is how Java's decoder counts.
CodePoint decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xc2 || lead > 0xf4) return {kReplacement, 1};
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  std::uint32_t value = lead & (0xff >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= text.size() || (byte(i) & 0xc0) != 0x80) return {kReplacement, i};
    if (i == 1) {  // overlong forms, surrogates and what lies beyond U+10FFFF
      const unsigned second = byte(1);
      if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
          (lead == 0xf4 && second > 0x8f))
        return {kReplacement, 1};
    }
    value = value << 6 | (byte(i) & 0x3f);
  }
  return {value, length};
}

}  // namespace

std::int32_t java_string_hash(std::string_view utf8) {
  std::uint32_t hash = 0;
  const auto add = [&](std::uint32_t unit) { hash = hash * 31 + unit; };
  while (!utf8.empty()) {
    const auto [value, size] = decode(utf8);
    utf8.remove_prefix(size);
    if (value < 0x10000) {
      add(value);
    } else {
      add(0xd800 + ((value - 0x10000) >> 10));
      add(0xdc00 + ((value - 0x10000) & 0x3ff));
    }
  }
  return static_cast<std::int32_t>(hash);
}

}  // namespace thalweg::record

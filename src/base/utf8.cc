#include "base/utf8.h"

namespace thalweg {
namespace {

struct Lead {
  std::size_t size;
  unsigned char bits;                                  // of the first byte that belong to the value
  unsigned char second_min = 0x80, second_max = 0xbf;  // narrower where overlong forms and surrogates would be
};

constexpr Lead lead_of(unsigned char first) {
  if (first < 0x80) return {1, 0x7f};
  if (first < 0xc2) return {0, 0};
  if (first < 0xe0) return {2, 0x1f};
  if (first == 0xe0) return {3, 0x0f, 0xa0};
  if (first == 0xed) return {3, 0x0f, 0x80, 0x9f};
  if (first < 0xf0) return {3, 0x0f};
  if (first == 0xf0) return {4, 0x07, 0x90};
  if (first < 0xf4) return {4, 0x07};
  if (first == 0xf4) return {4, 0x07, 0x80, 0x8f};
  return {0, 0};
}

}  // namespace

CodePoint first_code_point(std::string_view text) {
  if (text.empty()) return {};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const Lead lead = lead_of(byte(0));
  if (lead.size == 0 || text.size() < lead.size) return {};
  if (lead.size > 1 && (byte(1) < lead.second_min || byte(1) > lead.second_max)) return {};
  char32_t value = byte(0) & lead.bits;
  for (std::size_t i = 1; i < lead.size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3f);
  }
  return {value, lead.size};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = first_code_point(text).size;
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

bool is_invisible(char32_t value) {
  return value < 0x20 || (value >= 0x7f && value <= 0x9f) || value == 0x61c || (value >= 0x200b && value <= 0x200f) ||
         (value >= 0x2028 && value <= 0x202e) || (value >= 0x2060 && value <= 0x206f) || value == 0xfeff;
}

}  // namespace thalweg

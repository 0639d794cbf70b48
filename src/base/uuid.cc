#include "base/uuid.h"

namespace thalweg {
namespace {
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Bits [from, from + 6) of the 128-bit big-endian number, zero beyond its end.
unsigned six_bits(Uuid u, unsigned from) {
  unsigned v = 0;
  for (unsigned i = from; i < from + 6; ++i) {
    const unsigned bit = i >= 128 ? 0 : i < 64 ? (u.high >> (63 - i)) & 1 : (u.low >> (127 - i)) & 1;
    v = v << 1 | bit;
  }
  return v;
}
}  // namespace

Uuid Uuid::from_random(std::uint64_t a, std::uint64_t b) {
  Uuid u{(a & ~0xf000ULL) | 0x4000ULL, (b & ~(3ULL << 62)) | (1ULL << 63)};
  if (six_bits(u, 0) == 62) u.high ^= 1ULL << 63;  // '-' is number 62
  return u;
}

std::string to_string(Uuid u) {
  std::string text(22, 'A');
  for (unsigned i = 0; i < 22; ++i) text[i] = kAlphabet[six_bits(u, i * 6)];
  return text;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  while (text.size() > 22 && text.back() == '=') text.remove_suffix(1);
  if (text.size() != 22) return std::nullopt;
  unsigned __int128 bits = 0;
  for (std::size_t i = 0; i < 22; ++i) {
    const auto value = kAlphabet.find(text[i]);
    if (value == std::string_view::npos) return std::nullopt;
    bits = i < 21 ? bits << 6 | value : bits << 2 | value >> 4;
  }
  return Uuid{static_cast<std::uint64_t>(bits >> 64), static_cast<std::uint64_t>(bits)};
}

}  // namespace thalweg

#include "schema/md5.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace thalweg::schema {
namespace {

// The RFC's table T: floor(2^32 * |sin(i)|) for i from 1.
const std::array<std::uint32_t, 64>& sines() {
  static const auto kTable = [] {
    std::array<std::uint32_t, 64> table{};
    for (int i = 0; i < 64; ++i)
      table[std::size_t(i)] = static_cast<std::uint32_t>(std::floor(std::fabs(std::sin(double(i + 1))) * 4294967296.0));
    return table;
  }();
  return kTable;
}

constexpr int kShifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

}  // namespace

void Md5::block(const unsigned char* bytes) {
  std::array<std::uint32_t, 16> words{};
  for (std::size_t i = 0; i < 16; ++i)
    for (std::size_t j = 0; j < 4; ++j) words[i] |= std::uint32_t{bytes[4 * i + j]} << (8 * j);
  std::uint32_t a = state_[0], b = state_[1], c = state_[2], d = state_[3];
  // Sixteen turns, each with one word; so that a loop has no branches in it.
  const auto phase = [&](std::size_t number, std::size_t first, std::size_t step, auto mix) {
    const std::uint32_t* const sine = sines().data() + 16 * number;
#pragma clang loop unroll(full)
    for (std::size_t i = 0; i < 16; ++i) {
      const std::uint32_t sum = a + mix() + sine[i] + words[(first + step * i) % 16];
      a = d, d = c, c = b;
      b += std::rotl(sum, kShifts[number][i % 4]);
    }
  };
  phase(0, 0, 1, [&] { return (b & c) | (~b & d); });
  phase(1, 1, 5, [&] { return (b & d) | (c & ~d); });
  phase(2, 5, 3, [&] { return b ^ c ^ d; });
  phase(3, 0, 7, [&] { return c ^ (b | ~d); });
  state_[0] += a, state_[1] += b, state_[2] += c, state_[3] += d;
}

void Md5::update(std::string_view bytes) {
  size_ += bytes.size();
  while (!bytes.empty()) {
    if (pending_size_ == 0 && bytes.size() >= pending_.size()) {
      block(reinterpret_cast<const unsigned char*>(bytes.data()));
      bytes.remove_prefix(pending_.size());
      continue;
    }
    const std::size_t taken = std::min(bytes.size(), pending_.size() - pending_size_);
    std::ranges::copy(bytes.substr(0, taken), pending_.begin() + std::ptrdiff_t(pending_size_));
    pending_size_ += taken;
    bytes.remove_prefix(taken);
    if (pending_size_ == pending_.size()) block(pending_.data()), pending_size_ = 0;
  }
}

Md5::Digest Md5::digest() {
  const std::uint64_t bits = size_ * 8;
  update(std::string_view("\x80", 1));
  while (pending_size_ != 56) update(std::string_view("\0", 1));
  for (std::size_t i = 0; i < 8; ++i) {
    const char byte = static_cast<char>(bits >> (8 * i));
    update({&byte, 1});
  }
  Digest digest{};
  for (std::size_t i = 0; i < 16; ++i) digest[i] = static_cast<std::uint8_t>(state_[i / 4] >> (8 * (i % 4)));
  return digest;
}

}  // namespace thalweg::schema

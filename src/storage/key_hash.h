// What the cleaner keeps of a key: SipHash-2-4 with 128 bits of output. Keyed by a secret of each pass, so that nobody
// can make two keys that are taken for one, of which the older would be lost. (Kafka takes MD5, where somebody can.)
// Pure.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace thalweg::storage {

struct HashSecret {
  std::uint64_t first = 0, second = 0;
};

struct KeyHash {
  std::uint64_t first = 0, second = 0;
  friend bool operator==(const KeyHash&, const KeyHash&) = default;
};

inline KeyHash hash_of(BytesView key, const HashSecret& secret) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t v0 = secret.first ^ 0x736f6d6570736575, v1 = secret.second ^ 0x646f72616e646f6d ^ 0xee,
                v2 = secret.first ^ 0x6c7967656e657261, v3 = secret.second ^ 0x7465646279746573;
  const auto rounds = [&](int count) {
    for (; count > 0; --count) {
      v0 += v1, v2 += v3;
      v1 = std::rotl(v1, 13) ^ v0, v3 = std::rotl(v3, 16) ^ v2;
      v0 = std::rotl(v0, 32);
      v2 += v1, v0 += v3;
      v1 = std::rotl(v1, 17) ^ v2, v3 = std::rotl(v3, 21) ^ v0;
      v2 = std::rotl(v2, 32);
    }
  };
  const auto take = [&](std::uint64_t word) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  };
  const std::byte* at = key.data();
  std::size_t left = key.size();
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    take(word);
  }
  std::uint64_t tail = 0;
  if (left > 0) std::memcpy(&tail, at, left);
  take(tail | static_cast<std::uint64_t>(key.size()) << 56);
  KeyHash hash;
  v2 ^= 0xee;
  rounds(4);
  hash.first = v0 ^ v1 ^ v2 ^ v3;
  v1 ^= 0xdd;
  rounds(4);
  hash.second = v0 ^ v1 ^ v2 ^ v3;
  return hash;
}

}  // namespace thalweg::storage

// MD5 (RFC 1321), which names schemas: no secret depends on it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace thalweg::schema {

class Md5 {
 public:
  using Digest = std::array<std::uint8_t, 16>;

  void update(std::string_view bytes);
  // REQUIRES: nothing is called on it any more
  Digest digest();

  static Digest of(std::string_view bytes) {
    Md5 md5;
    md5.update(bytes);
    return md5.digest();
  }

 private:
  void block(const unsigned char* bytes);

  std::array<std::uint32_t, 4> state_ = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  std::array<unsigned char, 64> pending_{};
  std::size_t pending_size_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace thalweg::schema

// CRC-64-AVRO, the fingerprint that single-object encoding carries. Source: the Avro specification, "Schema
// Fingerprints".
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace thalweg::schema::avro {

constexpr std::uint64_t crc64(std::string_view canonical_form) {
  constexpr std::uint64_t kEmpty = 0xc15d213aa4d7a795;
  constexpr auto kTable = [] {
    std::array<std::uint64_t, 256> table{};
    for (std::uint64_t i = 0; i < 256; ++i) {
      std::uint64_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ (kEmpty & -(value & 1));
      table[i] = value;
    }
    return table;
  }();
  std::uint64_t crc = kEmpty;
  for (const char c : canonical_form) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return crc;
}

}  // namespace thalweg::schema::avro

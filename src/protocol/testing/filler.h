// Gives every field of a message a value that follows from a seed and the field's path alone, so that another program
// can make the same message: tests/interop/java-serde does, with Apache Kafka's own classes.
//
// The rule. A path is the field names from the outside in, lower case, with the index behind each array's name:
// "topics1partitions0fetchoffset". A value comes from mixed = mix(hash(path) + seed), or from what follows it:
//   null     when allowed: mix(hash(path + "?") + seed) % 7 == 0 (never for records)
//   array    mixed % 4 elements, at path + index
//   string   the hexadecimal digits of mixed, cut to mixed % 9 characters
//   bytes    mixed % 20 bytes; the i-th is mixed + 7 * i
//   int64    mixed above, mix(mixed + 1) below; uuid two of them, the second from mix(mixed + 2)
//   float64  mixed as a signed number, divided by 8; bool the lowest bit; other integers the low bits
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/wire.h"

namespace thalweg::protocol {

class Filler {
 public:
  explicit Filler(std::uint32_t seed) : seed_(seed) {}

  template <class T>
  void field(std::string_view name, T& value, std::int16_t version, bool may_be_null) {
    const std::size_t outer = path_.size();
    for (const char c : name) path_ += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    fill_value(value, version, may_be_null);
    path_.resize(outer);
  }

 private:
  static std::uint32_t mix(std::uint32_t x) {
    x ^= x >> 16;
    x *= 0x7feb352d;
    x ^= x >> 15;
    x *= 0x846ca68b;
    return x ^ x >> 16;
  }
  static std::uint64_t wide(std::uint32_t high) { return std::uint64_t{high} << 32 | mix(high + 1); }

  std::uint32_t mixed(std::string_view suffix = {}) const {
    std::uint32_t hash = 0;
    for (const char c : path_) hash = hash * 31 + static_cast<unsigned char>(c);
    for (const char c : suffix) hash = hash * 31 + static_cast<unsigned char>(c);
    return mix(hash + seed_);
  }

  template <class T>
  void fill_value(std::optional<T>& value, std::int16_t version, bool may_be_null) {
    if (may_be_null && mixed("?") % 7 == 0)
      value.reset();
    else
      fill_value(value.emplace(), version, false);
  }
  template <class T>
  void fill_value(std::vector<T>& values, std::int16_t version, bool) {
    values.resize(mixed() % 4);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t outer = path_.size();
      path_ += std::to_string(i);
      fill_value(values[i], version, false);
      path_.resize(outer);
    }
  }
  void fill_value(std::string& value, std::int16_t, bool) {
    value = fmt::format("{:x}", mixed());
    value.resize(std::min<std::size_t>(value.size(), mixed() % 9));
  }
  void fill_value(SharedBytes& value, std::int16_t, bool) {
    std::vector<std::byte> bytes(mixed() % 20);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(mixed() + 7 * i);
    value = SharedBytes::take(std::move(bytes));
  }
  void fill_value(Pieces& value, std::int16_t version, bool) {
    SharedBytes bytes;
    fill_value(bytes, version, false);
    value.clear();
    if (!bytes.empty()) value.push_back(std::move(bytes));
  }
  template <class T>
  void fill_value(T& value, std::int16_t version, bool) {
    if constexpr (is_strong<T>)
      fill_value(value.value, version, false);
    else if constexpr (std::is_same_v<T, Uuid>)
      value = {wide(mixed()), wide(mix(mixed() + 2))};
    else if constexpr (std::is_same_v<T, ErrorCode>)
      value = static_cast<ErrorCode>(static_cast<std::int16_t>(mixed()));
    else if constexpr (std::is_same_v<T, bool>)
      value = (mixed() & 1) != 0;
    else if constexpr (std::is_same_v<T, double>)
      value = static_cast<std::int32_t>(mixed()) / 8.0;
    else if constexpr (sizeof(T) == 8 && std::is_integral_v<T>)
      value = static_cast<T>(wide(mixed()));
    else if constexpr (std::is_integral_v<T>)
      value = static_cast<T>(mixed());
    else
      fill(*this, value, version);
  }

  std::uint32_t seed_;
  std::string path_;
};

}  // namespace thalweg::protocol

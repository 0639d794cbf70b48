// A 128-bit id as Kafka prints it: URL-safe base64 without padding, 22 characters. The zero uuid means "absent".
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg {

struct Uuid {
  std::uint64_t high = 0, low = 0;

  // A version-4 uuid of 128 random bits; never one of Kafka's reserved ids (high word 0) and, like Kafka's own random
  // ids, never one whose text begins with '-', so that it can be a command line argument.
  static Uuid from_random(std::uint64_t a, std::uint64_t b);
  static std::optional<Uuid> parse(std::string_view base64);
  bool is_zero() const { return high == 0 && low == 0; }
  friend constexpr auto operator<=>(const Uuid&, const Uuid&) = default;
};

std::string to_string(Uuid uuid);

}  // namespace thalweg

template <>
struct std::hash<thalweg::Uuid> {
  std::size_t operator()(thalweg::Uuid u) const noexcept { return u.high * 0x9e3779b97f4a7c15ULL ^ u.low; }
};

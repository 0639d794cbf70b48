// Where we give something else than Kafka Streams on purpose. A difference that is none any more fails its test.
#pragma once

#include <array>
#include <string_view>

namespace thalweg::streams {

struct GoldenDifference {
  std::string_view topology, script;
  std::string_view why;
};

inline constexpr std::array<GoldenDifference, 0> kGoldenDifferences{};

}  // namespace thalweg::streams

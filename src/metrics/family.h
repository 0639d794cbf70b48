// What series have in common: a name as it is served, and what it means. The table of all is families.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

enum class MetricKind : std::uint8_t { kCounter, kGauge, kHistogram };

// A constant with static lifetime; two families with one name are a mistake (CHECK).
struct MetricFamily {
  std::string_view name;
  std::string_view help;
  MetricKind kind;
  std::vector<std::string_view> labels = {};
  double unit = 1;  // what one counts in the unit of the name; durations are counted in nanoseconds
};

using MetricLabels = std::vector<std::string>;  // the values, in the order of the family's labels

}  // namespace thalweg

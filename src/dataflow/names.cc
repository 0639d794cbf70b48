#include "dataflow/names.h"

#include <algorithm>
#include <cctype>

namespace thalweg::streams::detail {
namespace {

constexpr std::size_t kDigits = 10;
constexpr std::string_view kRepartition = "-repartition";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What a generated node's name looks like: KSTREAM.*-[0-9]{10}
bool is_generated_by_stream(std::string_view name) {
  constexpr std::string_view kStream = "KSTREAM";
  if (!name.starts_with(kStream) || name.size() < kStream.size() + 1 + kDigits) return false;
  const auto number = name.substr(name.size() - kDigits);
  return name[name.size() - kDigits - 1] == '-' && std::ranges::all_of(number, is_digit);
}

}  // namespace

std::string generated_name(std::string_view prefix, int number) {
  const std::string digits = std::to_string(number);
  return std::string(prefix) + std::string(kDigits - std::min(kDigits, digits.size()), '0') + digits;
}

bool is_valid_name(std::string_view name) {
  constexpr std::size_t kLongest = 249;
  if (name.empty() || name.size() > kLongest || name == "." || name == "..") return false;
  return std::ranges::all_of(name, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
  });
}

RepartitionNames repartition_names_of(const std::string& prefix, int first_number) {
  const std::string topic = prefix.ends_with(kRepartition) ? prefix : prefix + std::string(kRepartition);
  if (!is_generated_by_stream(prefix)) return {topic, topic + "-filter", topic + "-sink", topic + "-source"};
  return {.topic = topic,
          .filter = generated_name("KSTREAM-FILTER-", first_number + 1),
          .sink = generated_name("KSTREAM-SINK-", first_number),
          .source = generated_name("KSTREAM-SOURCE-", first_number + 2)};
}

}  // namespace thalweg::streams::detail

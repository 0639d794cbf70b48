#include "schema/protobuf/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace thalweg::schema::protobuf {
namespace {

// What is reserved, so that asking for a number does not look at every range.
struct Taken {
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges;  // first, and the highest last of those up to here
  std::set<std::string_view> names;

  explicit Taken(const Message& message) {
    for (const auto& statement : message.reserved)
      for (const auto& one : statement) {
        if (!one.name.empty())
          names.insert(one.name);
        else
          ranges.emplace_back(one.first, one.last == kToMax ? kNumberMax : one.last);
      }
    std::ranges::sort(ranges);
    std::int64_t last = 0;
    for (auto& range : ranges) range.second = last = std::max(last, range.second);
  }
  bool has(const Field& field) const {
    if (names.contains(field.name)) return true;
    const auto after =
        std::ranges::upper_bound(ranges, std::int64_t{field.number}, {}, [](const auto& r) { return r.first; });
    return after != ranges.begin() && std::prev(after)->second >= field.number;
  }
};

}  // namespace

std::optional<std::string> flaw_of(const Message& message) {
  std::set<std::int32_t> numbers;
  std::set<std::string_view> names;
  const Taken taken(message);
  const auto once = [&](const Field& field) -> std::optional<std::string> {
    if (!numbers.insert(field.number).second)
      return fmt::format("field number {} is used twice in \"{}\"", field.number, message.name);
    if (!names.insert(field.name).second)
      return fmt::format("\"{}\" is defined twice in \"{}\"", field.name, message.name);
    if (taken.has(field)) return fmt::format("field \"{}\" of \"{}\" uses what is reserved", field.name, message.name);
    return std::nullopt;
  };
  for (const auto& field : message.fields)
    if (auto flaw = once(field)) return flaw;
  for (const auto& oneof : message.oneofs) {
    if (!names.insert(oneof.name).second)
      return fmt::format("\"{}\" is defined twice in \"{}\"", oneof.name, message.name);
    for (const auto& field : oneof.fields)
      if (auto flaw = once(field)) return flaw;
  }
  for (const auto& group : message.groups)
    if (!numbers.insert(group.number).second)
      return fmt::format("field number {} is used twice in \"{}\"", group.number, message.name);
  return std::nullopt;
}

std::optional<std::string> flaw_of(const Enum& enumeration, bool proto3) {
  if (enumeration.values.empty()) return fmt::format("the enum \"{}\" has no values", enumeration.name);
  if (proto3 && enumeration.values.front().number != 0)
    return fmt::format("the first value of the enum \"{}\" must be 0", enumeration.name);
  std::set<std::string_view> names;
  std::set<std::int32_t> numbers;
  const bool aliases = std::ranges::any_of(enumeration.options, [](const Option& option) {
    return option.name == "allow_alias" && option.value.text == "true";
  });
  for (const auto& value : enumeration.values) {
    if (!names.insert(value.name).second)
      return fmt::format("\"{}\" is defined twice in \"{}\"", value.name, enumeration.name);
    if (!numbers.insert(value.number).second && !aliases)
      return fmt::format("the number {} is used twice in the enum \"{}\"", value.number, enumeration.name);
  }
  return std::nullopt;
}

}  // namespace thalweg::schema::protobuf

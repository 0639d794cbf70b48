// Strings, numbers, and values that are listed.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "json/writer.h"
#include "schema/json_schema/walk.h"

namespace thalweg::schema::json_schema {
namespace {

// Whether `a` is a whole number of times `b`; both above zero. As decimals: 0.3 is three times 0.1.
bool divides(const json::Decimal& b, const json::Decimal& a) {
  const auto exponent = std::min(a.exponent, b.exponent);
  if (a.exponent - exponent > 60 || b.exponent - exponent > 60 || a.digits.size() > 60 || b.digits.size() > 30)
    return false;
  unsigned __int128 divisor = 0;
  const auto digits = [&](const json::Decimal& d) {
    return d.digits + std::string(static_cast<std::size_t>(d.exponent - exponent), '0');
  };
  const auto text = digits(b);
  if (text.size() > 30 || text.empty()) return false;
  for (const char c : text) divisor = divisor * 10 + static_cast<unsigned>(c - '0');
  unsigned __int128 rest = 0;
  for (const char c : digits(a)) rest = (rest * 10 + static_cast<unsigned>(c - '0')) % divisor;
  return rest == 0;
}

template <class T, class Order>
void bound(const std::optional<T>& before, const std::optional<T>& after, const BoundNames& names, Order order,
           Changes& all) {
  if (!before && !after) return;
  if (!before) return add(all, names.added, names.path);
  if (!after) return add(all, names.removed, names.path);
  const auto change = order(*before, *after);
  if (change < 0) add(all, names.increased, names.path);
  if (change > 0) add(all, names.decreased, names.path);
}
void decimal(const std::optional<json::Decimal>& before, const std::optional<json::Decimal>& after,
             const BoundNames& names, Changes& all) {
  bound(before, after, names, [](const auto& a, const auto& b) { return json::compare(a, b); }, all);
}

std::string number_text(const json::Number& number) {
  const auto d = json::decimal(number);
  return fmt::format("{}{}e{}", d.negative ? "-" : "", d.digits, d.exponent);
}

}  // namespace

void count(const std::optional<std::int64_t>& before, const std::optional<std::int64_t>& after, const BoundNames& names,
           Changes& all) {
  bound(before, after, names, [](auto a, auto b) { return a <=> b; }, all);
}
void strings(const Node& original, const Node& update, Changes& all) {
  count(original.max_length, update.max_length,
        {"maxLength", "MAX_LENGTH_ADDED", "MAX_LENGTH_REMOVED", "MAX_LENGTH_INCREASED", "MAX_LENGTH_DECREASED"}, all);
  count(original.min_length, update.min_length,
        {"minLength", "MIN_LENGTH_ADDED", "MIN_LENGTH_REMOVED", "MIN_LENGTH_INCREASED", "MIN_LENGTH_DECREASED"}, all);
  if (original.pattern == update.pattern) return;
  add(all, !original.pattern ? "PATTERN_ADDED" : !update.pattern ? "PATTERN_REMOVED" : "PATTERN_CHANGED", "pattern");
}

void numbers(const Node& original, const Node& update, Changes& all) {
  decimal(original.maximum, update.maximum,
          {"maximum", "MAXIMUM_ADDED", "MAXIMUM_REMOVED", "MAXIMUM_INCREASED", "MAXIMUM_DECREASED"}, all);
  decimal(original.minimum, update.minimum,
          {"minimum", "MINIMUM_ADDED", "MINIMUM_REMOVED", "MINIMUM_INCREASED", "MINIMUM_DECREASED"}, all);
  decimal(original.exclusive_maximum, update.exclusive_maximum,
          {"exclusiveMaximum", "EXCLUSIVE_MAXIMUM_ADDED", "EXCLUSIVE_MAXIMUM_REMOVED", "EXCLUSIVE_MAXIMUM_INCREASED",
           "EXCLUSIVE_MAXIMUM_DECREASED"},
          all);
  decimal(original.exclusive_minimum, update.exclusive_minimum,
          {"exclusiveMinimum", "EXCLUSIVE_MINIMUM_ADDED", "EXCLUSIVE_MINIMUM_REMOVED", "EXCLUSIVE_MINIMUM_INCREASED",
           "EXCLUSIVE_MINIMUM_DECREASED"},
          all);
  const auto &before = original.multiple_of, &after = update.multiple_of;
  if (before != after) {
    add(all,
        !before                    ? "MULTIPLE_OF_ADDED"
        : !after                   ? "MULTIPLE_OF_REMOVED"
        : divides(*before, *after) ? "MULTIPLE_OF_EXPANDED"
        : divides(*after, *before) ? "MULTIPLE_OF_REDUCED"
                                   : "MULTIPLE_OF_CHANGED",
        "multipleOf");
  }
  if (original.integer != update.integer) add(all, original.integer ? "TYPE_EXTENDED" : "TYPE_NARROWED");
}

void enums(Walk& walk, const json::Array& original, const json::Array& update, Changes& all) {
  if (!walk.take(original.size() + update.size())) return;
  const auto texts = [](const json::Array& values) {
    std::set<std::string> set;
    for (const auto& value : values) {
      json::Value sorted = value;
      json::sort_members(sorted);
      // Numbers of one value are one.
      set.insert(sorted.if_number() ? number_text(*sorted.if_number()) : json::write(sorted));
    }
    return set;
  };
  const auto before = texts(original), after = texts(update);
  if (before == after) return;
  add(all,
      std::ranges::includes(after, before)   ? "ENUM_ARRAY_EXTENDED"
      : std::ranges::includes(before, after) ? "ENUM_ARRAY_NARROWED"
                                             : "ENUM_ARRAY_CHANGED",
      "enum");
}

}  // namespace thalweg::schema::json_schema

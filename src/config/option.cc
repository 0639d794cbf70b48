#include "config/option.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/number.h"

namespace thalweg::config {
namespace {

std::string_view trim(std::string_view s) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const auto first = s.find_first_not_of(kSpace);
  if (first == s.npos) return {};
  return s.substr(first, s.find_last_not_of(kSpace) - first + 1);
}

bool equal(std::string_view a, std::string_view b, bool ignore_case) {
  if (!ignore_case) return a == b;
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::unexpected<Error> invalid(const Option& option, std::string_view text, std::string_view why) {
  return fail(ErrorCode::kInvalidConfig, fmt::format("Invalid value {} for configuration {}: {}",
                                                     option.sensitive() ? "[hidden]" : text, option.name, why));
}

std::string number_text(double v) {
  return v == std::floor(v) && std::abs(v) < 1e18 ? fmt::format("{}", static_cast<std::int64_t>(v))
                                                  : fmt::format("{}", v);
}

// T is std::int64_t or double: limits are small enough to be exact in either.
template <class T>
Result<> check_range(const Option& option, T value, std::string_view text) {
  const Valid& valid = option.valid;
  const auto below = [&] { return valid.min && value < static_cast<T>(*valid.min); };
  const auto above = [&] { return valid.max && value > static_cast<T>(*valid.max); };
  if (!below() && !above()) return {};
  if (valid.or_value) {
    if (value == static_cast<T>(*valid.or_value)) return {};
    return invalid(option, text,
                   fmt::format("Value must be between {} and {} or equal to {}", number_text(*valid.min),
                               number_text(*valid.max), number_text(*valid.or_value)));
  }
  if (below()) return invalid(option, text, "Value must be at least " + number_text(*valid.min));
  return invalid(option, text, "Value must be no more than " + number_text(*valid.max));
}

Result<> check_member(const Option& option, std::string_view value) {
  if (option.valid.one_of.empty()) return {};
  for (const auto& allowed : split_list(option.valid.one_of))
    if (equal(allowed, value, option.valid.ignore_case)) return {};
  return invalid(option, value,
                 fmt::format("String must be one of{}: {}", option.valid.ignore_case ? " (case insensitive)" : "",
                             option.valid.one_of));
}

bool is_throttled_replicas(const std::vector<std::string>& list) {
  if (list.size() == 1 && (list[0] == "*" || list[0] == "none")) return true;
  return std::ranges::all_of(list, [](std::string_view pair) {
    const auto colon = pair.find(':');
    const auto digits = [](std::string_view s) { return !s.empty() && s.find_first_not_of("0123456789") == s.npos; };
    return colon != pair.npos && digits(pair.substr(0, colon)) && digits(pair.substr(colon + 1));
  });
}

bool is_offset_reset(std::string_view text) {
  if (equal(text, "latest", true) || equal(text, "earliest", true)) return true;
  constexpr std::string_view kPrefix = "by_duration:";
  if (text.size() <= kPrefix.size() + 2 || !equal(text.substr(0, kPrefix.size()), kPrefix, true)) return false;
  const auto duration = text.substr(kPrefix.size());
  if (duration[0] != 'P' && duration[0] != 'p') return false;
  return duration.find_first_not_of("PpTtDdHhMmSs0123456789.") == duration.npos &&
         duration.find_first_of("0123456789") != duration.npos;
}

Result<Value> parse_integer(const Option& option, std::string_view text) {
  const auto value = parse_number<std::int64_t>(text.starts_with('+') ? text.substr(1) : text);
  const bool fits =
      value && (option.type == Type::kLong || (option.type == Type::kInt ? std::in_range<std::int32_t>(*value)
                                                                         : std::in_range<std::int16_t>(*value)));
  if (!fits) return invalid(option, text, fmt::format("Not a number of type {}", name(option.type)));
  TRY_VOID(check_range(option, *value, text));
  return *value;
}

Result<Value> parse_double(const Option& option, std::string_view text) {
  const auto value = parse_number<double>(text);
  if (!value) return invalid(option, text, "Not a number of type DOUBLE");
  TRY_VOID(check_range(option, *value, text));
  return *value;
}

Result<Value> parse_list(const Option& option, std::string_view text) {
  auto list = split_list(text);
  if (option.valid.non_empty && list.empty()) return invalid(option, text, "must not be empty");
  for (const auto& element : list) TRY_VOID(check_member(option, element));
  if (option.valid.shape == Shape::kThrottledReplicas && !is_throttled_replicas(list))
    return invalid(option, text, "must be the literal '*', 'none' or a list of partition:broker pairs");
  return list;
}

// As Java prints a double: "0.5", "1.0", "1.5E10".
std::string double_text(double v) {
  const double size = std::abs(v);
  if (v == 0 || (size >= 1e-3 && size < 1e7))
    return v == std::floor(v) ? fmt::format("{:.1f}", v) : fmt::format("{}", v);
  char shortest[32];
  const auto end = std::to_chars(shortest, shortest + sizeof shortest, v, std::chars_format::scientific).ptr;
  const std::string text(shortest, end);
  const auto e = text.find('e');
  const auto exponent = std::stoi(text.substr(e + 1));
  auto digits = text.substr(0, e);
  if (!digits.contains('.')) digits += ".0";
  return fmt::format("{}E{}", digits, exponent);
}

}  // namespace

std::string_view name(Type type) {
  constexpr std::string_view kNames[] = {"UNKNOWN", "BOOLEAN", "STRING", "INT",   "SHORT",
                                         "LONG",    "DOUBLE",  "LIST",   "CLASS", "PASSWORD"};
  return kNames[static_cast<int>(type)];
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> list;
  if (trim(text).empty()) return list;
  for (;;) {
    const auto comma = text.find(',');
    list.emplace_back(trim(text.substr(0, comma)));
    if (comma == text.npos) return list;
    text.remove_prefix(comma + 1);
  }
}

Result<Value> parse(const Option& option, std::string_view given) {
  const auto text = trim(given);
  switch (option.type) {
    case Type::kBoolean:
      if (equal(text, "true", true)) return true;
      if (equal(text, "false", true)) return false;
      return invalid(option, text, "Expected value to be either true or false");
    case Type::kInt:
    case Type::kShort:
    case Type::kLong:
      return parse_integer(option, text);
    case Type::kDouble:
      return parse_double(option, text);
    case Type::kList:
      return parse_list(option, text);
    case Type::kUnknown:
    case Type::kString:
    case Type::kClass:
    case Type::kPassword:
      break;
  }
  if (option.valid.non_empty && text.empty()) return invalid(option, text, "String must be non-empty");
  TRY_VOID(check_member(option, text));
  if (option.valid.shape == Shape::kOffsetReset && !is_offset_reset(text))
    return invalid(option, text, "must be latest, earliest or by_duration: with an ISO 8601 duration");
  return std::string(text);
}

std::string to_string(const Value& value) {
  struct {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return fmt::format("{}", v); }
    std::string operator()(double v) const { return double_text(v); }
    std::string operator()(const std::string& v) const { return v; }
    std::string operator()(const std::vector<std::string>& v) const { return fmt::format("{}", fmt::join(v, ",")); }
  } show;
  return std::visit(show, value);
}

std::string canonical(const Option& option, std::string_view text) {
  const auto value = parse(option, text);
  return value ? to_string(*value) : std::string(text);
}

}  // namespace thalweg::config

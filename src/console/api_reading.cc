#include "console/api_reading.h"

#include <utility>

#include "base/number.h"
#include "json/parser.h"

namespace thalweg::console {
namespace {

constexpr std::size_t kBodyDepthMax = 32;

bool is_json(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return http::equal_ignoring_case(type, "application/json");
}

}  // namespace

Outcome<> read_parameter(const http::Request& request, std::string_view name, std::string& into) {
  if (const auto text = request.query_value(name)) into = *text;
  return {};
}

Outcome<> read_parameter(const http::Request& request, std::string_view name, std::optional<std::string>& into) {
  if (const auto text = request.query_value(name); text && !text->empty()) into = *text;
  return {};
}

Outcome<> read_parameter(const http::Request& request, std::string_view name, std::int32_t& into) {
  const auto text = request.query_value(name);
  if (!text) return {};
  const auto number = parse_number<std::int32_t>(*text);
  if (!number) return std::unexpected(invalid(std::string(name), "a number"));
  into = *number;
  return {};
}

Outcome<> read_parameter(const http::Request& request, std::string_view name, bool& into) {
  if (request.query_value(name)) into = request.query_flag(name);
  return {};
}

Outcome<json::Value> body_tree(const http::Request& request) {
  if (!is_json(request.head.headers.find("Content-Type").value_or(""))) {
    Problem problem = invalid("Content-Type", "application/json");
    problem.status = 415;
    return std::unexpected(std::move(problem));
  }
  auto tree = json::parse(request.body.text(), {.depth = kBodyDepthMax});
  if (!tree) return std::unexpected(invalid("/", "JSON: " + tree.error().message));
  return *std::move(tree);
}

std::optional<std::string> plan_of(const http::Request& request) {
  auto tag = request.head.headers.find("If-Match");
  if (!tag) return std::nullopt;
  if (tag->size() >= 2 && tag->starts_with('"') && tag->ends_with('"')) tag = tag->substr(1, tag->size() - 2);
  return std::string(*tag);
}

Outcome<> read_value(const json::Value& value, const std::string& at, std::string& into) {
  const auto* text = value.if_string();
  if (!text) return std::unexpected(invalid(at, "a string"));
  into = *text;
  return {};
}

Outcome<> read_value(const json::Value& value, const std::string& at, bool& into) {
  const auto* flag = value.if_bool();
  if (!flag) return std::unexpected(invalid(at, "true or false"));
  into = *flag;
  return {};
}

Outcome<> read_value(const json::Value& value, const std::string& at, std::int64_t& into) {
  const auto* number = value.if_number();
  const auto integer = number ? number->as_int64() : std::nullopt;
  if (!integer) return std::unexpected(invalid(at, "an integer"));
  into = *integer;
  return {};
}

Outcome<> read_value(const json::Value& value, const std::string& at, std::int32_t& into) {
  std::int64_t integer = 0;
  TRY_VOID(read_value(value, at, integer));
  if (!std::in_range<std::int32_t>(integer)) return std::unexpected(invalid(at, "an integer of 32 bits"));
  into = std::int32_t(integer);
  return {};
}

const json::Value* MemberPlace::find() const {
  const auto* member = object.find(name);
  return member && member->is_null() ? nullptr : member;
}

}  // namespace thalweg::console

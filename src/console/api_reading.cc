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

Outcome<> read_parameter(const http::Request& request, std::string_view name, std::optional<std::int64_t>& into) {
  const auto text = request.query_value(name);
  if (!text || text->empty()) return {};
  into = parse_number<std::int64_t>(*text);
  if (!into) return std::unexpected(invalid(std::string(name), "a whole number of 64 bits"));
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

const json::Value* MemberOf::value() const {
  const auto* found = object.find(name);
  return found && !found->is_null() ? found : nullptr;
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
  const auto* given = value.if_bool();
  if (!given) return std::unexpected(invalid(at, "true or false"));
  into = *given;
  return {};
}

Outcome<> read_value(const json::Value& value, const std::string& at, std::int32_t& into) {
  const auto* number = value.if_number();
  const auto read = number ? parse_number<std::int32_t>(number->text) : std::nullopt;
  if (!read) return std::unexpected(invalid(at, "a whole number of 32 bits"));
  into = *read;
  return {};
}

Outcome<> read_value(const json::Value& value, const std::string& at, std::int64_t& into) {
  const auto* number = value.if_number();
  const auto read = number ? number->as_int64() : std::nullopt;
  if (!read) return std::unexpected(invalid(at, "a whole number of 64 bits"));
  into = *read;
  return {};
}

}  // namespace thalweg::console

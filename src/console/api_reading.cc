#include "console/api_reading.h"

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

Outcome<> read_member(const json::Value& object, std::string_view name, bool required, std::string& into) {
  const auto* member = object.find(name);
  const auto* text = member ? member->if_string() : nullptr;
  if (text) into = *text;
  if (!text && (member || required)) return std::unexpected(invalid("/" + std::string(name), "a string"));
  return {};
}

}  // namespace thalweg::console

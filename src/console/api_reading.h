// What the generated readers of requests call: parameters of a query and members of a body, or the problem with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "console/problem.h"
#include "http/message.h"
#include "json/value.h"

namespace thalweg::console {

// What is not sent leaves `into` as it is.
Outcome<> read_parameter(const http::Request& request, std::string_view name, std::string& into);
Outcome<> read_parameter(const http::Request& request, std::string_view name, std::optional<std::string>& into);
Outcome<> read_parameter(const http::Request& request, std::string_view name, std::int32_t& into);
Outcome<> read_parameter(const http::Request& request, std::string_view name, bool& into);

// `known` lists the values, for people.
template <class E>
Outcome<> read_enum(const http::Request& request, std::string_view name, std::optional<E> (*of)(std::string_view),
                    std::string_view known, E& into) {
  const auto text = request.query_value(name);
  if (!text) return {};
  const auto value = of(*text);
  if (!value) return std::unexpected(invalid(std::string(name), "one of " + std::string(known)));
  into = *value;
  return {};
}

// The body as JSON; its type has to say so, which a form of another site's page cannot.
Outcome<json::Value> body_tree(const http::Request& request);
Outcome<> read_member(const json::Value& object, std::string_view name, bool required, std::string& into);

}  // namespace thalweg::console

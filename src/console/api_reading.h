// What the generated readers of requests call: parameters of a query and members of a body, or the problem with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// The plan that a change carries: If-Match, without quotes; nothing where there is none.
std::optional<std::string> plan_of(const http::Request& request);

// The body as JSON; its type has to say so, which a form of another site's page cannot.
Outcome<json::Value> body_tree(const http::Request& request);

// A value in a body, at the JSON pointer `at`.
Outcome<> read_value(const json::Value& value, const std::string& at, std::string& into);
Outcome<> read_value(const json::Value& value, const std::string& at, bool& into);
Outcome<> read_value(const json::Value& value, const std::string& at, std::int32_t& into);
Outcome<> read_value(const json::Value& value, const std::string& at, std::int64_t& into);
template <class T>
  requires requires { T::read(json::Value(), std::string()); }
Outcome<> read_value(const json::Value& value, const std::string& at, T& into) {
  TRY(into, T::read(value, at));
  return {};
}
template <class T>
Outcome<> read_value(const json::Value& value, const std::string& at, std::vector<T>& into) {
  const auto* items = value.if_array();
  if (!items) return std::unexpected(invalid(at, "an array"));
  into.reserve(items->size());
  for (const auto& item : *items)
    TRY_VOID(read_value(item, at + "/" + std::to_string(into.size()), into.emplace_back()));
  return {};
}
template <class T>
Outcome<> read_value(const json::Value& value, const std::string& at, std::optional<T>& into) {
  return read_value(value, at, into.emplace());
}

// A member of an object in a body. What is not sent, or null, leaves `into` as it is, where it is not required.
struct MemberPlace {
  const json::Value& object;
  const std::string& at;  // of the object
  std::string_view name;
  bool required;

  std::string pointer() const { return at + "/" + std::string(name); }
  // Null where there is none.
  const json::Value* find() const;
};
template <class T>
Outcome<> read_member(const MemberPlace& place, T& into) {
  if (const auto* member = place.find()) return read_value(*member, place.pointer(), into);
  if (place.required) return std::unexpected(invalid(place.pointer(), "there"));
  return {};
}
// The same for an enum, or one that may be missing; `known` lists the values, for people.
template <class E, class Into>
Outcome<> read_member(const MemberPlace& place, std::optional<E> (*of)(std::string_view), std::string_view known,
                      Into& into) {
  std::optional<std::string> text;
  TRY_VOID(read_member(place, text));
  if (!text && !place.required) return {};
  const auto value = of(text.value_or(""));
  if (!value) return std::unexpected(invalid(place.pointer(), "one of " + std::string(known)));
  into = *value;
  return {};
}

}  // namespace thalweg::console

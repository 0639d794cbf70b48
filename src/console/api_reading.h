// What the generated readers of requests call: parameters of a query and members of a body, or the problem with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
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
Outcome<> read_parameter(const http::Request& request, std::string_view name, std::optional<std::int64_t>& into);
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

// A member of an object in a body; `at` is the pointer to the object.
struct MemberOf {
  const json::Value& object;
  const std::string& at;
  std::string_view name;

  std::string pointer() const { return at + "/" + std::string(name); }
  // Null where it is missing, or null.
  const json::Value* value() const;
};

// `at` is the pointer to the value.
Outcome<> read_value(const json::Value& value, const std::string& at, std::string& into);
Outcome<> read_value(const json::Value& value, const std::string& at, bool& into);
Outcome<> read_value(const json::Value& value, const std::string& at, std::int32_t& into);
Outcome<> read_value(const json::Value& value, const std::string& at, std::int64_t& into);
template <class T>
  requires requires(const json::Value& value) { T::read(value, std::string()); }
Outcome<> read_value(const json::Value& value, const std::string& at, T& into) {
  TRY(into, T::read(value, at));
  return {};
}
template <class T>
Outcome<> read_value(const json::Value& value, const std::string& at, std::vector<T>& into) {
  const auto* items = value.if_array();
  if (!items) return std::unexpected(invalid(at, "an array"));
  for (const auto& item : *items)
    TRY_VOID(read_value(item, at + "/" + std::to_string(into.size()), into.emplace_back()));
  return {};
}

// How an enum is read: its reader, and its values for people.
template <class E>
struct EnumWords {
  std::optional<E> (*of)(std::string_view);
  std::string_view known;
};
template <class E>
  requires std::is_enum_v<E>
Outcome<> read_value(const json::Value& value, const std::string& at, E& into, EnumWords<E> words) {
  const auto* text = value.if_string();
  const auto known = text ? words.of(*text) : std::nullopt;
  if (!known) return std::unexpected(invalid(at, "one of " + std::string(words.known)));
  into = *known;
  return {};
}

// Of a member that has to be there.
template <class T>
Outcome<> read_member(const MemberOf& member, T& into) {
  const auto* value = member.value();
  if (!value) return std::unexpected(invalid(member.pointer(), "there"));
  return read_value(*value, member.pointer(), into);
}
template <class E>
  requires std::is_enum_v<E>
Outcome<> read_member(const MemberOf& member, E& into, EnumWords<E> words) {
  const auto* value = member.value();
  if (!value) return std::unexpected(invalid(member.pointer(), "there"));
  return read_value(*value, member.pointer(), into, words);
}
template <class T>
Outcome<> read_member(const MemberOf& member, std::optional<T>& into) {
  const auto* value = member.value();
  return value ? read_value(*value, member.pointer(), into.emplace()) : Outcome<>();
}
template <class E>
Outcome<> read_member(const MemberOf& member, std::optional<E>& into, EnumWords<E> words) {
  const auto* value = member.value();
  return value ? read_value(*value, member.pointer(), into.emplace(), words) : Outcome<>();
}

}  // namespace thalweg::console

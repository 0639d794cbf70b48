// Described types: one macro beside the type, found by ADL, gives JSON, Avro and JSON Schema.
//
//   struct Order { std::int64_t id; std::optional<std::string> note; std::vector<double> prices; };
//   THALWEG_DESCRIBE(Order, id, note, prices)
//
// Fields may be bool, integers, floating point, std::string, std::optional, std::vector, std::map<std::string, T> and
// described types. Reading is strict about types and lenient about members: a member that is unknown is passed over,
// one that is missing is an error unless its field is a std::optional. Numbers out of a field's range are errors, not
// other numbers.
#pragma once

#include <concepts>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <vector>

#include "thalweg/client/serde.h"

namespace thalweg::client {

using Json = nlohmann::json;  // for values whose shape is not known

template <class C, class M>
struct Field {
  const char* name;
  M C::* member;
};
template <class... F>
struct Description {
  const char* name;
  std::tuple<F...> fields;
};
template <class... F>
Description(const char*, std::tuple<F...>) -> Description<F...>;

template <class T>
concept IsDescribed = requires(const T* t) { thalweg_describe(t); };

// How deep a text may be nested; deeper is refused before anything is built from it.
inline constexpr std::size_t kJsonDepthMost = 100;

namespace detail {
template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;
template <class T>
inline constexpr bool kIsMap = false;
template <class T>
inline constexpr bool kIsMap<std::map<std::string, T>> = true;
template <class>
inline constexpr bool kUnsupported = false;

// Not UTF-8 in a string is refused by text_of().
THALWEG_EXPORT Result<std::string> text_of(const Json&);
THALWEG_EXPORT Result<Json> parse_json(std::string_view);
THALWEG_EXPORT std::unexpected<Error> json_mismatch(const std::string& path, std::string_view want, const Json& found);
THALWEG_EXPORT std::string json_member(const std::string& path, std::string_view name);
THALWEG_EXPORT Result<> require_object(const std::string& path, const Json& json);
THALWEG_EXPORT std::unexpected<Error> json_missing(const std::string& path);

template <class T, class F>
void for_each_field(F&& f) {
  std::apply([&](const auto&... field) { (f(field), ...); }, thalweg_describe(static_cast<const T*>(nullptr)).fields);
}

template <class T>
Json to_json(const T& value) {
  if constexpr (IsDescribed<T>) {
    Json json = Json::object();
    for_each_field<T>([&](const auto& field) { json[field.name] = to_json(value.*field.member); });
    return json;
  } else if constexpr (kIsOptional<T>) {
    return value ? to_json(*value) : Json(nullptr);
  } else if constexpr (kIsVector<T>) {
    Json json = Json::array();
    for (const auto& element : value) json.push_back(to_json<typename T::value_type>(element));
    return json;
  } else if constexpr (kIsMap<T>) {
    Json json = Json::object();
    for (const auto& [name, element] : value) json[name] = to_json(element);
    return json;
  } else {
    return Json(value);
  }
}

template <class T>
Result<> number_from(const Json& json, T& out, const std::string& path) {
  if constexpr (std::floating_point<T>) {
    if (!json.is_number()) return json_mismatch(path, "a number", json);
    out = json.get<T>();
  } else {
    if (!json.is_number_integer()) return json_mismatch(path, "an integer", json);
    const bool fits = json.is_number_unsigned() ? std::in_range<T>(json.get<std::uint64_t>())
                                                : std::in_range<T>(json.get<std::int64_t>());
    if (!fits) return json_mismatch(path, "an integer of " + std::to_string(sizeof(T) * 8) + " bits", json);
    out = json.get<T>();
  }
  return {};
}

template <class T>
Result<> from_json(const Json& json, T& out, const std::string& path) {
  if constexpr (IsDescribed<T>) {
    if (auto ok = require_object(path, json); !ok) return ok;
    Result<> result;
    for_each_field<T>([&](const auto& field) {
      if (!result) return;
      using M = std::remove_cvref_t<decltype(out.*field.member)>;
      const auto found = json.find(field.name);
      if (found != json.end()) {
        result = from_json(*found, out.*field.member, json_member(path, field.name));
      } else if constexpr (kIsOptional<M>) {
        out.*field.member = std::nullopt;
      } else {
        result = json_missing(json_member(path, field.name));
      }
    });
    return result;
  } else if constexpr (kIsOptional<T>) {
    if (json.is_null()) {
      out = std::nullopt;
      return {};
    }
    return from_json(json, out.emplace(), path);
  } else if constexpr (kIsVector<T>) {
    if (!json.is_array()) return json_mismatch(path, "an array", json);
    out.clear();
    for (const auto& element : json) {
      typename T::value_type value{};
      if (auto ok = from_json(element, value, path + "[" + std::to_string(out.size()) + "]"); !ok) return ok;
      out.push_back(std::move(value));
    }
    return {};
  } else if constexpr (kIsMap<T>) {
    if (auto ok = require_object(path, json); !ok) return ok;
    out.clear();
    for (const auto& [name, element] : json.items())
      if (auto ok = from_json(element, out[name], json_member(path, name)); !ok) return ok;
    return {};
  } else if constexpr (std::same_as<T, bool>) {
    if (!json.is_boolean()) return json_mismatch(path, "true or false", json);
    out = json.get<bool>();
    return {};
  } else if constexpr (std::integral<T> || std::floating_point<T>) {
    return number_from(json, out, path);
  } else if constexpr (std::same_as<T, std::string>) {
    if (!json.is_string()) return json_mismatch(path, "a string", json);
    out = json.get<std::string>();
    return {};
  } else if constexpr (std::same_as<T, Json>) {
    out = json;
    return {};
  } else {
    static_assert(
        kUnsupported<T>,
        "a field of a described type must be a number, bool, std::string, optional, vector, map or described");
  }
}
}  // namespace detail

template <>
struct SerdeOf<Json> {
  THALWEG_EXPORT static Serde<Json> make();
};

template <IsDescribed T>
struct SerdeOf<T> {
  static Serde<T> make() {
    return {std::string("JSON ") + thalweg_describe(static_cast<const T*>(nullptr)).name,
            [](const T& value, std::string& out, const SerdeContext&) -> Result<> {
              auto text = detail::text_of(detail::to_json(value));
              if (!text) return std::unexpected(text.error());
              out += *text;
              return {};
            },
            [](std::string_view bytes, const SerdeContext&) -> Result<T> {
              auto json = detail::parse_json(bytes);
              if (!json) return std::unexpected(json.error());
              T value{};
              if (auto ok = detail::from_json(*json, value, ""); !ok) return std::unexpected(ok.error());
              return value;
            }};
  }
};

}  // namespace thalweg::client

#define THALWEG_PARENS ()
#define THALWEG_EXPAND(...) THALWEG_EXPAND4(THALWEG_EXPAND4(THALWEG_EXPAND4(THALWEG_EXPAND4(__VA_ARGS__))))
#define THALWEG_EXPAND4(...) THALWEG_EXPAND3(THALWEG_EXPAND3(THALWEG_EXPAND3(THALWEG_EXPAND3(__VA_ARGS__))))
#define THALWEG_EXPAND3(...) THALWEG_EXPAND2(THALWEG_EXPAND2(THALWEG_EXPAND2(THALWEG_EXPAND2(__VA_ARGS__))))
#define THALWEG_EXPAND2(...) __VA_ARGS__
#define THALWEG_FIELD(T, f) \
  ::thalweg::client::Field { #f, &T::f }
#define THALWEG_FIELDS(T, f, ...) THALWEG_FIELD(T, f) __VA_OPT__(, THALWEG_MORE THALWEG_PARENS(T, __VA_ARGS__))
#define THALWEG_MORE() THALWEG_FIELDS
#define THALWEG_DESCRIBE(T, ...)                                                                           \
  inline constexpr auto thalweg_describe(const T*) {                                                       \
    return ::thalweg::client::Description{#T, std::tuple{THALWEG_EXPAND(THALWEG_FIELDS(T, __VA_ARGS__))}}; \
  }

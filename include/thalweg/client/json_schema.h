// The JSON Schema (draft-07) of a described type.
#pragma once

#include "thalweg/client/json.h"

namespace thalweg::client {
namespace detail {

template <class T>
Json json_schema_of() {
  if constexpr (IsDescribed<T>) {
    Json properties = Json::object(), required = Json::array();
    for_each_field<T>([&](const auto& field) {
      using M = std::remove_cvref_t<decltype(std::declval<T&>().*field.member)>;
      properties[field.name] = json_schema_of<M>();
      if constexpr (!kIsOptional<M>) required.push_back(field.name);
    });
    Json schema{{"title", thalweg_describe(static_cast<const T*>(nullptr)).name},
                {"type", "object"},
                {"properties", std::move(properties)}};
    if (!required.empty()) schema["required"] = std::move(required);
    return schema;
  } else if constexpr (kIsOptional<T>) {
    return Json{{"oneOf", Json::array({Json{{"type", "null"}}, json_schema_of<typename T::value_type>()})}};
  } else if constexpr (kIsVector<T>) {
    return Json{{"type", "array"}, {"items", json_schema_of<typename T::value_type>()}};
  } else if constexpr (kIsMap<T>) {
    return Json{{"type", "object"}, {"additionalProperties", json_schema_of<typename T::mapped_type>()}};
  } else if constexpr (std::same_as<T, bool>) {
    return Json{{"type", "boolean"}};
  } else if constexpr (std::integral<T>) {
    return Json{{"type", "integer"}};
  } else if constexpr (std::floating_point<T>) {
    return Json{{"type", "number"}};
  } else if constexpr (std::same_as<T, std::string>) {
    return Json{{"type", "string"}};
  } else {
    return Json::object();
  }
}

}  // namespace detail

template <IsDescribed T>
std::string json_schema_text() {
  Json schema = detail::json_schema_of<T>();
  schema["$schema"] = "http://json-schema.org/draft-07/schema#";
  return schema.dump();
}

}  // namespace thalweg::client

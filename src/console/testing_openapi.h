// Holds answers against the description that is served: every answer has the shape that it promises, and nothing
// beside.
#pragma once

#include <string>

#include "base/check.h"
#include "console/api_types.h"
#include "json/parser.h"
#include "json/value.h"

namespace thalweg::console {

class OpenApiChecker {
 public:
  OpenApiChecker() {
    auto parsed = json::parse(openapi(), {.depth = 64});
    CHECK(parsed);
    document_ = *std::move(parsed);
  }

  // What is wrong with the answer of an operation: "/api/v1/topics/{topic}", "get"; empty: nothing.
  std::string check(std::string_view pattern, std::string_view method, int status, const json::Value& answer) const {
    const auto* operation = child(child(child(&document_, "paths"), pattern), method);
    if (!operation) return "there is no such operation";
    const auto* response = child(child(operation, "responses"), std::to_string(status));
    if (!response) return "status " + std::to_string(status) + " is not described";
    response = resolved(response);
    const auto* content = child(response, "content");
    if (!content) return answer.is_null() ? "" : "there is an answer where none is described";
    const auto* schema = child(&content->if_object()->members().front().value, "schema");
    return differs(schema, answer, "");
  }
  // "get /api/v1/topics", all of them.
  std::vector<std::pair<std::string, std::string>> operations() const {
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& [path, methods] : child(&document_, "paths")->if_object()->members())
      for (const auto& [method, operation] : methods.if_object()->members()) all.emplace_back(method, path);
    return all;
  }

 private:
  static const json::Value* child(const json::Value* value, std::string_view key) {
    return value ? value->find(key) : nullptr;
  }
  const json::Value* resolved(const json::Value* value) const {
    const auto* reference = child(value, "$ref");
    if (!reference) return value;
    const json::Value* at = &document_;
    for (std::string_view rest = std::string_view(*reference->if_string()).substr(2); !rest.empty();) {
      const auto slash = rest.find('/');
      at = child(at, rest.substr(0, slash));
      CHECK(at);
      rest = slash == rest.npos ? std::string_view() : rest.substr(slash + 1);
    }
    return at;
  }
  std::string differs(const json::Value* schema, const json::Value& value, const std::string& at) const {
    schema = resolved(schema);
    const std::string& type = *child(schema, "type")->if_string();
    if (type == "object") return object_differs(schema, value, at);
    if (type == "array") {
      if (!value.if_array()) return at + " is no array";
      int index = 0;
      for (const auto& item : *value.if_array())
        if (auto wrong = differs(child(schema, "items"), item, at + "/" + std::to_string(index++)); !wrong.empty())
          return wrong;
      return "";
    }
    if (type == "integer") return value.if_number() && value.if_number()->as_int64() ? "" : at + " is no integer";
    if (value.kind() != type) return at + " is " + std::string(value.kind()) + " and no " + type;
    const auto* values = child(schema, "enum");
    if (values && std::ranges::find(*values->if_array(), value) == values->if_array()->end())
      return at + " is none of its values";
    return "";
  }
  std::string object_differs(const json::Value* schema, const json::Value& value, const std::string& at) const {
    const auto* object = value.if_object();
    if (!object) return at + " is no object";
    if (const auto twice = object->duplicate()) return at + "/" + *twice + " is there twice";
    for (const auto& required : *child(schema, "required")->if_array())
      if (!object->find(*required.if_string())) return at + "/" + *required.if_string() + " is missing";
    for (const auto& [name, member] : object->members()) {
      const auto* described = child(child(schema, "properties"), name);
      if (!described) return at + "/" + name + " is not described";
      if (auto wrong = differs(described, member, at + "/" + name); !wrong.empty()) return wrong;
    }
    return "";
  }

  json::Value document_;
};

}  // namespace thalweg::console

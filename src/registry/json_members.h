// What the readers and writers of json_shapes.h share: members of an object, each of a kind.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace thalweg::registry {

// kInvalidRequest: "name" must be of a kind.
std::unexpected<Error> wrong(std::string_view key, std::string_view kind);
Result<> must_be_object(const json::Value& value, std::string_view what);

// What a member says, of each kind that there is. Absent and null are nothing. REQUIRES: the value outlives it
class Members {
 public:
  explicit Members(const json::Value& value) : value_(value) {}

  const json::Value* find(std::string_view key) const;
  Result<std::optional<std::string>> text(std::string_view key) const;
  Result<std::optional<bool>> flag(std::string_view key) const;
  Result<std::optional<std::int32_t>> number(std::string_view key) const;
  Result<std::set<std::string>> texts(std::string_view key) const;
  Result<std::map<std::string, std::string>> text_map(std::string_view key) const;
  // By a reader of json_shapes.h.
  template <class T>
  Result<std::optional<T>> value(std::string_view key, Result<T> (*read)(const json::Value&)) const {
    const auto* member = find(key);
    if (!member) return std::nullopt;
    TRY(auto value, read(*member));
    return value;
  }

 private:
  const json::Value& value_;
};

template <class T>
void add(json::Object& object, std::string_view key, const std::optional<T>& value) {
  if (value) object.add(std::string(key), *value);
}
json::Array array_of(const std::set<std::string>& texts);
json::Object object_of(const std::map<std::string, std::string>& texts);

}  // namespace thalweg::registry

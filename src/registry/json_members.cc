#include "registry/json_members.h"

#include <fmt/format.h>

#include <limits>

namespace thalweg::registry {

using json::Array;
using json::Object;
using json::Value;

std::unexpected<Error> wrong(std::string_view key, std::string_view kind) {
  return fail(ErrorCode::kInvalidRequest, fmt::format("\"{}\" must be {}", key, kind));
}

Result<> must_be_object(const Value& value, std::string_view what) {
  if (value.if_object()) return {};
  return wrong(what, "an object");
}

const Value* Members::find(std::string_view key) const {
  const auto* member = value_.find(key);
  return member && !member->is_null() ? member : nullptr;
}

Result<std::optional<std::string>> Members::text(std::string_view key) const {
  const auto* member = find(key);
  if (!member) return std::nullopt;
  if (!member->if_string()) return wrong(key, "a string");
  return *member->if_string();
}

Result<std::optional<bool>> Members::flag(std::string_view key) const {
  const auto* member = find(key);
  if (!member) return std::nullopt;
  if (!member->if_bool()) return wrong(key, "true or false");
  return *member->if_bool();
}

Result<std::optional<std::int32_t>> Members::number(std::string_view key) const {
  const auto* member = find(key);
  if (!member) return std::nullopt;
  const auto number = member->if_number() ? member->if_number()->as_int64() : std::nullopt;
  if (!number || *number < std::numeric_limits<std::int32_t>::min() ||
      *number > std::numeric_limits<std::int32_t>::max())
    return wrong(key, "a number of 32 bits");
  return static_cast<std::int32_t>(*number);
}

Result<std::set<std::string>> Members::texts(std::string_view key) const {
  std::set<std::string> all;
  const auto* member = find(key);
  if (!member) return all;
  if (!member->if_array()) return wrong(key, "an array of strings");
  for (const auto& each : *member->if_array()) {
    if (!each.if_string()) return wrong(key, "an array of strings");
    all.insert(*each.if_string());
  }
  return all;
}

Result<std::map<std::string, std::string>> Members::text_map(std::string_view key) const {
  std::map<std::string, std::string> texts;
  const auto* member = find(key);
  if (!member) return texts;
  if (!member->if_object()) return wrong(key, "an object of strings");
  for (const auto& [name, value] : member->if_object()->members()) {
    if (!value.if_string()) return wrong(key, "an object of strings");
    texts[name] = *value.if_string();
  }
  return texts;
}

Array array_of(const std::set<std::string>& texts) { return {texts.begin(), texts.end()}; }
Object object_of(const std::map<std::string, std::string>& texts) {
  Object object;
  for (const auto& [key, value] : texts) object.add(key, value);
  return object;
}

}  // namespace thalweg::registry

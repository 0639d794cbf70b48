// Configuration and changes of it.
#include "registry/json_members.h"
#include "registry/json_shapes.h"

namespace thalweg::registry {

using json::Object;
using json::Value;

void add_members(Object& object, const Config& config, LevelKey key) {
  add(object, "alias", config.alias);
  add(object, "aliasForDeks", config.alias_for_deks);
  add(object, "normalize", config.normalize);
  add(object, "validateFields", config.validate_fields);
  add(object, "validateNewSchemas", config.validate_new_schemas);
  add(object, "validateRules", config.validate_rules);
  if (config.level)
    object.add(key == LevelKey::kPut ? "compatibility" : "compatibilityLevel", schema::name(*config.level));
  add(object, "compatibilityPolicy", config.policy);
  add(object, "compatibilityGroup", config.group);
  if (config.default_metadata) object.add("defaultMetadata", to_json(*config.default_metadata));
  if (config.override_metadata) object.add("overrideMetadata", to_json(*config.override_metadata));
  if (config.default_rules) object.add("defaultRuleSet", to_json(*config.default_rules));
  if (config.override_rules) object.add("overrideRuleSet", to_json(*config.override_rules));
}
Value to_json(const Config& config, LevelKey key) {
  Object object;
  add_members(object, config, key);
  return object;
}

Result<Config> config_from(const Value& value, LevelKey key) {
  TRY_VOID(must_be_object(value, "config"));
  const Members members(value);
  Config config;
  TRY(config.alias, members.text("alias"));
  TRY(config.alias_for_deks, members.text("aliasForDeks"));
  TRY(config.normalize, members.flag("normalize"));
  TRY(config.validate_fields, members.flag("validateFields"));
  TRY(config.validate_new_schemas, members.flag("validateNewSchemas"));
  TRY(config.validate_rules, members.flag("validateRules"));
  const std::string_view level_key = key == LevelKey::kPut ? "compatibility" : "compatibilityLevel";
  TRY(const auto level, members.text(level_key));
  if (level) {
    config.level = schema::compatibility_level_named(*level);
    if (!config.level) return wrong(level_key, "a compatibility level");
  }
  TRY(config.policy, members.text("compatibilityPolicy"));
  TRY(config.group, members.text("compatibilityGroup"));
  TRY(config.default_metadata, members.value("defaultMetadata", metadata_from));
  TRY(config.override_metadata, members.value("overrideMetadata", metadata_from));
  TRY(config.default_rules, members.value("defaultRuleSet", rules_from));
  TRY(config.override_rules, members.value("overrideRuleSet", rules_from));
  return config;
}

namespace {

// Absent, null and a value are three things in a request for a change.
template <class T, class Read>
Result<> read_change(const Value& value, std::string_view key, Change<T>& change, Read read) {
  const auto* member = value.find(key);
  if (!member) return {};
  change.emplace();
  if (member->is_null()) return {};
  TRY(auto given, read(*member));
  *change = std::move(given);
  return {};
}
Result<std::string> text_from(const Value& value) {
  if (!value.if_string()) return wrong("value", "a string");
  return *value.if_string();
}
Result<bool> flag_from(const Value& value) {
  if (!value.if_bool()) return wrong("value", "true or false");
  return *value.if_bool();
}
template <class T, class Write>
void write_change(Object& object, std::string_view key, const Change<T>& change, Write write) {
  if (change) object.add(std::string(key), *change ? Value(write(**change)) : Value());
}

}  // namespace

Result<PutConfig> put_config_from(const Value& value) {
  TRY_VOID(must_be_object(value, "body"));
  PutConfig request;
  TRY_VOID(read_change(value, "alias", request.alias, text_from));
  TRY_VOID(read_change(value, "aliasForDeks", request.alias_for_deks, text_from));
  TRY_VOID(read_change(value, "compatibility", request.level, text_from));
  TRY_VOID(read_change(value, "compatibilityPolicy", request.policy, text_from));
  TRY_VOID(read_change(value, "compatibilityGroup", request.group, text_from));
  TRY_VOID(read_change(value, "normalize", request.normalize, flag_from));
  TRY_VOID(read_change(value, "validateFields", request.validate_fields, flag_from));
  TRY_VOID(read_change(value, "validateNewSchemas", request.validate_new_schemas, flag_from));
  TRY_VOID(read_change(value, "validateRules", request.validate_rules, flag_from));
  TRY_VOID(read_change(value, "defaultMetadata", request.default_metadata, metadata_from));
  TRY_VOID(read_change(value, "overrideMetadata", request.override_metadata, metadata_from));
  TRY_VOID(read_change(value, "defaultRuleSet", request.default_rules, rules_from));
  TRY_VOID(read_change(value, "overrideRuleSet", request.override_rules, rules_from));
  return request;
}

Value to_json(const PutConfig& request) {
  const auto same = [](const auto& value) { return value; };
  const auto shape = [](const auto& value) { return to_json(value); };
  Object object;
  write_change(object, "alias", request.alias, same);
  write_change(object, "aliasForDeks", request.alias_for_deks, same);
  write_change(object, "compatibility", request.level, same);
  write_change(object, "compatibilityPolicy", request.policy, same);
  write_change(object, "compatibilityGroup", request.group, same);
  write_change(object, "normalize", request.normalize, same);
  write_change(object, "validateFields", request.validate_fields, same);
  write_change(object, "validateNewSchemas", request.validate_new_schemas, same);
  write_change(object, "validateRules", request.validate_rules, same);
  write_change(object, "defaultMetadata", request.default_metadata, shape);
  write_change(object, "overrideMetadata", request.override_metadata, shape);
  write_change(object, "defaultRuleSet", request.default_rules, shape);
  write_change(object, "overrideRuleSet", request.override_rules, shape);
  return object;
}

Result<PutMode> put_mode_from(const Value& value) {
  TRY_VOID(must_be_object(value, "body"));
  TRY(auto mode, Members(value).text("mode"));
  return PutMode{.mode = mode.value_or("")};
}

}  // namespace thalweg::registry

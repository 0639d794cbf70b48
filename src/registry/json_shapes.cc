#include "registry/json_shapes.h"

#include <fmt/format.h>

#include <limits>
#include <string_view>
#include <utility>

namespace thalweg::registry {
namespace {

using json::Array;
using json::Object;
using json::Value;

std::unexpected<Error> wrong(std::string_view key, std::string_view kind) {
  return fail(ErrorCode::kInvalidRequest, fmt::format("\"{}\" must be {}", key, kind));
}

// What a member says, of each kind that there is. Absent and null are nothing.
class Members {
 public:
  explicit Members(const Value& value) : value_(value) {}

  const Value* find(std::string_view key) const {
    const auto* member = value_.find(key);
    return member && !member->is_null() ? member : nullptr;
  }
  Result<std::optional<std::string>> text(std::string_view key) const {
    const auto* member = find(key);
    if (!member) return std::nullopt;
    if (!member->if_string()) return wrong(key, "a string");
    return *member->if_string();
  }
  Result<std::optional<bool>> flag(std::string_view key) const {
    const auto* member = find(key);
    if (!member) return std::nullopt;
    if (!member->if_bool()) return wrong(key, "true or false");
    return *member->if_bool();
  }
  Result<std::optional<std::int32_t>> number(std::string_view key) const {
    const auto* member = find(key);
    if (!member) return std::nullopt;
    const auto number = member->if_number() ? member->if_number()->as_int64() : std::nullopt;
    if (!number || *number < std::numeric_limits<std::int32_t>::min() ||
        *number > std::numeric_limits<std::int32_t>::max())
      return wrong(key, "a number of 32 bits");
    return static_cast<std::int32_t>(*number);
  }
  Result<std::set<std::string>> texts(std::string_view key) const {
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

 private:
  const Value& value_;
};

Result<> must_be_object(const Value& value, std::string_view what) {
  if (value.if_object()) return {};
  return wrong(what, "an object");
}

template <class T>
void add(Object& object, std::string_view key, const std::optional<T>& value) {
  if (value) object.add(std::string(key), *value);
}
Array array_of(const std::set<std::string>& texts) { return {texts.begin(), texts.end()}; }
Object object_of(const std::map<std::string, std::string>& texts) {
  Object object;
  for (const auto& [key, value] : texts) object.add(key, value);
  return object;
}

Result<std::map<std::string, std::string>> text_map(const Members& members, std::string_view key) {
  std::map<std::string, std::string> texts;
  const auto* member = members.find(key);
  if (!member) return texts;
  if (!member->if_object()) return wrong(key, "an object of strings");
  for (const auto& [name, value] : member->if_object()->members()) {
    if (!value.if_string()) return wrong(key, "an object of strings");
    texts[name] = *value.if_string();
  }
  return texts;
}

Object rule_to_json(const Rule& rule) {
  Object object;
  object.add("name", rule.name);
  add(object, "doc", rule.doc);
  add(object, "kind", rule.kind);
  add(object, "mode", rule.mode);
  add(object, "type", rule.type);
  if (!rule.tags.empty()) object.add("tags", array_of(rule.tags));
  if (!rule.params.empty()) object.add("params", object_of(rule.params));
  add(object, "expr", rule.expr);
  add(object, "onSuccess", rule.on_success);
  add(object, "onFailure", rule.on_failure);
  object.add("disabled", rule.disabled);
  return object;
}

Result<Rule> rule_from(const Value& value) {
  TRY_VOID(must_be_object(value, "rule"));
  const Members members(value);
  Rule rule;
  TRY(auto name, members.text("name"));
  rule.name = name.value_or("");
  TRY(rule.doc, members.text("doc"));
  TRY(rule.kind, members.text("kind"));
  TRY(rule.mode, members.text("mode"));
  TRY(rule.type, members.text("type"));
  TRY(rule.tags, members.texts("tags"));
  TRY(rule.params, text_map(members, "params"));
  TRY(rule.expr, members.text("expr"));
  TRY(rule.on_success, members.text("onSuccess"));
  TRY(rule.on_failure, members.text("onFailure"));
  TRY(const auto disabled, members.flag("disabled"));
  rule.disabled = disabled.value_or(false);
  return rule;
}

Result<std::vector<Rule>> rule_list(const Members& members, std::string_view key) {
  std::vector<Rule> rules;
  const auto* member = members.find(key);
  if (!member) return rules;
  if (!member->if_array()) return wrong(key, "an array of rules");
  for (const auto& each : *member->if_array()) {
    TRY(rules.emplace_back(), rule_from(each));
  }
  return rules;
}

void add_rules(Object& object, std::string_view key, const std::vector<Rule>& rules) {
  if (rules.empty()) return;
  Array array;
  for (const auto& rule : rules) array.push_back(rule_to_json(rule));
  object.add(std::string(key), std::move(array));
}

template <class T>
Result<std::optional<T>> optional_from(const Members& members, std::string_view key, Result<T> (*read)(const Value&)) {
  const auto* member = members.find(key);
  if (!member) return std::nullopt;
  TRY(auto value, read(*member));
  return value;
}

void add_content(Object& object, const SchemaObject& schema) {
  object.add("schemaType", schema::name(schema.type));
  if (!schema.references.empty()) object.add("references", to_json(schema.references));
  if (schema.metadata) object.add("metadata", to_json(*schema.metadata));
  if (schema.rules) object.add("ruleSet", to_json(*schema.rules));
  object.add("schema", schema.text);
}

}  // namespace

Value to_json(const schema::Reference& reference) {
  return Object::of({{"name", reference.name}, {"subject", reference.subject}, {"version", reference.version}});
}
Value to_json(const std::vector<schema::Reference>& references) {
  Array array;
  for (const auto& reference : references) array.push_back(to_json(reference));
  return array;
}
Result<std::vector<schema::Reference>> references_from(const Value& value) {
  std::vector<schema::Reference> references;
  if (!value.if_array()) return wrong("references", "an array");
  for (const auto& each : *value.if_array()) {
    TRY_VOID(must_be_object(each, "reference"));
    const Members members(each);
    auto& reference = references.emplace_back();
    TRY(const auto name, members.text("name"));
    TRY(const auto subject, members.text("subject"));
    TRY(const auto version, members.number("version"));
    reference = {name.value_or(""), subject.value_or(""), version.value_or(-1)};
  }
  return references;
}

Value to_json(const Metadata& metadata) {
  Object object;
  if (!metadata.tags.empty()) {
    Object tags;
    for (const auto& [key, values] : metadata.tags) tags.add(key, array_of(values));
    object.add("tags", std::move(tags));
  }
  if (!metadata.properties.empty()) object.add("properties", object_of(metadata.properties));
  if (!metadata.sensitive.empty()) object.add("sensitive", array_of(metadata.sensitive));
  return object;
}
Result<Metadata> metadata_from(const Value& value) {
  TRY_VOID(must_be_object(value, "metadata"));
  const Members members(value);
  Metadata metadata;
  if (const auto* tags = members.find("tags")) {
    TRY_VOID(must_be_object(*tags, "tags"));
    const Members each(*tags);
    for (const auto& member : tags->if_object()->members()) {
      TRY(metadata.tags[member.key], each.texts(member.key));
    }
  }
  TRY(metadata.properties, text_map(members, "properties"));
  TRY(metadata.sensitive, members.texts("sensitive"));
  return metadata;
}

Value to_json(const RuleSet& rules) {
  Object object;
  add_rules(object, "migrationRules", rules.migration);
  add_rules(object, "domainRules", rules.domain);
  add_rules(object, "encodingRules", rules.encoding);
  add(object, "enableAt", rules.enable_at);
  return object;
}
Result<RuleSet> rules_from(const Value& value) {
  TRY_VOID(must_be_object(value, "ruleSet"));
  const Members members(value);
  RuleSet rules;
  TRY(rules.migration, rule_list(members, "migrationRules"));
  TRY(rules.domain, rule_list(members, "domainRules"));
  TRY(rules.encoding, rule_list(members, "encodingRules"));
  TRY(rules.enable_at, members.text("enableAt"));
  return rules;
}

// ------------------------------------------------------------------------------------------------ configuration

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
  TRY(config.default_metadata, optional_from(members, "defaultMetadata", metadata_from));
  TRY(config.override_metadata, optional_from(members, "overrideMetadata", metadata_from));
  TRY(config.default_rules, optional_from(members, "defaultRuleSet", rules_from));
  TRY(config.override_rules, optional_from(members, "overrideRuleSet", rules_from));
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

// ------------------------------------------------------------------------------------------------ schemas

Result<SchemaInput> schema_input_from(const Value& value) {
  TRY_VOID(must_be_object(value, "body"));
  const Members members(value);
  SchemaInput input;
  TRY(auto type, members.text("schemaType"));
  TRY(auto text, members.text("schema"));
  if (type) input.type = *type;
  input.text = text.value_or("");
  if (const auto* references = members.find("references")) {
    TRY(input.references, references_from(*references));
  }
  TRY(input.metadata, optional_from(members, "metadata", metadata_from));
  TRY(input.rules, optional_from(members, "ruleSet", rules_from));
  TRY(input.version, members.number("version"));
  TRY(input.id, members.number("id"));
  return input;
}

Value to_json(const SchemaInput& input) {
  Object object;
  object.add("schema", input.text);
  if (input.type != "AVRO") object.add("schemaType", input.type);
  if (!input.references.empty()) object.add("references", to_json(input.references));
  if (input.metadata) object.add("metadata", to_json(*input.metadata));
  if (input.rules) object.add("ruleSet", to_json(*input.rules));
  add(object, "version", input.version);
  add(object, "id", input.id);
  return object;
}

Value to_json(const SchemaObject& schema) {
  Object object =
      Object::of({{"subject", schema.subject}, {"version", schema.version}, {"id", schema.id}, {"guid", schema.guid}});
  add_content(object, schema);
  if (schema.deleted) object.add("deleted", true);
  return object;
}

Value registered_to_json(const SchemaObject& schema) {
  Object object = Object::of({{"id", schema.id}, {"version", schema.version}, {"guid", schema.guid}});
  add_content(object, schema);
  return object;
}

Value to_json(const SchemaById& by_id) {
  Object object;
  add_content(object, by_id.schema);
  object.add("guid", by_id.schema.guid);
  if (by_id.with_subject) {
    object.add("subject", by_id.schema.subject);
    object.add("version", by_id.schema.version);
  }
  add(object, "maxId", by_id.max_id);
  if (by_id.schema.deleted) object.add("deleted", true);
  return object;
}

Result<SchemaObject> schema_object_from(const Value& value) {
  TRY_VOID(must_be_object(value, "body"));
  const Members members(value);
  SchemaObject schema;
  TRY(const auto subject, members.text("subject"));
  TRY(const auto version, members.number("version"));
  TRY(const auto id, members.number("id"));
  TRY(const auto guid, members.text("guid"));
  TRY(const auto type, members.text("schemaType"));
  TRY(const auto text, members.text("schema"));
  TRY(const auto deleted, members.flag("deleted"));
  const auto known = schema::type_named(type.value_or("AVRO"));
  if (!known) return wrong("schemaType", "AVRO, JSON or PROTOBUF");
  schema = {.subject = subject.value_or(""),
            .version = version.value_or(0),
            .id = id.value_or(0),
            .guid = guid.value_or(""),
            .type = *known};
  if (const auto* references = members.find("references")) {
    TRY(schema.references, references_from(*references));
  }
  TRY(schema.metadata, optional_from(members, "metadata", metadata_from));
  TRY(schema.rules, optional_from(members, "ruleSet", rules_from));
  schema.text = text.value_or("");
  schema.deleted = deleted.value_or(false);
  return schema;
}

// ------------------------------------------------------------------------------------------------ the small ones

Value to_json(const SubjectVersion& version) {
  return Object::of({{"subject", version.subject}, {"version", version.version}});
}
Value to_json(const ContextId& id) { return Object::of({{"context", id.context}, {"id", id.id}}); }
Value to_json(const CompatibilityVerdict& verdict) {
  Object object = Object::of({{"is_compatible", verdict.compatible}});
  if (!verdict.messages.empty()) object.add("messages", to_json(verdict.messages));
  return object;
}
Value to_json(const Failure& failure) {
  return Object::of({{"error_code", static_cast<int>(failure.code)}, {"message", failure.message}});
}
Value to_json(Mode mode) { return Object::of({{"mode", name(mode)}}); }
Value to_json(const std::vector<std::string>& texts) { return Array(texts.begin(), texts.end()); }
Value to_json(const std::vector<std::int32_t>& numbers) { return Array(numbers.begin(), numbers.end()); }

Result<CompatibilityVerdict> verdict_from(const Value& value) {
  TRY_VOID(must_be_object(value, "body"));
  const Members members(value);
  CompatibilityVerdict verdict;
  TRY(const auto compatible, members.flag("is_compatible"));
  verdict.compatible = compatible.value_or(false);
  if (const auto* messages = members.find("messages")) {
    TRY(verdict.messages, texts_from(*messages));
  }
  return verdict;
}
Result<Failure> failure_from(const Value& value) {
  TRY_VOID(must_be_object(value, "body"));
  const Members members(value);
  TRY(const auto code, members.number("error_code"));
  TRY(const auto message, members.text("message"));
  return Failure{static_cast<Code>(code.value_or(0)), message.value_or("")};
}
Result<Mode> mode_from(const Value& value) {
  TRY_VOID(must_be_object(value, "body"));
  TRY(const auto text, Members(value).text("mode"));
  const auto mode = mode_named(text.value_or(""));
  if (!mode) return wrong("mode", "a mode");
  return *mode;
}
Result<std::vector<std::string>> texts_from(const Value& value) {
  if (!value.if_array()) return wrong("body", "an array of strings");
  std::vector<std::string> texts;
  for (const auto& each : *value.if_array()) {
    if (!each.if_string()) return wrong("body", "an array of strings");
    texts.push_back(*each.if_string());
  }
  return texts;
}
Result<std::vector<std::int32_t>> numbers_from(const Value& value) {
  if (!value.if_array()) return wrong("body", "an array of numbers");
  std::vector<std::int32_t> numbers;
  for (const auto& each : *value.if_array()) {
    const auto number = each.if_number() ? each.if_number()->as_int64() : std::nullopt;
    if (!number || *number < std::numeric_limits<std::int32_t>::min() ||
        *number > std::numeric_limits<std::int32_t>::max())
      return wrong("body", "an array of numbers");
    numbers.push_back(static_cast<std::int32_t>(*number));
  }
  return numbers;
}

}  // namespace thalweg::registry

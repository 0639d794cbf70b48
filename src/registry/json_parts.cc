// References, metadata and rules: what bodies and records share.
#include "registry/json_members.h"
#include "registry/json_shapes.h"

namespace thalweg::registry {

using json::Array;
using json::Object;
using json::Value;

namespace {

Object rule_to_json(const Rule& rule) {
  Object object;
  object.add("name", rule.name);
  registry::add(object, "doc", rule.doc);
  registry::add(object, "kind", rule.kind);
  registry::add(object, "mode", rule.mode);
  registry::add(object, "type", rule.type);
  if (!rule.tags.empty()) object.add("tags", array_of(rule.tags));
  if (!rule.params.empty()) object.add("params", object_of(rule.params));
  registry::add(object, "expr", rule.expr);
  registry::add(object, "onSuccess", rule.on_success);
  registry::add(object, "onFailure", rule.on_failure);
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
  TRY(rule.params, members.text_map("params"));
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
  TRY(metadata.properties, members.text_map("properties"));
  TRY(metadata.sensitive, members.texts("sensitive"));
  return metadata;
}

Value to_json(const RuleSet& rules) {
  Object object;
  add_rules(object, "migrationRules", rules.migration);
  add_rules(object, "domainRules", rules.domain);
  add_rules(object, "encodingRules", rules.encoding);
  registry::add(object, "enableAt", rules.enable_at);
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

}  // namespace thalweg::registry

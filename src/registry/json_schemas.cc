// Schemas, as they are sent and as they are answered.
#include "registry/json_members.h"
#include "registry/json_shapes.h"

namespace thalweg::registry {

using json::Object;
using json::Value;

namespace {

Value tags_to_json(const std::vector<schema::EntityTags>& tags) {
  json::Array all;
  for (const auto& each : tags)
    all.push_back(
        Object::of({{"schemaEntity", Object::of({{"entityPath", each.entity.path},
                                                 {"entityType", each.entity.is_field ? "sr_field" : "sr_record"}})},
                    {"tags", json::Array(each.tags.begin(), each.tags.end())}}));
  return all;
}

Result<schema::EntityTags> entity_tags_from(const Value& value) {
  TRY_VOID(must_be_object(value, "schema tag"));
  const auto* entity = value.find("schemaEntity");
  const Value nothing;
  TRY_VOID(must_be_object(entity ? *entity : nothing, "schemaEntity"));
  TRY(const auto path, Members(*entity).text("entityPath"));
  TRY(const auto type, Members(*entity).text("entityType"));
  if (type != "sr_field" && type != "sr_record") return wrong("entityType", "sr_field or sr_record");
  schema::EntityTags tags{{path.value_or(""), type == "sr_field"}, {}};
  const auto* named = value.find("tags");
  if (!named || !named->if_array()) return wrong("tags", "an array of strings");
  for (const auto& tag : *named->if_array()) {
    if (!tag.if_string()) return wrong("tags", "an array of strings");
    tags.tags.push_back(*tag.if_string());
  }
  return tags;
}

Result<std::vector<schema::EntityTags>> tag_list(const Members& members, std::string_view key) {
  std::vector<schema::EntityTags> all;
  const auto* member = members.find(key);
  if (!member) return all;
  if (!member->if_array()) return wrong(key, "an array");
  for (const auto& each : *member->if_array()) {
    TRY(all.emplace_back(), entity_tags_from(each));
  }
  return all;
}

void add_content(Object& object, const SchemaObject& schema) {
  object.add("schemaType", schema::name(schema.type));
  if (!schema.references.empty()) object.add("references", to_json(schema.references));
  if (schema.metadata) object.add("metadata", to_json(*schema.metadata));
  if (schema.rules) object.add("ruleSet", to_json(*schema.rules));
  object.add("schema", schema.text.str());
  if (!schema.tags.empty()) object.add("schemaTags", tags_to_json(schema.tags));
}

}  // namespace

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
  TRY(input.metadata, members.value("metadata", metadata_from));
  TRY(input.rules, members.value("ruleSet", rules_from));
  TRY(input.version, members.number("version"));
  TRY(input.id, members.number("id"));
  TRY(input.tags.add, tag_list(members, "schemaTagsToAdd"));
  TRY(input.tags.remove, tag_list(members, "schemaTagsToRemove"));
  TRY(const auto propagate, members.flag("propagateSchemaTags"));
  input.propagate_tags = propagate.value_or(false);
  return input;
}

Result<TagRequest> tag_request_from(const Value& value) {
  TRY_VOID(must_be_object(value, "body"));
  const Members members(value);
  TagRequest request;
  TRY(request.tags.add, tag_list(members, "tagsToAdd"));
  TRY(request.tags.remove, tag_list(members, "tagsToRemove"));
  TRY(request.new_version, members.number("newVersion"));
  TRY(request.metadata, members.value("metadata", metadata_from));
  TRY(request.rules, members.value("ruleSet", rules_from));
  TRY(request.merge, members.value("rulesToMerge", rules_from));
  TRY(const auto remove, members.texts("rulesToRemove"));
  request.remove.assign(remove.begin(), remove.end());
  return request;
}

Value to_json(const SchemaInput& input) {
  Object object;
  object.add("schema", input.text.str());
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
  add(object, "ts", schema.written);
  if (schema.deleted) object.add("deleted", true);
  return object;
}

Value registered_to_json(const SchemaObject& schema) {
  Object object = Object::of({{"id", schema.id}, {"version", schema.version}, {"guid", schema.guid}});
  add_content(object, schema);
  add(object, "ts", schema.written);
  return object;
}

Value to_json(const SchemaById& by_id) {
  Object object;
  add_content(object, by_id.schema);
  object.add("guid", by_id.schema.guid);
  add(object, "ts", by_id.schema.written);
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
  TRY(schema.metadata, members.value("metadata", metadata_from));
  TRY(schema.rules, members.value("ruleSet", rules_from));
  schema.text = text.value_or("");
  schema.deleted = deleted.value_or(false);
  return schema;
}

}  // namespace thalweg::registry

// Schemas, as they are sent and as they are answered.
#include "registry/json_members.h"
#include "registry/json_shapes.h"

namespace thalweg::registry {

using json::Object;
using json::Value;

namespace {

void add_content(Object& object, const SchemaObject& schema) {
  object.add("schemaType", schema::name(schema.type));
  if (!schema.references.empty()) object.add("references", to_json(schema.references));
  if (schema.metadata) object.add("metadata", to_json(*schema.metadata));
  if (schema.rules) object.add("ruleSet", to_json(*schema.rules));
  object.add("schema", schema.text.str());
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
  return input;
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

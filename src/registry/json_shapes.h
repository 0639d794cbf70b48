// JSON as the REST API and the records of _schemas have it, to structs and back. Members that are empty are not
// written; members that nobody knows are not read; members of the wrong kind are errors (kInvalidRequest).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "registry/requests.h"

namespace thalweg::registry {

// Parts that several bodies and records share.
json::Value to_json(const schema::Reference& reference);
json::Value to_json(const std::vector<schema::Reference>& references);
json::Value to_json(const Metadata& metadata);
json::Value to_json(const RuleSet& rules);
Result<std::vector<schema::Reference>> references_from(const json::Value& value);
Result<Metadata> metadata_from(const json::Value& value);
Result<RuleSet> rules_from(const json::Value& value);

// Whose key the level has: "compatibility" is what is put, "compatibilityLevel" what is got and stored.
enum class LevelKey { kPut, kGot };
// Adds the members of `config` to `object`.
void add_members(json::Object& object, const Config& config, LevelKey key);
Result<Config> config_from(const json::Value& value, LevelKey key);

// Answers.
json::Value to_json(const SchemaObject& schema);
json::Value to_json(const SchemaById& schema);
json::Value to_json(const SubjectVersion& version);
json::Value to_json(const ContextId& id);
json::Value to_json(const CompatibilityVerdict& verdict);
json::Value to_json(const Failure& failure);  // {"error_code":40401,"message":"..."}
json::Value to_json(Mode mode);               // {"mode":"READWRITE"}
json::Value to_json(const Config& config, LevelKey key);
json::Value to_json(const std::vector<std::string>& texts);
json::Value to_json(const std::vector<std::int32_t>& numbers);
// What registering answers: its id first, which is all that old clients read.
json::Value registered_to_json(const SchemaObject& schema);

Result<SchemaObject> schema_object_from(const json::Value& value);
Result<Mode> mode_from(const json::Value& value);

// Requests.
Result<SchemaInput> schema_input_from(const json::Value& value);
json::Value to_json(const SchemaInput& input);
Result<TagRequest> tag_request_from(const json::Value& value);
// Everything of it but the subject.
Result<PutConfig> put_config_from(const json::Value& value);
json::Value to_json(const PutConfig& request);
Result<PutMode> put_mode_from(const json::Value& value);

}  // namespace thalweg::registry

#include "search/side_reader.h"

#include "search/limits.h"

namespace thalweg::search {
namespace {

using State = filter::SchemaReading::State;

bool is_by_schema(const decode::Decoded& decoded) {
  return decoded.format == decode::Format::kAvro || decoded.format == decode::Format::kProtobuf ||
         decoded.format == decode::Format::kJsonSchema;
}

}  // namespace

// Nothing: none is named, it is not known yet, or nobody can be asked.
const decode::SchemaOf* SideReader::schema_of(std::string_view side) {
  const auto id = schemas_ ? decode::schema_id(as_bytes(side)) : std::nullopt;
  if (!id) return nullptr;
  const auto known = schemas_->find(*id);
  if (known != schemas_->end()) return &known->second;
  if (schemas_->size() >= kSchemasMax) return &too_many_;
  if (!wanted_) wanted_ = *id;
  return nullptr;
}

filter::SchemaReading SideReader::whole(std::string_view side) {
  const auto* schema = schema_of(side);
  if (!schema) return {};
  if (!schema->schema) return {.state = schema->problem.empty() ? State::kNoSchema : State::kFailed, .json = {}};
  auto json = decode::json_by_schema(as_bytes(side), *schema, kReadMax);
  if (!json) return {.state = State::kFailed, .json = {}};
  return {.state = State::kRead, .json = *std::move(json)};
}

std::optional<ReadSide> SideReader::beginning(std::string_view side, std::size_t most) {
  const auto* schema = schema_of(side);
  if (!schema || (!schema->schema && schema->problem.empty())) return std::nullopt;
  ReadSide read{.schema_id = schema->id, .json = {}, .problem = schema->problem};
  if (!schema->schema) return read;
  auto decoded = decode::decode({.bytes = as_bytes(side), .wish = {}, .schema = *schema, .text_max = most});
  if (decoded.flaw) read.problem = std::move(decoded.flaw->message);
  if (!is_by_schema(decoded)) return read;
  read.json = std::move(decoded.text);
  read.is_cut = decoded.cut;
  return read;
}

}  // namespace thalweg::search

#include "cli/record_schemas.h"

#include <algorithm>

#include "schema/schema.h"

namespace thalweg::cli {
namespace {

constexpr std::size_t kReferencesMax = 100, kReferenceDepthMax = 20;

using State = filter::SchemaReading::State;

}  // namespace

Result<RecordSchemas> RecordSchemas::open(Session session) {
  const bool is_named = session.options.has("registry") || session.terminal().environment(kRegistryVariable);
  TRY(auto registry, RegistryClient::open(session));
  return RecordSchemas(std::move(registry), is_named);
}

filter::SchemaReading RecordSchemas::read(std::string_view side) {
  const auto id = is_there_ ? decode::schema_id(as_bytes(side)) : std::nullopt;
  if (!id) return {};
  const auto known = schemas_.find(*id);
  if (known == schemas_.end()) {
    if (schemas_.size() < kSchemasMax) missing_ = *id;
    return {.state = State::kFailed, .json = {}};
  }
  auto json = known->second.schema ? decode::json_by_schema(as_bytes(side), known->second, kReadMax) : std::nullopt;
  if (!json) return {.state = State::kFailed, .json = {}};
  return {.state = State::kRead, .json = *std::move(json)};
}

Task<> RecordSchemas::learn() {
  const std::int32_t id = *missing_;
  missing_.reset();
  auto parsed = co_await ask(id);
  if (!is_there_) co_return;
  decode::SchemaOf found{.id = id, .schema = nullptr, .problem = {}};
  if (parsed)
    found.schema = *std::move(parsed);
  else
    found.problem = parsed.error().message;
  schemas_.insert_or_assign(id, std::move(found));
}

Task<Result<schema::ParsedSchemaPtr>> RecordSchemas::ask(std::int32_t id) {
  const auto found = co_await registry_.get("/schemas/ids/" + std::to_string(id));
  if (!found) {
    is_there_ = is_named_ || found.error().code != 0;
    co_return std::unexpected(Error(found.error()));
  }
  const auto type = schema::type_named(text_in(*found, "schemaType").value_or("AVRO"));
  if (!type) co_return fail(ErrorCode::kInvalidRequest, "its language is not known");
  std::vector<schema::Dependency> needed;
  CO_TRY_VOID(co_await add_references(*found, needed, 0));
  co_return schema::parse(*type, text_in(*found, "schema").value_or(""), needed, schema::Validation::kStored);
}

// What the schema refers to, and before each what that refers to.
Task<Result<>> RecordSchemas::add_references(const json::Value& schema, std::vector<schema::Dependency>& all,
                                             std::size_t depth) {
  const auto* references = schema.find("references");
  if (!references || !references->if_array()) co_return Result<>();
  if (depth > kReferenceDepthMax) co_return fail(ErrorCode::kInvalidRequest, "references are nested too deep");
  for (const auto& reference : *references->if_array()) {
    const auto name = text_in(reference, "name"), subject = text_in(reference, "subject");
    const auto version = number_in(reference, "version");
    if (!name || !subject || !version) co_return fail(ErrorCode::kInvalidRequest, "a reference names no version");
    if (std::ranges::find(all, *name, &schema::Dependency::name) != all.end()) continue;
    if (all.size() >= kReferencesMax) co_return fail(ErrorCode::kInvalidRequest, "it needs too many others");
    const auto found =
        co_await registry_.get(versions_path(*subject) + "/" + std::to_string(*version) + "?deleted=true");
    if (!found) co_return std::unexpected(Error(found.error()));
    CO_TRY_VOID(co_await add_references(*found, all, depth + 1));
    all.push_back({*name, text_in(*found, "schema").value_or(""), *subject, std::int32_t(*version)});
  }
  co_return Result<>();
}

}  // namespace thalweg::cli

#include "cli/record_schemas.h"

#include <fmt/format.h>

#include "decode/schema_lookup.h"

namespace thalweg::cli {
namespace {

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
  decode::SchemaLookup lookup(id);
  while (const auto& wanted = lookup.next()) {
    const bool is_first = wanted->subject.empty();
    const auto answer = co_await registry_.get(
        is_first ? fmt::format("/schemas/ids/{}", id)
                 : fmt::format("{}/{}?deleted=true", versions_path(wanted->subject), wanted->version));
    if (!answer && is_first) is_there_ = is_named_ || answer.error().code != 0;
    if (!answer) co_return std::unexpected(Error(answer.error()));
    CO_TRY_VOID(lookup.take(*answer));
  }
  const auto found = std::move(lookup).found();
  co_return schema::parse(found.type, found.text, found.needed, schema::Validation::kStored);
}

}  // namespace thalweg::cli

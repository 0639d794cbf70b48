#include "console/registry_schemas.h"

#include <utility>

#include "broker/broker_shard.h"
#include "console/registry_client.h"
#include "decode/schema_lookup.h"

namespace thalweg::console {
namespace {

// The answer to a GET of the registry's own API.
Task<Result<json::Value>> get_of_registry(const Call& call, std::string target) {
  CO_TRY(auto answer, co_await ask_registry(call, {.target = std::move(target)}));
  if (!answer.ok()) co_return fail(ErrorCode::kResourceNotFound, answer.message());
  co_return std::move(answer.body);
}

// One subject that has it, for people.
Task<> add_subject(const Call& call, KnownSchema& schema) {
  const auto versions = co_await get_of_registry(call, "/schemas/ids/" + std::to_string(schema.found.id) + "/versions");
  if (!versions || !versions->if_array() || versions->if_array()->empty()) co_return;
  const auto& first = versions->if_array()->front();
  schema.subject = text_in(first, "subject");
  schema.version = number_in(first, "version");
}

Task<Result<schema::ParsedSchemaPtr>> parsed_by_id(const Call& call, std::int32_t id) {
  decode::SchemaLookup lookup(id);
  while (const auto& wanted = lookup.next()) {
    std::string target = "/schemas/ids/" + std::to_string(id);
    if (!wanted->subject.empty())
      target = subject_path(wanted->subject, "/versions/" + std::to_string(wanted->version) + "?deleted=true");
    CO_TRY(const auto answer, co_await get_of_registry(call, std::move(target)));
    CO_TRY_VOID(lookup.take(answer));
  }
  co_return co_await call.shared.workers.run([found = std::move(lookup).found()] {
    return schema::parse(found.type, found.text, found.needed, schema::Validation::kStored);
  });
}

}  // namespace

Task<KnownSchema> RegistrySchemas::ask(const Call& call, std::int32_t id) {
  KnownSchema schema{.found = {.id = id, .schema = nullptr, .problem = {}}, .subject = {}, .version = {}};
  auto parsed = co_await parsed_by_id(call, id);
  if (parsed) {
    schema.found.schema = *std::move(parsed);
    co_await add_subject(call, schema);
  } else {
    schema.found.problem = "schema " + std::to_string(id) + ": " + parsed.error().message;
  }
  co_return schema;
}

Task<SchemasById> RegistrySchemas::of(const Call& call, std::set<std::int32_t> ids) {
  SchemasById found;
  if (!has_registry_topic(call)) co_return found;
  auto& clock = call.broker().shard0().clock;
  std::size_t asked = 0;
  for (const auto id : ids) {
    const auto known = kept_.find(id);
    if (known != kept_.end() && (known->second.schema.found.schema || clock.now() < known->second.again)) {
      found.emplace(id, known->second.schema);
      continue;
    }
    if (++asked > kIdsAtOnce) {
      found.emplace(id,
                    KnownSchema{{id, nullptr, "too many schemas for one page: this one was not asked for"}, {}, {}});
      continue;
    }
    auto schema = co_await ask(call, id);
    const std::size_t bytes = schema.found.schema ? schema.found.schema->memory_bytes() : 0;
    keep(id, {schema, bytes, later(clock.now(), kAgainAfter)});
    found.emplace(id, std::move(schema));
  }
  co_return found;
}

void RegistrySchemas::keep(std::int32_t id, Kept kept) {
  const auto forget = [this](std::int32_t old) {
    const auto place = kept_.find(old);
    if (place == kept_.end()) return;
    bytes_ -= place->second.bytes;
    kept_.erase(place);
  };
  forget(id);
  std::erase(oldest_first_, id);
  bytes_ += kept.bytes;
  kept_.emplace(id, std::move(kept));
  oldest_first_.push_back(id);
  while (bytes_ > kKeptBytes || kept_.size() > kKeptMax) {
    forget(oldest_first_.front());
    oldest_first_.pop_front();
  }
}

}  // namespace thalweg::console

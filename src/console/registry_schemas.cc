#include "console/registry_schemas.h"

#include "broker/registry_door.h"
#include "console/ask.h"
#include "json/parser.h"
#include "schema/schema.h"

namespace thalweg::console {
namespace {

using broker::RegistryDoor;

constexpr std::string_view kRegistryTopic = "_schemas";
constexpr std::size_t kReferenceDepthMax = 20;

std::optional<BrokerId> registry_leader(const Call& call) {
  const auto topic = call.image->topic(kRegistryTopic);
  if (!topic || topic->partitions.empty()) return std::nullopt;
  return topic->partitions.front().leader;
}

Task<Result<RegistryDoor::Response>> send_to_registry(const Call& call, BrokerId leader,
                                                      RegistryDoor::Request request) {
  if (leader == kNoBroker) co_return fail(ErrorCode::kLeaderNotAvailable, "nobody leads _schemas at the moment");
  if (leader != call.self()) co_return co_await ask_broker<RegistryDoor::Response>(call, leader, std::move(request));
  co_return co_await call.broker().registry_door().ask(std::move(request));
}

// The answer to a GET of the registry's own API.
Task<Result<json::Value>> get_of_registry(const Call& call, std::string target) {
  const auto leader = registry_leader(call);
  if (!leader) co_return fail(ErrorCode::kResourceNotFound, "there is no schema registry");
  RegistryDoor::Request request;
  request.method = "GET";
  request.target = std::move(target);
  request.client_host = call.client->client_host;
  CO_TRY(const auto response, co_await send_to_registry(call, *leader, std::move(request)));
  if (response.error_code != ErrorCode::kNone)
    co_return fail(response.error_code, response.error_message.value_or(std::string(name(response.error_code))));
  auto tree = json::parse(response.body.text());
  if (!tree) co_return fail(ErrorCode::kUnknownServerError, "the schema registry's answer is no JSON");
  if (response.status != 200) {
    const auto* message = tree->find("message");
    const auto* words = message ? message->if_string() : nullptr;
    co_return fail(ErrorCode::kResourceNotFound,
                   words ? *words : "the schema registry answers " + std::to_string(response.status));
  }
  co_return *std::move(tree);
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

std::string text_of(const json::Value& object, std::string_view member, std::string otherwise = {}) {
  const auto* found = object.find(member);
  const auto* text = found ? found->if_string() : nullptr;
  return text ? *text : std::move(otherwise);
}
std::int32_t number_of(const json::Value& object, std::string_view member) {
  const auto* found = object.find(member);
  const auto number = found && found->if_number() ? found->if_number()->as_int64() : std::nullopt;
  return std::int32_t(number.value_or(0));
}

// Adds what `schema` refers to, and before each what that refers to.
Task<Result<>> add_dependencies(const Call& call, const json::Value& schema, std::vector<schema::Dependency>& all,
                                std::size_t depth) {
  const auto* references = schema.find("references");
  if (!references || !references->if_array()) co_return Result<>();
  if (depth > kReferenceDepthMax) co_return fail(ErrorCode::kInvalidRequest, "references are nested too deep");
  for (const auto& reference : *references->if_array()) {
    const std::string name = text_of(reference, "name"), subject = text_of(reference, "subject");
    const std::int32_t version = number_of(reference, "version");
    const auto is_there = [&](const schema::Dependency& one) { return one.name == name; };
    if (std::ranges::any_of(all, is_there)) continue;
    if (all.size() >= RegistrySchemas::kReferencesMax)
      co_return fail(ErrorCode::kInvalidRequest, "the schema needs too many others");
    CO_TRY(const auto found, co_await get_of_registry(call, "/subjects/" + percent_encoded(subject) + "/versions/" +
                                                                std::to_string(version) + "?deleted=true"));
    CO_TRY_VOID(co_await add_dependencies(call, found, all, depth + 1));
    all.push_back({name, text_of(found, "schema"), subject, version});
  }
  co_return Result<>();
}

// One subject that has it, for people.
Task<> add_subject(const Call& call, KnownSchema& schema) {
  const auto versions = co_await get_of_registry(call, "/schemas/ids/" + std::to_string(schema.found.id) + "/versions");
  if (!versions || !versions->if_array() || versions->if_array()->empty()) co_return;
  const auto& first = versions->if_array()->front();
  schema.subject = text_of(first, "subject");
  schema.version = number_of(first, "version");
}

Task<Result<schema::ParsedSchemaPtr>> parsed_by_id(const Call& call, std::int32_t id) {
  CO_TRY(const auto found, co_await get_of_registry(call, "/schemas/ids/" + std::to_string(id)));
  const auto type = schema::type_named(text_of(found, "schemaType", "AVRO"));
  if (!type) co_return fail(ErrorCode::kInvalidRequest, "schema " + std::to_string(id) + " is of a language not known");
  std::vector<schema::Dependency> needed;
  CO_TRY_VOID(co_await add_dependencies(call, found, needed, 0));
  co_return co_await call.shared.workers.run(
      [type = *type, text = text_of(found, "schema"), needed = std::move(needed)] {
        return schema::parse(type, text, needed, schema::Validation::kStored);
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
  if (!registry_leader(call)) co_return found;
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

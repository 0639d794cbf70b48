#include "registry/registry_codec.h"

#include <fmt/format.h>

#include <limits>
#include <span>
#include <string_view>

#include "base/base64.h"
#include "json/parser.h"
#include "json/writer.h"
#include "registry/json_shapes.h"

namespace thalweg::registry {
namespace {

using json::Object;
using json::Value;

// Larger than any batch: the log has its own bound.
constexpr json::Limits kLimits{.bytes = 256u << 20, .depth = 64, .duplicates = true};

std::unexpected<Error> corrupt(std::string message) { return fail(ErrorCode::kCorruptMessage, std::move(message)); }

SharedBytes shared(std::string text) {
  auto owner = std::make_shared<const std::string>(std::move(text));
  const BytesView view = as_bytes(*owner);
  return {std::move(owner), view};
}
SharedBytes bytes_of(const Value& value) { return shared(json::write(value)); }
// What is between its braces.
std::string members_of(const Object& object) {
  std::string text = json::write(object);
  return text.substr(1, text.size() - 2);
}

// ------------------------------------------------------------------------------------------------ writing

Object key_of(std::string_view kind, const std::optional<std::string>& subject) {
  Object key = Object::of({{"keytype", kind}});
  if (subject) key.add("subject", *subject);
  return key;
}
// Keys of all kinds but schemas.
Value with_magic(Object key) {
  key.add("magic", 0);
  return key;
}

SharedBytes shared(Spelling spelling) {
  const BytesView view = as_bytes(*spelling);
  return {std::move(spelling), view};
}

KeyAndPieces write(const SchemaRecord& record) {
  Object key = key_of("SCHEMA", record.subject);
  key.add("version", record.version);
  key.add("magic", record.magic);
  if (!record.value) return {bytes_of(key), std::nullopt};
  const auto& value = *record.value;
  auto spelling =
      value.spelling ? value.spelling : spelled(*value.content, value.digest ? *value.digest : digest(*value.content));
  const auto head =
      members_of(Object::of({{"subject", record.subject}, {"version", record.version}, {"id", record.value->id}}));
  const auto tail = members_of(Object::of({{"deleted", value.deleted}}));
  return {bytes_of(key), std::vector{shared("{" + head + ","), shared(std::move(spelling)), shared("," + tail + "}")}};
}

KeyValue write(const ConfigRecord& record) {
  const auto key = bytes_of(with_magic(key_of("CONFIG", record.subject)));
  if (!record.value) return {key, std::nullopt};
  Object value;
  if (record.subject) value.add("subject", *record.subject);
  add_members(value, *record.value, LevelKey::kGot);
  return {key, bytes_of(value)};
}

KeyValue write(const ModeRecord& record) {
  const auto key = bytes_of(with_magic(key_of("MODE", record.subject)));
  if (!record.value) return {key, std::nullopt};
  Object value;
  if (record.subject) value.add("subject", *record.subject);
  value.add("mode", name(*record.value));
  return {key, bytes_of(value)};
}

KeyValue write(const DeleteSubjectRecord& record) {
  const auto key = bytes_of(with_magic(key_of("DELETE_SUBJECT", record.subject)));
  if (!record.version) return {key, std::nullopt};
  return {key, bytes_of(Object::of({{"subject", record.subject}, {"version", *record.version}}))};
}

KeyValue write(const ClearSubjectRecord& record) {
  const auto key = bytes_of(with_magic(key_of("CLEAR_SUBJECT", record.subject)));
  if (record.tombstone) return {key, std::nullopt};
  return {key, bytes_of(Object::of({{"subject", record.subject}}))};
}

KeyValue write(const ContextRecord& record) {
  const Object value = Object::of({{"tenant", record.tenant}, {"context", record.context}});
  const auto key = bytes_of(
      Object::of({{"keytype", "CONTEXT"}, {"tenant", record.tenant}, {"context", record.context}, {"magic", 0}}));
  if (!record.exists) return {key, std::nullopt};
  return {key, bytes_of(value)};
}

KeyValue write(const NoopRecord& record) {
  const auto key = bytes_of(with_magic(key_of("NOOP", std::nullopt)));
  if (record.highest_ids.empty()) return {key, std::nullopt};
  Object ids;
  for (const auto& [context, id] : record.highest_ids) ids.add(context, id);
  return {key, bytes_of(Object::of({{"highestIds", std::move(ids)}}))};
}

KeyAndPieces in_pieces(KeyAndPieces record) { return record; }
KeyAndPieces in_pieces(KeyValue record) {
  if (!record.value) return {std::move(record.key), std::nullopt};
  return {std::move(record.key), std::vector{std::move(*record.value)}};
}

// ------------------------------------------------------------------------------------------------ reading

struct Parsed {
  const Value& key;
  const Value* value;  // null: a tombstone
};

std::optional<std::string> text_of(const Value& object, std::string_view key) {
  const auto* member = object.find(key);
  return member && member->if_string() ? std::optional(*member->if_string()) : std::nullopt;
}
std::optional<std::int32_t> number_of(const Value& object, std::string_view key) {
  const auto* member = object.find(key);
  const auto number = member && member->if_number() ? member->if_number()->as_int64() : std::nullopt;
  if (!number || *number < 0 || *number > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return static_cast<std::int32_t>(*number);
}
Result<std::string> subject_of(const Parsed& parsed) {
  if (auto subject = text_of(parsed.key, "subject")) return *subject;
  return corrupt("a key without a subject");
}

Result<Record> read_schema(const Parsed& parsed) {
  SchemaRecord record;
  TRY(record.subject, subject_of(parsed));
  const auto version = number_of(parsed.key, "version");
  if (!version) return corrupt("a key of a schema without a version");
  record.version = *version;
  record.magic = number_of(parsed.key, "magic").value_or(1);
  if (!parsed.value) return record;

  const Value& value = *parsed.value;
  Content content;
  const auto id = number_of(value, "id");
  auto text = text_of(value, "schema");
  if (!id || !text) return corrupt("a schema without an id or a text");
  const auto type = schema::type_named(text_of(value, "schemaType").value_or("AVRO"));
  if (!type) return corrupt("a schema of a type that is not known");
  content.type = *type;
  content.text = std::move(*text);
  if (const auto* references = value.find("references"); references && !references->is_null()) {
    TRY(content.references, references_from(*references));
  }
  if (const auto* metadata = value.find("metadata"); metadata && !metadata->is_null()) {
    TRY(content.metadata, metadata_from(*metadata));
  }
  if (const auto* rules = value.find("ruleSet"); rules && !rules->is_null()) {
    TRY(content.rules, rules_from(*rules));
  }
  const auto* deleted = value.find("deleted");
  record.value = {*id, std::make_shared<const Content>(std::move(content)),
                  deleted && deleted->if_bool() && *deleted->if_bool()};
  return record;
}

Result<Record> read_config(const Parsed& parsed) {
  ConfigRecord record{.subject = text_of(parsed.key, "subject"), .value = std::nullopt};
  if (!parsed.value) return record;
  TRY(record.value, config_from(*parsed.value, LevelKey::kGot));
  return record;
}

Result<Record> read_mode(const Parsed& parsed) {
  ModeRecord record{.subject = text_of(parsed.key, "subject"), .value = std::nullopt};
  if (!parsed.value) return record;
  TRY(record.value, mode_from(*parsed.value));
  return record;
}

Result<Record> read_delete_subject(const Parsed& parsed) {
  DeleteSubjectRecord record;
  TRY(record.subject, subject_of(parsed));
  if (parsed.value) record.version = number_of(*parsed.value, "version");
  return record;
}

Result<Record> read_clear_subject(const Parsed& parsed) {
  TRY(auto subject, subject_of(parsed));
  return ClearSubjectRecord{.subject = std::move(subject), .tombstone = parsed.value == nullptr};
}

Result<Record> read_context(const Parsed& parsed) {
  auto context = text_of(parsed.key, "context");
  if (!context) return corrupt("a key of a context without its name");
  return ContextRecord{.tenant = text_of(parsed.key, "tenant").value_or("default"),
                       .context = std::move(*context),
                       .exists = parsed.value != nullptr};
}

// Whatever the value is, it is nobody's error: only ours means anything.
Result<Record> read_noop(const Parsed& parsed) {
  NoopRecord record;
  const auto* ids = parsed.value ? parsed.value->find("highestIds") : nullptr;
  if (!ids || !ids->if_object()) return record;
  for (const auto& member : ids->if_object()->members())
    if (const auto id = number_of(*ids, member.key)) record.highest_ids[member.key] = *id;
  return record;
}

Result<Value> parsed(const SharedBytes& bytes) {
  auto value = json::parse(bytes.text(), kLimits);
  if (!value) return corrupt(value.error().message);
  return std::move(*value);
}

}  // namespace

Spelling spelled(const Content& content, const Digest& digest) {
  Object some = Object::of(
      {{"md5", base64(as_text(std::as_bytes(std::span(digest))))}, {"schemaType", schema::name(content.type)}});
  if (!content.references.empty()) some.add("references", to_json(content.references));
  if (content.metadata) some.add("metadata", to_json(*content.metadata));
  if (content.rules) some.add("ruleSet", to_json(*content.rules));
  std::string text = members_of(some);
  text.reserve(text.size() + content.text.size() + content.text.size() / 4);
  text += R"(,"schema":)";
  json::append_string(text, content.text.str());
  return std::make_shared<const std::string>(std::move(text));
}

Result<KeyAndPieces> encode_in_pieces(const Record& record) {
  return std::visit([](const auto& one) { return in_pieces(write(one)); }, record);
}

Result<KeyValue> encode(const Record& record) {
  TRY(auto pieces, encode_in_pieces(record));
  if (!pieces.value) return KeyValue{std::move(pieces.key), std::nullopt};
  std::string whole;
  for (const auto& piece : *pieces.value) whole += piece.text();
  return KeyValue{std::move(pieces.key), shared(std::move(whole))};
}

Result<std::optional<Record>> decode(const SharedBytes& key, const std::optional<SharedBytes>& value) {
  using Read = Result<Record> (*)(const Parsed&);
  static constexpr std::pair<std::string_view, Read> kKinds[] = {
      {"SCHEMA", read_schema},
      {"CONFIG", read_config},
      {"MODE", read_mode},
      {"DELETE_SUBJECT", read_delete_subject},
      {"CLEAR_SUBJECT", read_clear_subject},
      {"CONTEXT", read_context},
      {"NOOP", read_noop},
  };
  TRY(const auto key_json, parsed(key));
  const auto kind = text_of(key_json, "keytype");
  if (!kind) return corrupt("a key without a keytype");
  for (const auto& [name, read] : kKinds) {
    if (name != *kind) continue;
    std::optional<Value> value_json;
    if (value) {
      TRY(value_json, parsed(*value));
    }
    const bool tombstone = !value_json || value_json->is_null();
    if (!tombstone && !value_json->if_object() && name != "NOOP") return corrupt("a value that is no object");
    TRY(auto record, read({key_json, tombstone ? nullptr : &*value_json}));
    return record;
  }
  return std::nullopt;
}

}  // namespace thalweg::registry

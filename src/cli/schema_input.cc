#include <fmt/format.h>

#include <algorithm>

#include "cli/registry_client.h"

namespace thalweg::cli {
namespace {

// The registry's names of types, by those of the option.
std::optional<std::string> type_named(std::string_view name) {
  if (name == "avro") return "AVRO";
  if (name == "json") return "JSON";
  if (name == "protobuf") return "PROTOBUF";
  return std::nullopt;
}

Result<std::string> type_of(const Session& session, const std::string& path) {
  if (const auto given = session.options.value("type")) return *type_named(*given);
  if (path.ends_with(".avsc")) return "AVRO";
  if (path.ends_with(".proto")) return "PROTOBUF";
  if (path.ends_with(".json")) return "JSON";
  return session.misuse(
      fmt::format("--type avro, json or protobuf is needed: {} does not end in .avsc, .json (JSON Schema) or .proto",
                  path == "-" ? "standard input" : "'" + path + "'"));
}

// name=subject:version. A name may have colons and so may a subject, in front of its last.
Result<json::Value> reference_of(const Session& session, const std::string& text) {
  const auto equals = text.find('=');
  const auto colon = text.rfind(':');
  const auto version = colon == text.npos ? std::nullopt : parse_integer(text.substr(colon + 1));
  const bool whole = equals != text.npos && equals > 0 && colon != text.npos && colon > equals + 1;
  if (!whole || !version || *version < 1 || *version > INT32_MAX)
    return session.misuse(
        fmt::format("--reference is name=subject:version, as Address=address-value:1, not '{}'", text));
  return json::Value(json::Object::of({{"name", text.substr(0, equals)},
                                       {"subject", text.substr(equals + 1, colon - equals - 1)},
                                       {"version", *version}}));
}

Task<Result<std::string>> text_of(Session session, std::string path) {
  if (path != "-") co_return session.terminal().read_file(path);
  std::string text;
  while (auto line = co_await session.terminal().read_line()) text += *line + "\n";
  // The time that this took is the user's.
  session.client.limit(later(session.client.shard().clock.now(), session.client.options().api_timeout));
  co_return text;
}

}  // namespace

void declare_schema_input(OptionParser& parser) {
  parser.value("type", "TYPE", "avro, json (JSON Schema) or protobuf. (default: by the file's ending)")
      .one_of("type", {"avro", "json", "protobuf"});
  parser.values("reference", "NAME=SUBJECT:VERSION", "What the schema refers to by a name; may be repeated.");
  parser.flag("normalize", "Let the registry bring it into its canonical form first.");
}

Task<Result<json::Value>> schema_input(Session session) {
  if (session.words().size() < 2) co_return session.misuse("the file of the schema is missing; '-' is standard input");
  const std::string path = session.words()[1];
  CO_TRY(const auto type, type_of(session, path));
  json::Array references;
  for (const auto& text : session.options.values("reference")) {
    CO_TRY(auto reference, reference_of(session, text));
    references.push_back(std::move(reference));
  }
  CO_TRY(auto text, co_await text_of(session, path));
  json::Object input;
  input.add("schema", std::move(text));
  input.add("schemaType", type);
  if (!references.empty()) input.add("references", std::move(references));
  co_return input;
}

Result<std::string> version_of(const Session& session, std::string otherwise) {
  const std::string text = session.options.value_or("version", std::move(otherwise));
  const auto number = parse_integer(text);
  if (text == "latest" || (number && *number >= 1 && *number <= INT32_MAX)) return text;
  return session.misuse(fmt::format("--version is latest or a number from 1, not '{}'", text));
}

}  // namespace thalweg::cli

// thalweg schema list, show, level.
#include <fmt/format.h>

#include <algorithm>

#include "cli/registry_client.h"
#include "http/target.h"
#include "json/parser.h"
#include "json/writer.h"

namespace thalweg::cli {
namespace {

constexpr std::size_t kPage = 250;  // schemas in one answer, each with its text

std::string type_in(const json::Value& schema) { return text_in(schema, "schemaType").value_or("AVRO"); }

Report::Cell cell(std::optional<std::int64_t> number) {
  return number ? Report::Cell(std::to_string(*number)) : Report::Cell();
}

// As the registry keeps it, or with a line for each member where it is JSON.
std::string shown(const json::Value& schema, bool raw) {
  std::string text = text_in(schema, "schema").value_or("");
  if (!raw && type_in(schema) != "PROTOBUF")
    if (const auto tree = json::parse(text)) text = json::write_pretty(*tree);
  return text.ends_with('\n') ? text : text + "\n";
}

// The registry's object with the names that these commands use.
std::string as_json(const json::Value& schema) {
  json::Object out;
  for (const std::string_view key : {"subject", "version", "id", "guid"}) {
    const auto* member = schema.find(key);
    out.add(std::string(key), member ? *member : json::Value());
  }
  out.add("type", type_in(schema));
  const auto* references = schema.find("references");
  out.add("references", references && references->if_array() ? *references : json::Value(json::Array()));
  for (const std::string_view key : {"metadata", "ruleSet"})
    if (const auto* member = schema.find(key)) out.add(std::string(key), *member);
  out.add("schema", text_in(schema, "schema").value_or(""));
  return json::write(out) + "\n";
}

// Where the schema that is meant can be asked for.
Result<std::string> target_of(const Session& session) {
  const auto& options = session.options;
  const bool by_id = options.has("id"), by_guid = options.has("guid"), by_name = !session.words().empty();
  if (by_id + by_guid + by_name != 1) return session.misuse("one of SUBJECT, --id and --guid is needed: which schema?");
  if (!by_name && options.has("version")) return session.misuse("--version is of a SUBJECT");
  if (by_id) return fmt::format("/schemas/ids/{}", *session.number("id"));
  if (by_guid) return fmt::format("/schemas/guids/{}", http::percent_encoded(*options.value("guid")));
  TRY(const auto version, version_of(session, "latest"));
  return fmt::format("{}/{}{}", versions_path(session.words()[0]), version,
                     options.has("deleted") ? "?deleted=true" : "");
}

}  // namespace

void declare_schema_list(OptionParser& parser) {
  parser.value("prefix", "TEXT", "Only subjects that begin so.");
  parser.flag("all-versions", "Every version, not only the latest.");
  parser.flag("deleted", "Also what is deleted and not yet gone for good.");
}

Task<Result<>> schema_list(Session session) {
  CO_TRY(auto registry, RegistryClient::open(session));
  const bool deleted = session.options.has("deleted");
  using enum Report::Kind;
  std::vector<Report::Column> columns{{"subject"}, {"version", kNumber}, {"id", kNumber}, {"type"}};
  if (deleted) columns.push_back({"deleted"});
  Report report(columns);
  std::string target = fmt::format("/schemas?latestOnly={}&deleted={}", !session.options.has("all-versions"), deleted);
  if (const auto prefix = session.options.value("prefix")) target += "&subjectPrefix=" + http::percent_encoded(*prefix);
  std::optional<json::Value> first;
  for (std::size_t offset = 0;; offset += kPage) {
    CO_TRY(const auto page, co_await registry.get(fmt::format("{}&offset={}&limit={}", target, offset, kPage)));
    const auto* schemas = page.if_array();
    if (!schemas) co_return std::unexpected(registry.stranger());
    // A registry that knows no pages gives everything each time.
    if (schemas->empty() || (first && schemas->front() == *first)) break;
    first = schemas->front();
    for (const auto& schema : *schemas) {
      std::vector<Report::Cell> row{text_in(schema, "subject"), cell(number_in(schema, "version")),
                                    cell(number_in(schema, "id")), type_in(schema)};
      const auto* gone = schema.find("deleted");
      if (deleted) row.emplace_back(gone && gone->if_bool() && *gone->if_bool() ? "yes" : "no");
      report.add(std::move(row));
    }
    if (schemas->size() != kPage) break;
  }
  session.show(report);
  co_return Result<>();
}

void declare_schema_show(OptionParser& parser) {
  parser.value("version", "N|latest", "Which version of the subject. (default: latest)");
  parser.integer("id", "ID", "The schema of this id, as it stands in front of records.").within("id", 0, INT32_MAX);
  parser.value("guid", "GUID", "The schema of this guid.");
  parser.flag("raw", "The text as the registry keeps it, not laid out.");
  parser.flag("deleted", "Also when it is deleted and not yet gone for good.");
}

Task<Result<>> schema_show(Session session) {
  CO_TRY(const auto target, target_of(session));
  CO_TRY(auto registry, RegistryClient::open(session));
  const auto schema = co_await registry.get(target);
  if (!schema && !session.words().empty())
    co_return std::unexpected(co_await registry.unknown_subject(session.words()[0], schema.error()));
  if (!schema) co_return std::unexpected(schema.error());
  if (!text_in(*schema, "schema")) co_return std::unexpected(registry.stranger());
  session.terminal().out(session.format == OutputFormat::kJson ? as_json(*schema)
                                                               : shown(*schema, session.options.has("raw")));
  co_return Result<>();
}

}  // namespace thalweg::cli

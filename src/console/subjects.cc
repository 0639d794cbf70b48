#include "console/subjects.h"

#include "console/registry_client.h"
#include "http/target.h"

namespace thalweg::console {
namespace {

constexpr std::int32_t kNotConfigured = 40408;  // as the registry numbers it

std::string config_path(std::string_view subject) { return "/config/" + http::percent_encoded(subject); }

}  // namespace

std::string_view context_of(std::string_view subject) {
  if (!subject.starts_with(":.")) return {};
  const auto end = subject.find(':', 1);
  return end == subject.npos ? std::string_view() : subject.substr(0, end + 1);
}

std::vector<SchemaUse> uses_of(const metadata::Image& image, std::string_view subject) {
  subject.remove_prefix(context_of(subject).size());
  std::vector<SchemaUse> uses;
  for (const auto& [suffix, part] : {std::pair{"-value", RecordPart::kValue}, std::pair{"-key", RecordPart::kKey}}) {
    if (!subject.ends_with(suffix)) continue;
    const auto topic = subject.substr(0, subject.size() - std::string_view(suffix).size());
    if (image.topic(topic)) uses.push_back({std::string(topic), part});
  }
  return uses;
}

SchemaLanguage language_in(const json::Value& version) {
  const auto type = text_in(version, "schemaType", "AVRO");
  return type == "JSON"       ? SchemaLanguage::kJson
         : type == "PROTOBUF" ? SchemaLanguage::kProtobuf
                              : SchemaLanguage::kAvro;
}

std::vector<SchemaReference> references_in(const json::Value& version) {
  std::vector<SchemaReference> references;
  const auto* list = version.find("references");
  if (!list || !list->if_array()) return references;
  for (const auto& one : *list->if_array())
    references.push_back({text_in(one, "name"), text_in(one, "subject"), number_in(one, "version")});
  return references;
}

Task<Outcome<json::Value>> version_of(const Call& call, const std::string& subject, const std::string& version,
                                      bool deleted) {
  co_return co_await told_by_registry(call,
                                      {.target = subject_path(subject, "/versions/" + http::percent_encoded(version)) +
                                                 (deleted ? "?deleted=true" : "")});
}

// The registry tells their ids.
Task<std::vector<SubjectAt>> needers_of(const Call& call, std::string subject, std::int32_t version, bool deleted,
                                        std::size_t most) {
  std::vector<SubjectAt> needers;
  const std::string also_deleted = deleted ? "deleted=true" : "deleted=false";
  const auto ids = co_await told_by_registry(
      call,
      {.target = subject_path(subject, "/versions/" + std::to_string(version) + "/referencedby?" + also_deleted)});
  if (!ids || !ids->if_array()) co_return needers;
  for (const auto& id : *ids->if_array()) {
    if (needers.size() >= most || !id.if_number()) break;
    std::string target = "/schemas/ids/" + id.if_number()->text + "/versions?" + also_deleted;
    target += "&subject=" + http::percent_encoded(context_of(subject));
    const auto at = co_await told_by_registry(call, {.target = std::move(target)});
    if (!at || !at->if_array()) continue;
    for (const auto& one : *at->if_array())
      if (needers.size() < most) needers.push_back({text_in(one, "subject"), number_in(one, "version")});
  }
  co_return needers;
}

Task<Outcome<std::optional<std::string>>> Levels::own_level(std::string subject) {
  CO_TRY(const auto answer, told(co_await ask_registry(call_, {.target = config_path(subject)})));
  if (!answer.ok()) {
    if (answer.code() == kNotConfigured) co_return std::nullopt;
    co_return std::unexpected(problem_of(answer));
  }
  auto level = text_in(answer.body, "compatibilityLevel");
  if (level.empty()) co_return std::nullopt;
  co_return std::optional(std::move(level));
}

Task<Outcome<SchemaLevel>> Levels::inherited(std::string subject) {
  const std::string context(context_of(subject));
  if (const auto known = of_context_.find(context); known != of_context_.end()) co_return known->second;
  SchemaLevel level{.level = std::string(call_.broker().config().schema_compatibility_level),
                    .layer = LevelLayer::kAll};
  std::optional<std::string> own;
  if (!context.empty()) {
    CO_TRY(own, co_await own_level(context));
  }
  if (own) {
    level = {.level = *std::move(own), .layer = LevelLayer::kContext};
  } else if (has_registry_topic(call_)) {
    CO_TRY(const auto all, co_await told_by_registry(call_, {.target = "/config"}));
    level.level = text_in(all, "compatibilityLevel", level.level);
  }
  of_context_.insert_or_assign(context, level);
  co_return level;
}

Task<Outcome<SchemaLevel>> Levels::of(std::string subject) {
  if (has_registry_topic(call_)) {
    CO_TRY(auto own, co_await own_level(subject));
    if (own) co_return SchemaLevel{.level = *std::move(own), .layer = LevelLayer::kSubject};
  }
  co_return co_await inherited(std::move(subject));
}

}  // namespace thalweg::console

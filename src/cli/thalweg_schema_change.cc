// thalweg schema delete, level.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/registry_client.h"
#include "http/target.h"

namespace thalweg::cli {
namespace {

constexpr std::array<std::string_view, 7> kLevels{"BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE",
                                                  "FULL",     "FULL_TRANSITIVE",     "NONE"};

// In capitals, as registries write it.
Result<std::string> level_of(const Session& session, std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (std::ranges::find(kLevels, text) != kLevels.end()) return text;
  return session.misuse(
      fmt::format("--set is {}, not '{}'", either({kLevels.begin(), kLevels.end()}), *session.options.value("set")));
}

std::string config_path(const std::string& subject) {
  return subject.empty() ? "/config" : "/config/" + http::percent_encoded(subject);
}

// What is in force, and whose setting that is.
Task<Result<>> show_level(Session session, RegistryClient& registry, std::string subject) {
  auto config = co_await registry.get(config_path(subject));
  bool own = !subject.empty();
  const int code = config ? 0 : config.error().code;
  if (own && (code == kLevelNotSet || code == kSubjectNotFound)) {
    config = co_await registry.get("/config");
    own = false;
  }
  if (!config) co_return std::unexpected(config.error());
  const auto level = text_in(*config, "compatibilityLevel");
  if (!level) co_return std::unexpected(registry.stranger());
  Report report({{"subject"}, {"level"}, {"source"}});
  report.add({subject.empty() ? Report::Cell() : subject, *level, own ? "subject" : "global"});
  session.show(report);
  co_return Result<>();
}

}  // namespace

void declare_schema_delete(OptionParser& parser) {
  parser.value("version", "N|latest", "Only this version. (default: all of them)");
  parser.flag("permanent", "For good: its ids cannot be read any more either. It must be deleted without this first.");
  declare_yes(parser);
}

Task<Result<>> schema_delete(Session session) {
  const std::string subject = session.words()[0];
  const bool one = session.options.has("version"), permanent = session.options.has("permanent");
  CO_TRY(const auto version, version_of(session, "latest"));
  CO_TRY(auto registry, RegistryClient::open(session));
  CO_TRY_VOID(co_await confirm(session,
                               fmt::format("Delete {} of {}", one ? "version " + version : "all versions", subject),
                               permanent ? " for good" : ""));
  const std::string target =
      fmt::format("{}{}", one ? versions_path(subject) + "/" + version : "/subjects/" + http::percent_encoded(subject),
                  permanent ? "?permanent=true" : "");
  const auto deleted = co_await registry.ask("DELETE", target, std::nullopt);
  if (!deleted) co_return std::unexpected(co_await registry.unknown_subject(subject, deleted.error()));
  const json::Array versions = deleted->if_array() ? *deleted->if_array() : json::Array{*deleted};
  Report report({{"subject"}, {"version", Report::Kind::kNumber}, {"result"}});
  for (const auto& gone : versions) {
    if (!gone.if_number()) co_return std::unexpected(registry.stranger());
    report.add({subject, gone.if_number()->text, permanent ? "gone for good" : "deleted"});
  }
  session.show(report);
  co_return Result<>();
}

void declare_schema_level(OptionParser& parser) {
  parser.value("set", "LEVEL",
               "BACKWARD (new readers take old data), FORWARD (old readers take new data), FULL (both), each also "
               "with _TRANSITIVE (not only the latest version but all), or NONE.");
  parser.flag("unset", "Forget what was set: a subject takes the global level again, that its default.");
}

Task<Result<>> schema_level(Session session) {
  const auto& options = session.options;
  if (options.has("set") && options.has("unset")) co_return session.misuse("--set and --unset exclude each other");
  std::string level;
  if (const auto given = options.value("set")) {
    CO_TRY(level, level_of(session, *given));
  }
  CO_TRY(auto registry, RegistryClient::open(session));
  const std::string subject = session.words().empty() ? "" : session.words()[0];
  if (!level.empty()) {
    const json::Value body = json::Object::of({{"compatibility", level}});
    CO_TRY_VOID(co_await registry.ask("PUT", config_path(subject), body));
  }
  if (options.has("unset")) {
    const auto unset = co_await registry.ask("DELETE", config_path(subject), std::nullopt);
    // That nothing was set is what was asked for.
    const int code = unset ? 0 : unset.error().code;
    if (!unset && code != kLevelNotSet && code != kSubjectNotFound) co_return std::unexpected(unset.error());
  }
  co_return co_await show_level(session, registry, subject);
}

}  // namespace thalweg::cli

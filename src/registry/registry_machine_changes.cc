// Deleting, configuration and mode.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "base/log.h"
#include "registry/failures.h"
#include "registry/registry_machine.h"
#include "registry/reply.h"

namespace thalweg::registry {
namespace {

// As records and look-ups name it; ":.:" and "." are the same as no subject.
std::optional<std::string> normal(const std::optional<std::string>& subject) {
  if (!subject) return std::nullopt;
  auto text = Subject::parse(*subject).text();
  if (text.empty() && subject->starts_with(":.")) return std::nullopt;
  return text;
}

// Of a text whose record is written in the step itself: a fraction of a millisecond.
constexpr std::size_t kSpelledAtOnceMax = 32 * 1024;

std::string shown(const std::optional<std::string>& subject) { return subject.value_or(""); }

}  // namespace

// ------------------------------------------------------------------------------------------------ what is in force

Config RegistryMachine::effective_config(const std::optional<std::string>& subject) const {
  const Config server{.level = config_.level};
  const auto* global = store_.config(std::nullopt);
  const auto* everywhere = store_.config(std::string(kGlobalSubject));
  const Config outermost = filled(global ? *global : Config{}, server);
  if (subject) {
    if (const auto* own = store_.config(*subject)) return filled(*own, outermost);
    const Subject parsed = Subject::parse(*subject);
    if (!parsed.in_default_context()) {
      if (const auto* context = store_.config(Subject{parsed.context, ""}.text())) return filled(*context, outermost);
      return everywhere ? filled(*everywhere, server) : server;
    }
  }
  if (global) return outermost;
  return everywhere ? filled(*everywhere, server) : server;
}

Mode RegistryMachine::effective_mode(const std::optional<std::string>& subject) const {
  const auto* global = store_.mode(std::nullopt);
  const auto* everywhere = store_.mode(std::string(kGlobalSubject));
  if (everywhere && *everywhere == Mode::kForward) return Mode::kForward;
  if (global && *global == Mode::kReadOnlyOverride) return *global;
  if (subject) {
    if (const auto* own = store_.mode(*subject)) return *own;
    const Subject parsed = Subject::parse(*subject);
    if (!parsed.in_default_context()) {
      if (const auto* context = store_.mode(Subject{parsed.context, ""}.text())) return *context;
      return everywhere ? *everywhere : Mode::kReadWrite;
    }
  }
  if (global) return *global;
  return everywhere ? *everywhere : Mode::kReadWrite;
}

Answer<> RegistryMachine::may_change(const std::optional<std::string>& subject) const {
  const Mode mode = effective_mode(subject);
  if (mode != Mode::kReadOnly && mode != Mode::kReadOnlyOverride) return {};
  return failure(Code::kNotPermitted, fmt::format("{} is in mode {}: nothing can be changed",
                                                  subject ? "subject '" + *subject + "'" : "the registry", name(mode)));
}

// ------------------------------------------------------------------------------------------------ deleting

bool RegistryMachine::is_referenced(const SubjectVersion& version, bool deleted_too, const std::string& besides) const {
  return std::ranges::any_of(store_.referrers(version), [&](const SubjectVersion& referrer) {
    return (deleted_too || store_.is_live(referrer)) && (besides.empty() || referrer.subject != besides);
  });
}

void RegistryMachine::forget_settings(const std::string& subject, Records& append) const {
  if (store_.mode(subject)) append.push_back(ModeRecord{.subject = subject, .value = std::nullopt});
  if (store_.config(subject)) append.push_back(ConfigRecord{.subject = subject, .value = std::nullopt});
}

void RegistryMachine::keep_ids(const std::set<SubjectVersion>& going, Records& append) const {
  if (auto keep = store_.ids_to_keep(going)) append.push_back(std::move(*keep));
}

Answer<SchemaRecord::Value> RegistryMachine::as_deleted(const std::string& subject, const StoredVersion& stored) const {
  const Digest& digest = store_.ids(Subject::parse(subject).context)->by_id.at(stored.id).digest;
  SchemaRecord::Value value{.id = stored.id, .content = stored.content, .deleted = true, .digest = digest};
  if (stored.content->text.size() <= kSpelledAtOnceMax) return value;
  const auto* spelling = findings_->spelling(stored.content);
  if (!spelling) {
    Job job;
    job.add(FindSpelling{stored.content, digest});
    return first(std::move(job));
  }
  value.spelling = *spelling;
  return value;
}

Effects RegistryMachine::on(const DeleteVersion& request, const RequestContext& asked, RequestId id, Instant,
                            Timestamp wall) {
  const WithFindings with(*this, asked);
  Records append;
  const auto decide = [&]() -> DeleteVersion::Response {
    const std::string subject = aliased(Subject::parse(request.subject).text());
    const auto* versions = store_.find(subject);
    if (!versions) return subject_not_found(request.subject);
    const auto* latest = Store::latest(*versions, request.permanent);
    if (request.version.number == -1 && !latest) return version_not_found(-1);
    const auto number = request.version.number == -1 ? latest->first : request.version.number;
    const auto at = versions->find(number);
    if (at == versions->end()) return version_not_found(number);
    if (at->second.deleted && !request.permanent)
      return failure(Code::kVersionSoftDeleted,
                     fmt::format("version {} of subject '{}' is deleted: with permanent=true "
                                 "it goes for good",
                                 number, subject));
    ANSWER_TRY_VOID(may_change(subject));
    if (is_referenced({subject, number}, request.permanent)) return referenced(subject, number);
    if (!at->second.deleted && request.permanent)
      return failure(Code::kVersionNotSoftDeleted,
                     fmt::format("version {} of subject '{}' is in use: delete it without "
                                 "permanent=true first",
                                 number, subject));
    SchemaRecord record{.subject = subject, .version = number, .magic = at->second.magic, .value = std::nullopt};
    if (!request.permanent) {
      ANSWER_TRY(record.value, as_deleted(subject, at->second));
    }
    append.push_back(std::move(record));
    if (request.permanent) {
      if (versions->size() == 1) forget_settings(subject, append);
      keep_ids({{subject, number}}, append);
    }
    log::info("schema deleted", field("subject", subject), field("version", number),
              field("permanent", request.permanent));
    return VersionNumber{number};
  };
  auto answer = decide();
  for (auto& record : append) set_written_at(record, wall);
  return reply(id, std::move(answer), std::move(append));
}

Effects RegistryMachine::on(const DeleteSubject& request, const RequestContext&, RequestId id, Instant, Timestamp) {
  Records append;
  const auto decide = [&]() -> DeleteSubject::Response {
    const std::string subject = aliased(Subject::parse(request.subject).text());
    const auto* versions = store_.find(subject);
    if (!versions) return subject_not_found(request.subject);
    if (!request.permanent && !Store::latest(*versions))
      return failure(Code::kSubjectSoftDeleted,
                     fmt::format("subject '{}' is deleted: with permanent=true it goes for good", subject));
    ANSWER_TRY_VOID(may_change(subject));
    std::vector<std::int32_t> going;
    std::set<SubjectVersion> gone;
    for (const auto& [number, stored] : *versions) {
      if (!request.permanent && stored.deleted) continue;
      if (is_referenced({subject, number}, request.permanent, subject)) return referenced(subject, number);
      if (request.permanent && !stored.deleted)
        return failure(Code::kSubjectNotSoftDeleted,
                       fmt::format("subject '{}' is in use: delete it without permanent=true first", subject));
      going.push_back(number);
      gone.insert({subject, number});
    }
    if (!request.permanent) {
      append.push_back(DeleteSubjectRecord{.subject = subject, .version = going.back()});
    } else {
      for (const auto number : std::views::reverse(going))
        append.push_back(SchemaRecord{
            .subject = subject, .version = number, .magic = versions->at(number).magic, .value = std::nullopt});
      forget_settings(subject, append);
      keep_ids(gone, append);
    }
    log::info("subject deleted", field("subject", subject), field("versions", going.size()),
              field("permanent", request.permanent));
    return going;
  };
  auto answer = decide();
  return reply(id, std::move(answer), std::move(append));
}

Effects RegistryMachine::on(const DeleteContext& request, const RequestContext&, RequestId id, Instant, Timestamp) {
  Records append;
  const auto decide = [&]() -> DeleteContext::Response {
    const std::string prefix = Subject{request.context, ""}.text();
    const auto holds = [&](const auto& subject) { return Subject::parse(subject.first).context == request.context; };
    if (std::ranges::any_of(store_.subjects(), holds))
      return failure(Code::kContextNotEmpty,
                     fmt::format("context '{}' still has subjects: delete them for good first", request.context));
    if (!store_.has_context_record(request.context))
      return failure(Code::kSubjectNotFound, fmt::format("there is no context '{}'", request.context));
    append.push_back(ContextRecord{.context = request.context, .exists = false});
    forget_settings(prefix, append);
    return Nothing{};
  };
  auto answer = decide();
  return reply(id, std::move(answer), std::move(append));
}

// ------------------------------------------------------------------------------------------------ configuration

Effects RegistryMachine::on(const GetConfig& request, const RequestContext&, RequestId id, Instant, Timestamp) {
  const auto subject = normal(request.subject);
  const auto* own = store_.config(subject);
  if (!subject || request.default_to_global) return reply(id, GetConfig::Response(effective_config(subject)));
  if (!own)
    return reply(
        id, GetConfig::Response(
                failure(Code::kNoSubjectConfig,
                        fmt::format("nothing is configured for '{}' alone; defaultToGlobal=true tells what is in force",
                                    *subject))));
  return reply(id, GetConfig::Response(*own));
}

namespace {

template <class T>
void change(std::optional<T>& member, const Change<T>& to, std::optional<T>& echo) {
  if (!to) return;
  member = *to;
  echo = *to;
}

bool is_policy(const std::string& name) { return name == "STRICT" || name == "LENIENT" || name == "LOGICAL"; }

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  return text;
}

// Changes `config` and says what was changed.
Answer<Config> apply_changes(const PutConfig& request, Config& config) {
  Config echo;
  if (request.level) {
    config.level.reset();
    if (*request.level) {
      config.level = schema::compatibility_level_named(**request.level);
      if (!config.level)
        return failure(Code::kInvalidLevel,
                       "there is no such compatibility level: give NONE, or BACKWARD, FORWARD or FULL, each also with "
                       "_TRANSITIVE");
      echo.level = config.level;
    }
  }
  auto policy = request.policy;
  if (policy && *policy) {
    **policy = upper(**policy);
    if (!is_policy(**policy))
      return failure(Code::kInvalidLevel, "there is no such policy: give STRICT, LENIENT or LOGICAL");
  }
  for (const auto* rules : {&request.default_rules, &request.override_rules})
    if (*rules && **rules)
      if (auto wrong = check(***rules)) return failure(Code::kInvalidRules, *wrong);
  change(config.policy, policy, echo.policy);
  change(config.alias, request.alias, echo.alias);
  change(config.alias_for_deks, request.alias_for_deks, echo.alias_for_deks);
  change(config.group, request.group, echo.group);
  change(config.normalize, request.normalize, echo.normalize);
  change(config.validate_fields, request.validate_fields, echo.validate_fields);
  change(config.validate_new_schemas, request.validate_new_schemas, echo.validate_new_schemas);
  change(config.validate_rules, request.validate_rules, echo.validate_rules);
  change(config.default_metadata, request.default_metadata, echo.default_metadata);
  change(config.override_metadata, request.override_metadata, echo.override_metadata);
  change(config.default_rules, request.default_rules, echo.default_rules);
  change(config.override_rules, request.override_rules, echo.override_rules);
  return echo;
}

}  // namespace

Effects RegistryMachine::on(const PutConfig& request, const RequestContext&, RequestId id, Instant, Timestamp) {
  Records append;
  const auto decide = [&]() -> PutConfig::Response {
    const auto subject = normal(request.subject);
    if (subject && *subject != kGlobalSubject && !is_valid_name(*subject)) return invalid_subject(*subject);
    const auto* own = store_.config(subject);
    Config config = own ? *own : Config{};
    ANSWER_TRY(auto echo, apply_changes(request, config));
    ANSWER_TRY_VOID(may_change(subject));
    append.push_back(ConfigRecord{.subject = subject, .value = std::move(config)});
    log::info("registry configured", field("subject", shown(subject)));
    return echo;
  };
  auto answer = decide();
  return reply(id, std::move(answer), std::move(append));
}

Effects RegistryMachine::on(const DeleteConfig& request, const RequestContext&, RequestId id, Instant, Timestamp) {
  Records append;
  const auto decide = [&]() -> DeleteConfig::Response {
    const auto subject = normal(request.subject);
    const auto* own = store_.config(subject);
    if (!own && subject) return subject_not_found(*subject);
    ANSWER_TRY_VOID(may_change(subject));
    Config was = own && subject ? *own : effective_config(subject);
    if (own) append.push_back(ConfigRecord{.subject = subject, .value = std::nullopt});
    return was;
  };
  auto answer = decide();
  return reply(id, std::move(answer), std::move(append));
}

// ------------------------------------------------------------------------------------------------ mode

Effects RegistryMachine::on(const GetMode& request, const RequestContext&, RequestId id, Instant, Timestamp) {
  const auto subject = normal(request.subject);
  if (!subject || request.default_to_global) return reply(id, GetMode::Response(effective_mode(subject)));
  const auto* own = store_.mode(subject);
  if (!own)
    return reply(
        id, GetMode::Response(failure(
                Code::kNoSubjectMode,
                fmt::format("no mode is set for '{}' alone; defaultToGlobal=true tells the one in force", *subject))));
  return reply(id, GetMode::Response(*own));
}

Effects RegistryMachine::on(const PutMode& request, const RequestContext&, RequestId id, Instant, Timestamp) {
  Records append;
  const auto decide = [&]() -> PutMode::Response {
    const auto subject = normal(request.subject);
    const auto mode = mode_named(request.mode);
    if (!mode || (*mode == Mode::kForward && subject != kGlobalSubject))
      return failure(Code::kInvalidMode,
                     "there is no such mode here: give READWRITE, READONLY, READONLY_OVERRIDE or IMPORT");
    if (subject && *subject != kGlobalSubject && !is_valid_name(*subject)) return invalid_subject(*subject);
    if (!config_.mode_mutable)
      return failure(Code::kNotPermitted, "this registry was started with modes that stay as they are");
    if (*mode == Mode::kImport && effective_mode(subject) != Mode::kImport && !request.force) {
      const Subject scope = Subject::parse(subject.value_or(""));
      std::set<SubjectVersion> going;
      for (const auto& [text, versions] : store_.subjects()) {
        const Subject parsed = Subject::parse(text);
        if (parsed.context != scope.context || (!scope.name.empty() && parsed.name != scope.name)) continue;
        if (Store::latest(versions))
          return failure(
              Code::kNotPermitted,
              fmt::format("subject '{}' is in use: delete what is there before you import, or give force=true", text));
        for (const auto& [number, stored] : versions) {
          if (is_referenced({text, number}, true)) return referenced(text, number);
          going.insert({text, number});
        }
      }
      for (const auto& each : std::views::reverse(going))
        append.push_back(SchemaRecord{.subject = each.subject,
                                      .version = each.version,
                                      .magic = store_.find(each.subject)->at(each.version).magic,
                                      .value = std::nullopt});
      append.push_back(ClearSubjectRecord{.subject = shown(subject)});
      keep_ids(going, append);
    }
    append.push_back(ModeRecord{.subject = subject, .value = *mode});
    log::info("registry mode changed", field("subject", shown(subject)), field("mode", name(*mode)));
    return *mode;
  };
  auto answer = decide();
  if (!answer) append.clear();
  return reply(id, std::move(answer), std::move(append));
}

Effects RegistryMachine::on(const DeleteMode& request, const RequestContext&, RequestId id, Instant, Timestamp) {
  Records append;
  const auto decide = [&]() -> DeleteMode::Response {
    const auto subject = normal(request.subject);
    if (!config_.mode_mutable)
      return failure(Code::kNotPermitted, "this registry was started with modes that stay as they are");
    const auto* own = store_.mode(subject);
    if (!own && subject) return subject_not_found(*subject);
    const Mode was = own ? *own : effective_mode(subject);
    if (own) append.push_back(ModeRecord{.subject = subject, .value = std::nullopt});
    const Subject scope = Subject::parse(subject.value_or(""));
    if (request.recursive && scope.name.empty())
      for (const auto& [other, mode] : store_.modes())
        if (other && other != subject && *other != kGlobalSubject && Subject::parse(*other).context == scope.context)
          append.push_back(ModeRecord{.subject = other, .value = std::nullopt});
    return was;
  };
  auto answer = decide();
  return reply(id, std::move(answer), std::move(append));
}

}  // namespace thalweg::registry

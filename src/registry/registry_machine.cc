// The machine: steps, and what listings and looks answer.
#include "registry/registry_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ranges>

#include "base/check.h"
#include "base/number.h"
#include "registry/failures.h"
#include "registry/reply.h"

namespace thalweg::registry {

Answer<VersionName> VersionName::parse(std::string_view text) {
  std::string lower;
  for (const char c : text)
    if (c != ' ') lower += c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  if (lower == "latest" || lower == "-1") return VersionName{-1};
  const auto number = parse_number<std::int32_t>(text);
  if (number && *number > 0) return VersionName{*number};
  return failure(Code::kInvalidVersion,
                 fmt::format("'{}' is no version: give a number from 1 to 2147483647, or latest", text));
}

namespace {

template <class T>
std::vector<T> page_of(std::vector<T> all, const Page& page, std::int32_t most = -1) {
  const auto from = std::min(all.size(), static_cast<std::size_t>(std::max(page.offset, 0)));
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(from));
  std::int32_t limit = page.limit;
  if (limit <= 0 || (most > 0 && limit > most)) limit = most;
  if (limit > 0 && all.size() > static_cast<std::size_t>(limit))
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(limit), all.end());
  return all;
}

}  // namespace

// ------------------------------------------------------------------------------------------------ naming

std::string RegistryMachine::aliased(const std::string& subject) const {
  const auto* config = store_.config(subject);
  if (!config || !config->alias || config->alias->empty()) return subject;
  return qualified(*config->alias, Subject::parse(subject));
}

std::string RegistryMachine::found_in_contexts(const std::string& subject) const {
  const std::string real = aliased(Subject::parse(subject).text());
  const Subject parsed = Subject::parse(real);
  if (store_.find(real) || !parsed.in_default_context()) return real;
  for (const auto& [context, ids] : store_.contexts()) {
    const std::string there = Subject{context, parsed.name}.text();
    if (store_.find(there)) return there;
  }
  return real;
}

std::vector<std::string> RegistryMachine::contexts_for(const std::optional<std::string>& subject) const {
  if (subject && subject->starts_with(":.")) return {Subject::parse(*subject).context};
  std::vector<std::string> contexts = {std::string(kDefaultContext)};
  for (const auto& [context, ids] : store_.contexts())
    if (context != kDefaultContext) contexts.push_back(context);
  return contexts;
}

Answer<const Versions::value_type*> RegistryMachine::version_of(const std::string& subject, VersionName name,
                                                                bool deleted) const {
  const auto* versions = store_.find(subject);
  if (!versions || !Store::latest(*versions, deleted)) return subject_not_found(subject);
  if (name.number == -1) return Store::latest(*versions, deleted);
  const auto at = versions->find(name.number);
  if (at == versions->end() || (at->second.deleted && !deleted)) return version_not_found(name.number);
  return &*at;
}

SchemaObject RegistryMachine::object(const std::string& subject, std::int32_t version,
                                     const StoredVersion& stored) const {
  const Content& content = *stored.content;
  const auto* ids = store_.ids(Subject::parse(subject).context);
  return {.subject = subject,
          .version = version,
          .id = stored.id,
          .guid = guid(ids->by_id.at(stored.id).digest),
          .type = content.type,
          .references = content.references,
          .metadata = content.metadata,
          .rules = content.rules,
          .text = content.text,
          .written = stored.written,
          .deleted = stored.deleted};
}

Answer<SchemaObject> RegistryMachine::object(const std::string& subject, std::int32_t version,
                                             const StoredVersion& stored, const std::string& format) {
  if (format.empty()) return object(subject, version, stored);
  const auto schema = parsed(stored, Subject::parse(subject));
  if (!schema && schema.error().job) return std::unexpected(schema.error());
  auto shown = object(subject, version, stored);
  if (!schema) return shown;  // stored by another registry; as it is, is better than nothing
  ANSWER_TRY(shown.text, printed(*schema, format));
  return shown;
}

// ------------------------------------------------------------------------------------------------ subjects

Effects RegistryMachine::on(const GetSubjects& request, const RequestContext&, RequestId id, Instant, Timestamp) {
  const auto prefix = SubjectPrefix::parse(request.prefix);
  std::vector<std::string> subjects;
  for (const auto& [subject, versions] : store_.subjects()) {
    if (!prefix.matches(Subject::parse(subject))) continue;
    const bool live = Store::latest(versions);
    if (request.deleted_only ? !live : live || request.deleted) subjects.push_back(subject);
  }
  return reply(id, GetSubjects::Response(page_of(std::move(subjects), request.page)));
}

Effects RegistryMachine::on(const GetVersions& request, const RequestContext&, RequestId id, Instant, Timestamp) {
  const std::string subject = found_in_contexts(request.subject);
  const bool deleted = request.deleted || request.deleted_only || request.deleted_as_negative;
  const auto* versions = store_.find(subject);
  std::vector<std::int32_t> numbers;
  if (versions)
    for (const auto& [version, stored] : *versions)
      if (request.deleted_only ? stored.deleted : !stored.deleted || deleted)
        numbers.push_back(stored.deleted && request.deleted_as_negative ? -version : version);
  if (numbers.empty()) return reply(id, GetVersions::Response(subject_not_found(request.subject)));
  return reply(id, GetVersions::Response(page_of(std::move(numbers), request.page)));
}

Effects RegistryMachine::on(const GetVersion& request, const RequestContext& context, RequestId id, Instant,
                            Timestamp) {
  const std::string subject = found_in_contexts(request.subject);
  auto found = version_of(subject, request.version, request.deleted);
  if (!found) return reply(id, GetVersion::Response(std::unexpected(found.error())));
  const WithFindings with(*this, context);
  return reply(id, object(subject, (*found)->first, (*found)->second, request.format));
}

Effects RegistryMachine::on(const GetReferencedBy& request, const RequestContext&, RequestId id, Instant, Timestamp) {
  const std::string subject = found_in_contexts(request.subject);
  auto found = version_of(subject, request.version, true);
  if (!found) return reply(id, GetReferencedBy::Response(std::unexpected(found.error())));
  std::set<std::int32_t> ids;
  for (const auto& referrer : store_.referrers({subject, (*found)->first}))
    if (request.deleted || store_.is_live(referrer)) ids.insert(store_.find(referrer.subject)->at(referrer.version).id);
  return reply(id, GetReferencedBy::Response(page_of(std::vector(ids.begin(), ids.end()), request.page)));
}

Effects RegistryMachine::on(const GetLatestWithMetadata& request, const RequestContext& context, RequestId id, Instant,
                            Timestamp) {
  const WithFindings with(*this, context);
  const std::string subject = found_in_contexts(request.subject);
  const auto* versions = store_.find(subject);
  if (!versions || !Store::latest(*versions, request.deleted))
    return reply(id, GetLatestWithMetadata::Response(subject_not_found(request.subject)));
  for (const auto& [version, stored] : std::views::reverse(*versions)) {
    if (stored.deleted && !request.deleted) continue;
    const auto& metadata = stored.content->metadata;
    const bool has_all = std::ranges::all_of(request.properties, [&](const auto& wanted) {
      const auto at = metadata ? metadata->properties.find(wanted.first) : decltype(metadata->properties.end())();
      return metadata && at != metadata->properties.end() && at->second == wanted.second;
    });
    if (has_all) return reply(id, object(subject, version, stored, request.format));
  }
  return reply(id, GetLatestWithMetadata::Response(schema_not_found()));
}

Effects RegistryMachine::on(const GetSchemas& request, const RequestContext&, RequestId id, Instant, Timestamp) {
  const auto prefix = SubjectPrefix::parse(request.prefix);
  std::vector<SchemaObject> schemas;
  const auto has_rule = [&](const StoredVersion& stored) {
    if (request.rule_type.empty()) return true;
    if (!stored.content->rules) return false;
    const auto& rules = *stored.content->rules;
    return std::ranges::any_of(std::array{&rules.migration, &rules.domain, &rules.encoding}, [&](const auto* list) {
      return std::ranges::any_of(*list, [&](const Rule& rule) { return rule.type == request.rule_type; });
    });
  };
  // Only as many are made as are answered.
  const std::int32_t limit = request.page.limit > 0 && request.page.limit <= config_.schemas_at_once
                                 ? request.page.limit
                                 : config_.schemas_at_once;
  std::int64_t skip = std::max(request.page.offset, 0);
  for (const auto& [subject, versions] : store_.subjects()) {
    if (!prefix.matches(Subject::parse(subject))) continue;
    const auto* latest = request.latest_only ? Store::latest(versions, request.deleted) : nullptr;
    for (const auto& version : versions) {
      if (request.latest_only && &version != latest) continue;
      if ((version.second.deleted && !request.deleted) || !has_rule(version.second)) continue;
      if (skip-- > 0) continue;
      schemas.push_back(object(subject, version.first, version.second));
      if (schemas.size() == static_cast<std::size_t>(limit)) return reply(id, GetSchemas::Response(std::move(schemas)));
    }
  }
  return reply(id, GetSchemas::Response(std::move(schemas)));
}

Effects RegistryMachine::on(const GetContexts& request, const RequestContext&, RequestId id, Instant, Timestamp) {
  std::vector<std::string> names;
  for (const auto& context : store_.context_names())
    if (context.starts_with(request.prefix)) names.push_back(context);
  return reply(id, GetContexts::Response(page_of(std::move(names), request.page)));
}

// ------------------------------------------------------------------------------------------------ ids

const Ids::Entry* RegistryMachine::find_id(std::int32_t id, const std::optional<std::string>& subject,
                                           std::string& context) const {
  for (const auto& each : contexts_for(subject)) {
    const auto* ids = store_.ids(each);
    const auto at = ids ? ids->by_id.find(id) : decltype(ids->by_id.end())();
    if (!ids || at == ids->by_id.end()) continue;
    context = each;
    return &at->second;
  }
  return nullptr;
}

std::vector<SubjectVersion> RegistryMachine::holders(const Ids::Entry& entry, const std::optional<std::string>& subject,
                                                     bool deleted) const {
  std::vector<SubjectVersion> all;
  const std::string only = subject ? Subject::parse(*subject).name : "";
  for (const auto& holder : entry.holders)
    if ((deleted || store_.is_live(holder)) && (only.empty() || Subject::parse(holder.subject).name == only))
      all.push_back(holder);
  return all;
}

Answer<SchemaById> RegistryMachine::by_id(std::int32_t id, const std::string& context,
                                          const std::optional<std::string>& subject, const std::string& format) {
  const auto& entry = store_.ids(context)->by_id.at(id);
  auto who = holders(entry, subject, true);
  // A subject is only a hint: one that does not have the id changes nothing.
  if (who.empty()) who = holders(entry, std::nullopt, true);
  // A holder that lives says more than one that is deleted.
  const auto live = std::ranges::find_if(who, [&](const auto& holder) { return store_.is_live(holder); });
  const SubjectVersion& holder = live == who.end() ? who.front() : *live;
  ANSWER_TRY(auto schema,
             object(holder.subject, holder.version, store_.find(holder.subject)->at(holder.version), format));
  return SchemaById{.schema = std::move(schema), .with_subject = subject.has_value(), .max_id = std::nullopt};
}

Effects RegistryMachine::on(const GetById& request, const RequestContext& asked, RequestId id, Instant, Timestamp) {
  const WithFindings with(*this, asked);
  std::string context;
  if (!find_id(request.id, request.subject, context)) return reply(id, GetById::Response(schema_not_found(request.id)));
  auto answer = by_id(request.id, context, request.subject, request.format);
  if (answer && request.fetch_max_id) answer->max_id = store_.ids(context)->highest;
  return reply(id, std::move(answer));
}

Effects RegistryMachine::on(const GetSubjectsById& request, const RequestContext&, RequestId id, Instant, Timestamp) {
  std::string context;
  const auto* entry = find_id(request.id, request.subject, context);
  if (!entry) return reply(id, GetSubjectsById::Response(schema_not_found(request.id)));
  std::set<std::string> subjects;
  for (const auto& holder : holders(*entry, request.subject, request.deleted)) subjects.insert(holder.subject);
  return reply(id, GetSubjectsById::Response(page_of(std::vector(subjects.begin(), subjects.end()), request.page)));
}

Effects RegistryMachine::on(const GetVersionsById& request, const RequestContext&, RequestId id, Instant, Timestamp) {
  std::string context;
  const auto* entry = find_id(request.id, request.subject, context);
  if (!entry) return reply(id, GetVersionsById::Response(schema_not_found(request.id)));
  return reply(id, GetVersionsById::Response(page_of(holders(*entry, request.subject, request.deleted), request.page)));
}

Effects RegistryMachine::on(const GetByGuid& request, const RequestContext& asked, RequestId id, Instant, Timestamp) {
  const WithFindings with(*this, asked);
  const auto digest = parse_guid(request.guid);
  for (const auto& context : contexts_for(std::nullopt)) {
    const auto* ids = store_.ids(context);
    const auto at = ids && digest ? ids->by_digest.find(*digest) : decltype(ids->by_digest.end())();
    if (ids && digest && at != ids->by_digest.end())
      return reply(id, by_id(at->second, context, std::nullopt, request.format));
  }
  return reply(id, GetByGuid::Response(failure(Code::kSchemaNotFound, "there is no schema with guid " + request.guid)));
}

Effects RegistryMachine::on(const GetIdsByGuid& request, const RequestContext&, RequestId id, Instant, Timestamp) {
  const auto digest = parse_guid(request.guid);
  std::vector<ContextId> found;
  for (const auto& context : contexts_for(std::nullopt)) {
    const auto* ids = store_.ids(context);
    const auto at = ids && digest ? ids->by_digest.find(*digest) : decltype(ids->by_digest.end())();
    if (ids && digest && at != ids->by_digest.end()) found.push_back({context, at->second});
  }
  return reply(id, GetIdsByGuid::Response(std::move(found)));
}

// ------------------------------------------------------------------------------------------------ what is decided

Effects RegistryMachine::on(const LookUpSchema& request, const RequestContext& context, RequestId id, Instant,
                            Timestamp) {
  const WithFindings with(*this, context);
  return reply(id, decide(request));
}
Effects RegistryMachine::on(const CheckCompatibility& request, const RequestContext& context, RequestId id, Instant,
                            Timestamp) {
  const WithFindings with(*this, context);
  return reply(id, decide(request));
}
Effects RegistryMachine::on(const RegisterSchema& request, const RequestContext& context, RequestId id, Instant,
                            Timestamp wall) {
  const WithFindings with(*this, context);
  std::vector<Record> append;
  auto answer = decide(request, append);
  CHECK(answer || append.empty());
  for (auto& record : append) set_written_at(record, wall);
  if (!append.empty()) answer->written = wall;
  return reply(id, std::move(answer), std::move(append));
}

}  // namespace thalweg::registry

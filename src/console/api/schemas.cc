// /schemas and below: subjects by name, one of them, a version. What a row says beside its name is asked of the
// registry for the visible page alone.
#include <algorithm>

#include "console/listing.h"
#include "console/registry_client.h"
#include "console/routes.h"
#include "console/schema_texts.h"
#include "console/subjects.h"
#include "runtime/gather.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

constexpr std::size_t kAskedAtOnce = 8;  // as many lanes as lead to another registry
constexpr std::size_t kVersionsTold = 100, kNeededByTold = 50;
constexpr std::size_t kLaidOutHereMax = 16 * 1024;

// ---- the list

struct SubjectName {
  std::string name;
};
constexpr SortKey<SubjectName> kSubjectKeys[] = {
    {"name", [](const SubjectName& a, const SubjectName& b) { return a.name <=> b.name; }}};

// Of all contexts.
Task<Outcome<std::vector<SubjectName>>> subject_names(const Call& call, bool deleted) {
  const std::string target = "/subjects?subjectPrefix=%3A*%3A";
  CO_TRY(const auto answer,
         co_await told_by_registry(call, {.target = deleted ? target + "&deletedOnly=true" : target}));
  std::vector<SubjectName> names;
  if (!answer.if_array()) co_return names;
  names.reserve(answer.if_array()->size());
  for (const auto& name : *answer.if_array())
    if (name.if_string()) names.push_back({*name.if_string()});
  co_return names;
}

Task<std::vector<const SubjectName*>> matching_subjects(const std::vector<SubjectName>& names,
                                                        const NameFilter& filter) {
  std::vector<const SubjectName*> rows;
  rows.reserve(names.size());
  Pace pace(filter.names_at_once());
  for (const auto& name : names) {
    if (pace.due()) co_await give_way();
    if (filter.matches(name.name)) rows.push_back(&name);
  }
  co_return rows;
}

// Everything but the level. A subject that went meanwhile is its name alone.
Task<Subject> subject_row(const Call* call, std::string name, bool deleted) {
  Subject row{.name = name, .deleted = deleted};
  row.topics = uses_of(*call->image, name);
  const auto latest = co_await version_of(*call, name, "latest", deleted);
  if (!latest) co_return row;
  row.language = language_in(*latest);
  row.version = number_in(*latest, "version");
  row.id = number_in(*latest, "id");
  row.references = std::int32_t(references_in(*latest).size());
  const auto versions = co_await told_by_registry(
      *call, {.target = subject_path(name, deleted ? "/versions?deleted=true" : "/versions")});
  if (versions && versions->if_array()) row.versions = std::int32_t(versions->if_array()->size());
  co_return row;
}

Task<std::vector<Subject>> subject_rows(const Call& call, std::vector<const SubjectName*> names, bool deleted) {
  std::vector<Subject> rows;
  for (std::size_t from = 0; from < names.size(); from += kAskedAtOnce) {
    std::vector<Task<Subject>> some;
    for (std::size_t i = from; i < std::min(from + kAskedAtOnce, names.size()); ++i)
      some.push_back(subject_row(&call, names[i]->name, deleted));
    for (auto& row : co_await gather(std::move(some))) rows.push_back(std::move(row));
  }
  Levels levels(call);
  for (auto& row : rows) {
    auto level = co_await levels.of(row.name);
    if (level) row.level = *std::move(level);
  }
  co_return rows;
}

Task<Outcome<SubjectPage>> subjects(const Call& call, GetSchemas asked) {
  CO_TRY_VOID(check_page(asked.from, asked.limit));
  CO_TRY(const auto order, Order<SubjectName>::of(asked.sort, kSubjectKeys));
  CO_TRY(const auto filter, NameFilter::of(asked.q));
  const bool deleted = asked.show == SubjectShow::kDeleted;
  std::vector<SubjectName> there, gone;
  if (has_registry_topic(call)) {
    CO_TRY(there, co_await subject_names(call, false));
    CO_TRY(gone, co_await subject_names(call, true));
  }
  auto rows = co_await matching_subjects(deleted ? gone : there, filter);
  SubjectPage page{.total = std::int32_t(rows.size()),
                   .from = asked.from,
                   .as_of = call.now,
                   .deleted = std::int32_t(gone.size()),
                   .items = {}};
  page.items = co_await subject_rows(call, page_of(std::move(rows), order, asked.from, asked.limit), deleted);
  co_return page;
}

// ---- one subject

Problem no_subject(const std::string& name) {
  return {.type = "/problems/schema-registry",
          .title = "There is no subject " + name,
          .status = 404,
          .code = "40401",
          .hint = "register its first version, or look for it by a part of its name"};
}

Task<SubjectVersion> told_version(const Call* call, std::string subject, SubjectVersion version) {
  const auto found = co_await version_of(*call, subject, std::to_string(version.version), true);
  if (!found) co_return version;
  version.id = number_in(*found, "id");
  const auto* written = found->find("ts");
  version.written_at = written && written->if_number() ? written->if_number()->as_int64() : std::nullopt;
  co_return version;
}

// Numbers of versions, the newest first; those below zero are deleted.
std::vector<SubjectVersion> version_numbers(const json::Value& answer) {
  std::vector<SubjectVersion> versions;
  if (!answer.if_array()) return versions;
  for (const auto& one : *answer.if_array()) {
    const auto number = one.if_number() ? one.if_number()->as_int64().value_or(0) : 0;
    versions.push_back({.version = std::int32_t(std::abs(number)), .id = {}, .deleted = number < 0, .written_at = {}});
  }
  std::ranges::sort(versions, std::ranges::greater(), &SubjectVersion::version);
  return versions;
}

Task<Outcome<std::vector<SubjectVersion>>> versions_of(const Call& call, const std::string& subject) {
  CO_TRY(const auto answer,
         co_await told_by_registry(call, {.target = subject_path(subject, "/versions?deletedAsNegative=true")}));
  auto versions = version_numbers(answer);
  const std::size_t told = std::min(kVersionsTold, versions.size());
  for (std::size_t from = 0; from < told; from += kAskedAtOnce) {
    const std::size_t to = std::min(from + kAskedAtOnce, told);
    std::vector<Task<SubjectVersion>> some;
    for (std::size_t i = from; i < to; ++i) some.push_back(told_version(&call, subject, versions[i]));
    auto asked = co_await gather(std::move(some));
    std::ranges::move(asked, versions.begin() + std::ptrdiff_t(from));
  }
  co_return versions;
}

Task<Outcome<SubjectDetail>> subject(const Call& call, GetSchema asked) {
  if (!has_registry_topic(call)) co_return std::unexpected(no_subject(asked.subject));
  CO_TRY(auto versions, co_await versions_of(call, asked.subject));
  if (versions.empty()) co_return std::unexpected(no_subject(asked.subject));
  const auto there = std::ranges::find(versions, false, &SubjectVersion::deleted);
  const bool is_deleted = there == versions.end();
  const auto number = is_deleted ? versions.front().version : there->version;
  CO_TRY(const auto latest, co_await version_of(call, asked.subject, std::to_string(number), true));
  Levels levels(call);
  CO_TRY(auto level, co_await levels.of(asked.subject));
  CO_TRY(const auto mode, co_await told_by_registry(call, {.target = "/mode/" + http::percent_encoded(asked.subject) +
                                                                     "?defaultToGlobal=true"}));
  co_return SubjectDetail{.name = asked.subject,
                          .deleted = is_deleted,
                          .language = language_in(latest),
                          .level = std::move(level),
                          .mode = text_in(mode, "mode"),
                          .topics = uses_of(*call.image, asked.subject),
                          .versions = std::move(versions),
                          .references = references_in(latest),
                          .needed_by = co_await needers_of(call, asked.subject, number, false, kNeededByTold),
                          .as_of = call.now};
}

// ---- a version

Task<Outcome<SchemaText>> schema_text(const Call& call, GetSchemaVersion asked) {
  if (!has_registry_topic(call)) co_return std::unexpected(no_subject(asked.subject));
  CO_TRY(const auto found, co_await version_of(call, asked.subject, asked.version, true));
  SchemaText schema{.subject = text_in(found, "subject"),
                    .version = number_in(found, "version"),
                    .id = number_in(found, "id"),
                    .guid = text_in(found, "guid"),
                    .language = language_in(found),
                    .deleted = found.find("deleted") != nullptr,
                    .written_at = {},
                    .references = references_in(found),
                    .text = text_in(found, "schema"),
                    .laid_out = {}};
  const auto* written = found.find("ts");
  if (written && written->if_number()) schema.written_at = written->if_number()->as_int64();
  const auto lay_out = [language = schema.language, text = schema.text] { return laid_out(language, text); };
  auto laid = schema.text.size() <= kLaidOutHereMax ? lay_out() : co_await call.shared.workers.run(lay_out);
  schema.laid_out = std::move(laid).value_or(schema.text);
  co_return schema;
}

}  // namespace

void add_schemas(Routes& routes) {
  routes.add<GetSchemas, subjects>();
  routes.add<GetSchema, subject>();
  routes.add<GetSchemaVersion, schema_text>();
}

}  // namespace thalweg::console

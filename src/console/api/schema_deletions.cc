// DELETE /schemas/{subject} and /schemas/{subject}/versions/{version}: softly first, and what is deleted so, for good.
#include <fmt/format.h>

#include <algorithm>

#include "console/plan.h"
#include "console/registry_client.h"
#include "console/routes.h"
#include "console/subjects.h"
#include "http/target.h"
#include "runtime/gather.h"

namespace thalweg::console {
namespace {

using broker::Operation;

constexpr std::size_t kLookedAtOnce = 8, kUsersLookedFor = 200;  // versions whose users are looked for
constexpr std::size_t kUsersLookedAt = 20;                       // of each

struct Doomed {
  std::vector<std::int32_t> live, deleted;  // ascending
};

Task<Outcome<Doomed>> versions_to_delete(const Call& call, const std::string& subject) {
  const auto missing = [&] {
    return Problem{
        .type = "/problems/schema-registry", .title = "There is no subject " + subject, .status = 404, .code = "40401"};
  };
  if (!has_registry_topic(call)) co_return std::unexpected(missing());
  CO_TRY(const auto answer,
         co_await told_by_registry(call, {.target = subject_path(subject, "/versions?deletedAsNegative=true")}));
  Doomed doomed;
  if (answer.if_array())
    for (const auto& one : *answer.if_array()) {
      const auto number = one.if_number() ? std::int32_t(one.if_number()->as_int64().value_or(0)) : 0;
      (number < 0 ? doomed.deleted : doomed.live).push_back(std::abs(number));
    }
  std::ranges::sort(doomed.deleted);
  if (doomed.live.empty() && doomed.deleted.empty()) co_return std::unexpected(missing());
  co_return doomed;
}

// Another subject's version that needs one of these, which therefore have to stay.
Task<> say_who_needs(const Call& call, const std::string& subject, const std::vector<std::int32_t>& versions,
                     bool is_all, bool permanent, Plan& plan) {
  const std::size_t all = std::min(kUsersLookedFor, versions.size());
  for (std::size_t from = 0; from < all && plan.blocked_by.empty(); from += kLookedAtOnce) {
    const std::size_t to = std::min(from + kLookedAtOnce, all);
    std::vector<Task<std::vector<SubjectAt>>> some;
    for (std::size_t i = from; i < to; ++i)
      some.push_back(needers_of(call, subject, versions[i], permanent, kUsersLookedAt));
    const auto users = co_await gather(std::move(some));
    for (std::size_t i = from; i < to; ++i)
      for (const auto& user : users[i - from])
        if (plan.blocked_by.empty() && !(is_all && user.subject == subject))
          plan.blocked_by.push_back(fmt::format("Version {} is needed by version {} of {}: delete that first",
                                                versions[i], user.version, user.subject));
  }
}

void say_what_deletion_means(const Call& call, const std::string& subject, bool permanent, Plan& plan) {
  if (permanent) {
    plan.confirm = subject;
    plan.warnings.emplace_back("ids go with it: records that name them cannot be read as what they are any more");
  } else {
    plan.warnings.emplace_back("records of it can still be read; delete it again for its ids to go, too");
  }
  for (const auto& use : uses_of(*call.image, subject))
    plan.warnings.push_back(
        fmt::format("{} of the topic {} have its name", use.part == RecordPart::kKey ? "keys" : "values", use.topic));
}

Outcome<> check_may_delete_schemas(const Call& call) {
  return check_allowed(call, Operation::kWrite, broker::topic_resource("_schemas"));
}

// ---- a subject

Task<Outcome<Planned>> plan_of_deleting_subject(const Call& call, const std::string& subject, bool& permanent) {
  CO_TRY(const auto doomed, co_await versions_to_delete(call, subject));
  permanent = doomed.live.empty();
  const auto& going = permanent ? doomed.deleted : doomed.live;
  Planned planned{new_plan(call, fmt::format("Delete {} with its {} {}{}", subject, going.size(),
                                             going.size() == 1 ? "version" : "versions", permanent ? " for good" : "")),
                  {}};
  planned.facts.add("delete subject").add(subject).add(permanent ? 1 : 0);
  for (const auto version : going) planned.facts.add(version);
  say_what_deletion_means(call, subject, permanent, planned.plan);
  planned.plan.command =
      shell_line("thalweg schema delete",
                 permanent ? std::vector<std::string>{subject, "--permanent"} : std::vector<std::string>{subject});
  co_await say_who_needs(call, subject, going, true, permanent, planned.plan);
  co_return planned;
}

Task<Outcome<>> delete_at_registry(const Call& call, std::string target, bool permanent) {
  if (permanent) target += "?permanent=true";
  CO_TRY_VOID(co_await told_by_registry(call, {.method = "DELETE", .target = std::move(target)}));
  co_return Outcome<>();
}

Task<Outcome<Plan>> delete_subject(const Call& call, DeleteSchema asked) {
  CO_TRY_VOID(check_may_delete_schemas(call));
  bool permanent = false;
  CO_TRY(auto planned, co_await plan_of_deleting_subject(call, asked.subject, permanent));
  CO_TRY(const bool is_act, is_act_of(asked, planned));
  if (!is_act) co_return std::move(planned.plan);
  auto done = co_await delete_at_registry(call, subject_path(asked.subject), permanent);
  co_return settled(call, std::move(planned.plan), std::move(done));
}

// ---- one version

Task<Outcome<Planned>> plan_of_deleting_version(const Call& call, const std::string& subject, std::int32_t version,
                                                bool permanent) {
  Planned planned{
      new_plan(call, fmt::format("Delete version {} of {}{}", version, subject, permanent ? " for good" : "")), {}};
  planned.facts.add("delete version").add(subject).add(version).add(permanent ? 1 : 0);
  say_what_deletion_means(call, subject, permanent, planned.plan);
  std::vector<std::string> words{subject, "--version", std::to_string(version)};
  if (permanent) words.emplace_back("--permanent");
  planned.plan.command = shell_line("thalweg schema delete", words);
  co_await say_who_needs(call, subject, {version}, false, permanent, planned.plan);
  co_return planned;
}

Task<Outcome<Plan>> delete_version(const Call& call, DeleteSchemaVersion asked) {
  CO_TRY_VOID(check_may_delete_schemas(call));
  if (!has_registry_topic(call))
    co_return std::unexpected(problem_of(ErrorCode::kResourceNotFound, "There is no subject " + asked.subject));
  CO_TRY(const auto found, co_await version_of(call, asked.subject, asked.version, true));
  const auto version = number_in(found, "version");
  const bool permanent = found.find("deleted") != nullptr;
  CO_TRY(auto planned, co_await plan_of_deleting_version(call, asked.subject, version, permanent));
  CO_TRY(const bool is_act, is_act_of(asked, planned));
  if (!is_act) co_return std::move(planned.plan);
  auto done =
      co_await delete_at_registry(call, subject_path(asked.subject, "/versions/" + std::to_string(version)), permanent);
  co_return settled(call, std::move(planned.plan), std::move(done));
}

}  // namespace

void add_schema_deletions(Routes& routes) {
  routes.add<DeleteSchema, delete_subject>();
  routes.add<DeleteSchemaVersion, delete_version>();
}

}  // namespace thalweg::console

// POST /schemas/{subject}/check and /versions, PATCH /schemas/{subject}/level: schemas come, and what they have to fit.
#include <fmt/format.h>

#include "console/plan.h"
#include "console/registry_client.h"
#include "console/routes.h"
#include "console/schema_check.h"
#include "console/subjects.h"
#include "http/target.h"
#include "schema/compatibility.h"

namespace thalweg::console {
namespace {

using broker::Operation;

// Whoever may write the registry's topic may register: there are no rights of its own yet.
Outcome<> check_may_register(const Call& call) {
  return check_allowed(call, Operation::kWrite, broker::topic_resource("_schemas"));
}

Task<Outcome<SchemaCheck>> schema_check(const Call& call, PostSchemaCheck asked) {
  CO_TRY(auto checked, co_await check_schema(call, asked.subject, asked.body));
  co_return std::move(checked.check);
}

// ---- registered

Problem no_schema(const std::string& why) {
  Problem problem{.type = "/problems/schema-registry", .title = why, .status = 422, .code = "42201"};
  problem.fields = {{"/text", why}};
  return problem;
}

std::string reason_of(const SchemaFinding& finding) {
  std::string words = finding.code ? *finding.code + ": " + finding.message : finding.message;
  if (finding.more && !finding.message.contains(*finding.more)) words += " (" + *finding.more + ")";
  return words;
}

void say_what_stands_in_the_way(const CheckedSchema& checked, Plan& plan) {
  const auto& check = checked.check;
  if (checked.mode == "READONLY" || checked.mode == "READONLY_OVERRIDE")
    plan.blocked_by.push_back("Nothing can be registered there: its mode is " + checked.mode);
  if (check.fits) return;
  for (const auto& finding : check.findings) plan.blocked_by.push_back(reason_of(finding));
  if (plan.blocked_by.empty()) plan.blocked_by.push_back("It does not fit what the level wants: " + check.level.level);
}

Task<Outcome<Planned>> plan_of_registering(const Call& call, const std::string& subject, const NewSchema& wanted,
                                           CheckedSchema& checked) {
  CO_TRY(checked, co_await check_schema(call, subject, wanted));
  const auto& check = checked.check;
  if (check.invalid) co_return std::unexpected(no_schema(*check.invalid));
  Planned planned{new_plan(call, fmt::format("Register version {} of {}", checked.last + 1, subject)), {}};
  auto& plan = planned.plan;
  planned.facts.add("register").add(subject).add(checked.last).add(check.level.level).add(wanted.text);
  planned.facts.add(to_string(checked.language)).add(wanted.normalize.value_or(false) ? 1 : 0);
  for (const auto& [name, of, version] : wanted.references.value_or(std::vector<NewReference>()))
    planned.facts.add(name).add(of).add(version);
  if (check.same_as) {
    plan.title = fmt::format("Register what is version {} of {} already", *check.same_as, subject);
    plan.warnings.emplace_back("nothing would be different: the same schema has its id");
  } else if (check.level.level == "NONE" && checked.last > 0) {
    plan.warnings.emplace_back("the level is NONE: it is not compared with what is there");
  }
  say_what_stands_in_the_way(checked, plan);
  co_return planned;
}

// As the version that was planned: when another one was registered meanwhile, the registry refuses it.
Task<Outcome<>> register_now(const Call& call, const std::string& subject, const NewSchema& wanted,
                             const CheckedSchema& checked) {
  auto body = registration_of(wanted, checked.language);
  if (!checked.check.same_as) body.add("version", int(checked.last + 1));
  std::string target = subject_path(subject, "/versions");
  if (wanted.normalize.value_or(false)) target += "?normalize=true";
  CO_TRY_VOID(
      co_await told_by_registry(call, {.method = "POST", .target = std::move(target), .body = std::move(body)}));
  co_return Outcome<>();
}

Task<Outcome<Plan>> register_schema(const Call& call, PostSchemaVersions asked) {
  CO_TRY_VOID(check_may_register(call));
  CheckedSchema checked;
  CO_TRY(auto planned, co_await plan_of_registering(call, asked.subject, asked.body, checked));
  CO_TRY(const bool is_act, is_act_of(asked, planned));
  if (!is_act) co_return std::move(planned.plan);
  auto done = co_await register_now(call, asked.subject, asked.body, checked);
  co_return settled(call, std::move(planned.plan), std::move(done));
}

// ---- the level

constexpr std::string_view kLevels =
    "BACKWARD, BACKWARD_TRANSITIVE, FORWARD, FORWARD_TRANSITIVE, FULL, FULL_TRANSITIVE, NONE";

std::string said_by(const SchemaLevel& level) {
  switch (level.layer) {
    case LevelLayer::kSubject:
      return level.level + ", which it says itself";
    case LevelLayer::kContext:
      return level.level + ", which its context says";
    case LevelLayer::kAll:
      break;
  }
  return level.level + ", as for all subjects";
}

Task<Outcome<Planned>> plan_of_level(const Call& call, const std::string& subject,
                                     const std::optional<schema::CompatibilityLevel>& wanted) {
  Levels levels(call);
  CO_TRY(const auto now, co_await levels.of(subject));
  CO_TRY(auto then, co_await levels.inherited(subject));
  if (wanted) then = {.level = std::string(schema::name(*wanted)), .layer = LevelLayer::kSubject};
  Planned planned{new_plan(call, fmt::format("Have new versions of {} fit by {}", subject, said_by(then))), {}};
  auto& plan = planned.plan;
  planned.facts.add("level").add(subject).add(now.level).add(to_string(now.layer)).add(then.level);
  plan.warnings.push_back(now.level == then.level && now.layer == then.layer
                              ? "nothing would be different: it is so now"
                              : "now it is " + said_by(now));
  if (then.level == "NONE") plan.warnings.emplace_back("with NONE whatever is a schema can be registered");
  plan.command = shell_line("thalweg schema level", wanted ? std::vector<std::string>{subject, "--set", then.level}
                                                           : std::vector<std::string>{subject, "--unset"});
  co_return planned;
}

// Null takes back the level alone: whatever else is configured for the subject stays.
Task<Outcome<>> set_level_now(const Call& call, const std::string& subject,
                              const std::optional<schema::CompatibilityLevel>& wanted) {
  json::Object body;
  body.add("compatibility", wanted ? json::Value(schema::name(*wanted)) : json::Value());
  CO_TRY_VOID(co_await told_by_registry(
      call, {.method = "PUT", .target = "/config/" + http::percent_encoded(subject), .body = std::move(body)}));
  co_return Outcome<>();
}

Task<Outcome<Plan>> set_level(const Call& call, PatchSchemaLevel asked) {
  CO_TRY_VOID(check_may_register(call));
  std::optional<schema::CompatibilityLevel> wanted;
  if (asked.body.level) {
    wanted = schema::compatibility_level_named(*asked.body.level);
    if (!wanted) co_return std::unexpected(invalid("/level", "one of " + std::string(kLevels)));
  }
  CO_TRY(auto planned, co_await plan_of_level(call, asked.subject, wanted));
  CO_TRY(const bool is_act, is_act_of(asked, planned));
  if (!is_act) co_return std::move(planned.plan);
  auto done = co_await set_level_now(call, asked.subject, wanted);
  co_return settled(call, std::move(planned.plan), std::move(done));
}

}  // namespace

void add_schema_changes(Routes& routes) {
  routes.add<PostSchemaCheck, schema_check, Routes::kRecordBodyMax>();
  routes.add<PostSchemaVersions, register_schema, Routes::kRecordBodyMax>();
  routes.add<PatchSchemaLevel, set_level>();
}

}  // namespace thalweg::console

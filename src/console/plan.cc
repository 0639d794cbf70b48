#include "console/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "schema/md5.h"

namespace thalweg::console {
namespace {

// What a plan may be called when whatever it is now is meant (RFC 9110).
constexpr std::string_view kAny = "*";

Problem without_plan() {
  return {
      .type = "/problems/plan-first",
      .title = "A change needs its plan",
      .status = 428,
      .hint = "ask the same with ?dry_run=true, and send what it calls its plan in If-Match; or * for whatever it is"};
}

Problem stale_plan() {
  return {.type = "/problems/stale-plan",
          .title = "What this would do has changed since it was planned",
          .status = 409,
          .hint = "look at the plan as it is now"};
}

Problem blocked_plan(const Plan& plan) {
  return {.type = "/problems/blocked", .title = plan.blocked_by.front(), .status = 409, .hint = "nothing was changed"};
}

bool is_plain_in_shell(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-./:=,@%+").contains(c);
}

std::string quoted_for_shell(const std::string& word) {
  if (!word.empty() && std::ranges::all_of(word, is_plain_in_shell)) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

// With its length in front, so that no two lists of facts read alike.
Facts& Facts::add(std::string_view text) {
  text_ += std::to_string(text.size());
  text_ += ':';
  text_ += text;
  return *this;
}

Facts& Facts::add_optional(const std::optional<std::string>& text) {
  if (text) return add(std::string_view(*text));
  text_ += '-';
  return *this;
}

Facts& Facts::add(std::int64_t number) { return add(std::string_view(std::to_string(number))); }

std::string Facts::digest() const {
  std::string hex;
  for (const auto byte : schema::Md5::of(text_)) hex += fmt::format("{:02x}", byte);
  return hex;
}

Plan new_plan(const Call& call, std::string title) {
  Plan plan{};
  plan.title = std::move(title);
  plan.as_of = call.now;
  return plan;
}

void add_offset_change(Plan& plan, OffsetChange change) {
  ++plan.partitions;
  if (plan.offsets.size() < kOffsetsShown) plan.offsets.push_back(std::move(change));
}

void add_unknown_edges(Plan& plan, const thalweg::TopicPartition& partition, const Error& error) {
  if (plan.blocked_by.empty())
    plan.blocked_by.push_back(
        fmt::format("Who leads {} did not say where it begins and ends: {}", to_string(partition), name(error.code)));
}

Outcome<bool> is_act_of(bool dry_run, const std::optional<std::string>& carried, Planned& planned) {
  planned.plan.plan = planned.facts.digest();
  if (dry_run) return false;
  if (!carried) return std::unexpected(without_plan());
  if (*carried != kAny && *carried != planned.plan.plan) return std::unexpected(stale_plan());
  if (!planned.plan.blocked_by.empty()) return std::unexpected(blocked_plan(planned.plan));
  return true;
}

Outcome<Plan> settled(const Call& call, Plan plan, Outcome<> done) {
  const auto& client = *call.client;
  log::info("console change", field("what", plan.title), field("by", client.principal + "@" + client.client_host),
            field("plan", plan.plan), field("outcome", done ? std::string("done") : done.error().title));
  call.shared.changes.add({.at = call.now,
                           .after = {},
                           .source = ChangeSource::kConsole,
                           .kind = ResourceKind::kCluster,
                           .name = {},
                           .sentence = plan.title,
                           .by = client.principal + "@" + client.client_host,
                           .refused = done ? std::nullopt : std::optional(done.error().title),
                           .gone = false});
  if (!done) return std::unexpected(std::move(done.error()));
  plan.applied = true;
  return plan;
}

Outcome<> check_allowed(const Call& call, broker::Operation operation, const broker::Resource& resource) {
  if (call.allows(operation, resource)) return {};
  using Type = broker::Resource::Type;
  const auto code = resource.type == Type::kTopic   ? ErrorCode::kTopicAuthorizationFailed
                    : resource.type == Type::kGroup ? ErrorCode::kGroupAuthorizationFailed
                                                    : ErrorCode::kClusterAuthorizationFailed;
  return std::unexpected(problem_of(code));
}

std::string shell_line(std::string line, const std::vector<std::string>& words) {
  for (const auto& word : words) line += ' ' + quoted_for_shell(word);
  return line;
}

std::string tool_line(const Call& call, std::string_view tool, const std::vector<std::string>& words) {
  std::string line = std::string(tool) + " --bootstrap-server ";
  const auto* self = call.image->broker(call.self());
  const bool is_known = self && !self->endpoints.empty();
  line += is_known ? to_string(Endpoint{self->endpoints.front().host, self->endpoints.front().port}) : "localhost:9092";
  return shell_line(std::move(line), words);
}

std::string iso_time(Timestamp when) {
  const std::chrono::sys_time<Millis> at{Millis(when)};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(at - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}", int(date.year()), unsigned(date.month()),
                     unsigned(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

}  // namespace thalweg::console

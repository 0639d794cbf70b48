// A change and its plan: what it does is said first, and done second if the world is still the one that was looked at.
//
//   CO_TRY(auto planned, co_await plan_of_deleting(call, topic));
//   CO_TRY(const bool is_act, is_act_of(asked, planned));
//   if (!is_act) co_return std::move(planned.plan);
//   auto done = co_await …;                                     // asks the broker
//   co_return settled(call, std::move(planned.plan), std::move(done));
//
// Nothing is kept between the two: the act plans again and compares, so a plan outlives a restart, and any of several
// servers knows it. What grows by itself (the end of a log, how many records there are) is shown and not compared: an
// act that goes to the end goes to the end of its own moment, as Kafka's tools do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "console/call.h"
#include "console/problem.h"

namespace thalweg::console {

// What a plan rests on and does, in an order of its own: the same in the same world, and another one in another.
class Facts {
 public:
  Facts& add(std::string_view text);
  Facts& add_optional(const std::optional<std::string>& text);
  Facts& add(std::int64_t number);
  // 32 hexadecimal digits.
  std::string digest() const;

 private:
  std::string text_;
};

struct Planned {
  Plan plan;
  Facts facts;
};

// A plan as it begins: nothing is done, nothing changes yet.
Plan new_plan(const Call& call, std::string title);

// How many partitions a plan lists; it counts all.
inline constexpr std::size_t kOffsetsShown = 500;
void add_offset_change(Plan& plan, OffsetChange change);
// Where a partition begins and ends could not be learnt: that stands in the way of the act. The first one is named.
void add_unknown_edges(Plan& plan, const thalweg::TopicPartition& partition, const Error& error);

// Names the plan, and says whether it is to be carried out: no for a dry run. 428: it carries no plan. 409: another
// one, or something stands in its way.
Outcome<bool> is_act_of(bool dry_run, const std::optional<std::string>& carried, Planned& planned);
template <class Operation>
Outcome<bool> is_act_of(const Operation& asked, Planned& planned) {
  return is_act_of(asked.dry_run, asked.plan, planned);
}

// What became of an act: a line of the log says it, and who did it.
Outcome<Plan> settled(const Call& call, Plan plan, Outcome<> done);

// 403 with Kafka's name of the error.
Outcome<> check_allowed(const Call& call, broker::Operation operation, const broker::Resource& resource);

// A command as a shell takes it: words of strangers are quoted.
std::string shell_line(std::string line, const std::vector<std::string>& words);
// The same of Kafka's tools.
std::string tool_line(const Call& call, std::string_view tool, const std::vector<std::string>& words);

// "2026-11-28T06:42:03.204", in UTC, as Kafka's tools take it. REQUIRES: 0 <= when <= kTimeMax
std::string iso_time(Timestamp when);
inline constexpr Timestamp kTimeMax = 253'402'300'799'999;  // the end of the year 9999

}  // namespace thalweg::console

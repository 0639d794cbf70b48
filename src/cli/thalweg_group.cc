// thalweg group …
#include <fmt/format.h>

#include "admin/groups.h"
#include "admin/offsets.h"
#include "admin/topics.h"
#include "cli/command.h"
#include "cli/java_errors.h"
#include "cli/reset_offsets.h"

namespace thalweg::cli {
namespace {

Task<Result<>> describe_one(Session session, std::string id, Report& report) {
  const auto group = co_await admin::describe_group(session.client, id);
  if (!group) co_return std::unexpected(about(id, group.error()));
  CO_TRY(const auto committed, co_await admin::fetch_offsets(session.client, id));
  std::map<TopicPartition, const admin::GroupMember*> readers;
  for (const auto& [tp, offset] : committed) readers[tp] = nullptr;
  for (const auto& member : group->members)
    for (const auto& tp : member.assignment) readers[tp] = &member;
  std::map<TopicPartition, std::int64_t> at;
  for (const auto& [tp, member] : readers) at[tp] = admin::kLatest;
  CO_TRY(const auto ends, co_await admin::list_offsets(session.client, at));
  for (const auto& [tp, member] : readers) {
    const auto offset = committed.find(tp);
    const auto end = ends.find(tp);
    const bool has_offset = offset != committed.end(), has_end = end != ends.end() && end->second.has_value();
    report.add({id, group->state, tp.topic, to_string(tp.partition),
                has_offset ? to_string(offset->second.offset) : "-", has_end ? to_string(end->second->offset) : "-",
                has_offset && has_end ? std::to_string(end->second->offset - offset->second.offset) : "-",
                member ? member->id : "-", member ? member->host : "-"});
  }
  if (readers.empty()) report.add({id, group->state, "-", "-", "-", "-", "-", "-", "-"});
  co_return Result<>();
}

// What --to says: start, end, an offset or a time.
Result<ResetTo> parse_place(const std::string& text) {
  if (text == "start") return ResetTo{ResetKind::kEarliest, 0};
  if (text == "end") return ResetTo{ResetKind::kLatest, 0};
  if (const auto number = parse_integer(text)) return ResetTo{ResetKind::kOffset, *number};
  const auto time = parse_date_time(text);
  if (!time) return invalid("--to is start, end, an offset, or a time like 2026-01-31T12:00:00");
  return ResetTo{ResetKind::kTime, *time};
}

}  // namespace

Task<Result<>> group_list(Session session) {
  CO_TRY(const auto groups, co_await admin::list_groups(session.client));
  Report report({{"group"}, {"type"}, {"state"}, {"protocol"}});
  for (const auto& group : groups) report.add({group.id, group.type, group.state, group.protocol_type});
  session.show(report);
  co_return Result<>();
}

Task<Result<>> group_describe(Session session) {
  CO_TRY_VOID(co_await check_groups(session, session.words()));
  using enum Report::Kind;
  Report report({{"group"},
                 {"state"},
                 {"topic"},
                 {"partition", kNumber},
                 {"offset", kNumber},
                 {"end", kNumber},
                 {"lag", kNumber},
                 {"member"},
                 {"host"}});
  for (const auto& id : session.words()) CO_TRY_VOID(co_await describe_one(session, id, report));
  session.show(report);
  co_return Result<>();
}

Task<Result<>> group_delete(Session session) {
  CO_TRY_VOID(co_await check_groups(session, session.words()));
  Report report({{"group"}, {"result"}});
  for (const auto& id : session.words()) {
    const auto deleted = co_await admin::delete_group(session.client, id);
    if (!deleted) co_return std::unexpected(about(id, deleted.error()));
    report.add({id, "deleted"});
  }
  session.show(report);
  co_return Result<>();
}

void declare_group_seek(OptionParser& parser) {
  parser.values("topic", "TOPIC[:0,1]", "A topic, or some of its partitions; may be repeated.");
  parser.value("to", "start|end|OFFSET|TIME", "Where the group shall go on; times are UTC unless they say otherwise.");
  parser.flag("dry-run", "Only shows where it would go.");
}

Task<Result<>> group_seek(Session session) {
  const std::string id = session.words()[0];
  if (!session.options.has("topic") || !session.options.has("to"))
    co_return invalid("--topic and --to are needed: what shall it read, and from where?");
  CO_TRY(const auto to, parse_place(*session.options.value("to")));
  const auto group = co_await admin::describe_group(session.client, id);
  if (!group && group.error().code != ErrorCode::kGroupIdNotFound) co_return std::unexpected(about(id, group.error()));
  if (group && group->state != "Empty" && group->state != "Dead")
    co_return invalid(fmt::format("{} has members (it is {}); stop them first", id, group->state));
  std::vector<TopicPartition> partitions;
  for (const auto& argument : session.options.values("topic")) {
    CO_TRY(const auto topic, parse_topic_argument(argument));
    CO_TRY_VOID(co_await check_topics(session, {topic.first}));
    CO_TRY(const auto described, co_await admin::describe_topics(session.client, {topic.first}));
    for (const auto& p : described.front().partitions)
      if (topic.second.empty() || std::ranges::find(topic.second, p.id) != topic.second.end())
        partitions.push_back({topic.first, p.id});
  }
  const auto tell = [terminal = &session.terminal()](const std::string& text) { terminal->err(text + "\n"); };
  CO_TRY(const auto committed, co_await admin::fetch_offsets(session.client, id));
  CO_TRY(const auto planned, co_await plan_reset(session.client, std::move(partitions), committed, to, tell, tell));
  admin::CommittedOffsets offsets;
  Report report({{"group"}, {"topic"}, {"partition", Report::Kind::kNumber}, {"offset", Report::Kind::kNumber}});
  for (const auto& [tp, offset] : planned) {
    offsets[tp].offset = offset;
    report.add({id, tp.topic, to_string(tp.partition), to_string(offset)});
  }
  if (!session.options.has("dry-run")) {
    CO_TRY(const auto written, co_await admin::commit_offsets(session.client, id, std::move(offsets)));
    for (const auto& [tp, code] : written)
      if (code != ErrorCode::kNone) co_return std::unexpected(about(to_string(tp), admin::error_of(code)));
  }
  session.show(report);
  co_return Result<>();
}

}  // namespace thalweg::cli

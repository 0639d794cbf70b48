// thalweg group …
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "admin/groups.h"
#include "admin/offsets.h"
#include "admin/topics.h"
#include "cli/command.h"
#include "cli/java_errors.h"
#include "cli/place.h"
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
  CO_TRY(const auto ends, co_await admin::list_offsets(session.client, at, false, admin::kDescribedWithin));
  for (const auto& [tp, member] : readers) {
    const auto offset = committed.find(tp);
    const auto end = ends.find(tp);
    const bool has_offset = offset != committed.end(), has_end = end != ends.end() && end->second.has_value();
    using Cell = Report::Cell;
    report.add({id, group->state, tp.topic, to_string(tp.partition),
                has_offset ? Cell(to_string(offset->second.offset)) : Cell(),
                has_end ? Cell(to_string(end->second->offset)) : Cell(),
                has_offset && has_end ? Cell(std::to_string(end->second->offset - offset->second.offset)) : Cell(),
                member ? Cell(member->id) : Cell(), member ? Cell(member->host) : Cell()});
  }
  if (readers.empty()) report.add({id, group->state, {}, {}, {}, {}, {}, {}, {}});
  co_return Result<>();
}

// Below 0, an offset means the end in some tools, the start in others, and a number of records in yet others.
Result<Place> place_of(const Session& session, const std::string& text) {
  const auto place = parse_place(text, session.client.shard().clock.wall());
  if (place && place->kind != Place::Kind::kLast) return *place;
  return session.misuse(fmt::format(
      "--to is start, end, an offset, a time like 2026-01-31T12:00:00Z, -1h (an hour ago) or @1700000000000, not '{}'",
      text));
}

using Wanted = std::vector<std::pair<std::string, std::vector<PartitionId>>>;
Result<Wanted> wanted_of(const Session& session) {
  Wanted wanted;
  for (const auto& argument : session.options.values("topic")) {
    TRY(auto topic, session.given(parse_topic_argument(argument)));
    wanted.push_back(std::move(topic));
  }
  return wanted;
}

Task<Result<std::vector<TopicPartition>>> partitions_of(Session session, Wanted wanted) {
  std::vector<TopicPartition> partitions;
  for (const auto& [name, ids] : wanted) {
    CO_TRY_VOID(co_await check_topics(session, {name}));
    CO_TRY(const auto described, co_await admin::describe_topics(session.client, {name}));
    std::vector<std::string> numbers;
    for (const PartitionId id : ids) numbers.push_back(to_string(id));
    CO_TRY(const auto chosen, choose_partitions(described.front(), numbers));
    for (const PartitionId id : chosen) partitions.push_back({name, id});
  }
  co_return partitions;
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
  CO_TRY_VOID(co_await confirm(session, fmt::format("Delete {} with all offsets", fmt::join(session.words(), ", "))));
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
  parser.value("to", "start|end|OFFSET|TIME",
               "Where the group shall go on; a time is 2026-01-31T12:00:00Z, -1h (an hour ago) or @1700000000000.");
  parser.flag("dry-run", "Only shows where it would go.");
}

Task<Result<>> group_seek(Session session) {
  const std::string id = session.words()[0];
  if (!session.options.has("topic") || !session.options.has("to"))
    co_return session.misuse("--topic and --to are needed: what shall it read, and from where?");
  CO_TRY(const auto to, place_of(session, *session.options.value("to")));
  CO_TRY(const auto wanted, wanted_of(session));
  const auto group = co_await admin::describe_group(session.client, id);
  if (!group && group.error().code != ErrorCode::kGroupIdNotFound) co_return std::unexpected(about(id, group.error()));
  if (group && group->state != "Empty" && group->state != "Dead")
    co_return fail(ErrorCode::kNonEmptyGroup,
                   fmt::format("{} has members (it is {}); stop them first", id, group->state));
  CO_TRY(const auto partitions, co_await partitions_of(session, wanted));
  CO_TRY(const auto extents, co_await find_extents(session.client, partitions));
  CO_TRY(const auto planned, co_await find_place(session.client, extents, to));
  admin::CommittedOffsets offsets;
  Report report({{"group"}, {"topic"}, {"partition", Report::Kind::kNumber}, {"offset", Report::Kind::kNumber}});
  for (const auto& [tp, offset] : planned) {
    offsets[tp].offset = offset;
    report.add({id, tp.topic, to_string(tp.partition), to_string(offset)});
    if (to.kind == Place::Kind::kOffset && offset.value != to.number)
      session.terminal().err(
          fmt::format("{} has no offset {}; {} is nearest\n", to_string(tp), to.number, offset.value));
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

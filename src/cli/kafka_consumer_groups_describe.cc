// kafka-consumer-groups --describe.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/columns.h"
#include "cli/java_errors.h"
#include "cli/kafka_consumer_groups.h"

namespace thalweg::cli {
namespace {

using admin::GroupDescription;

// "orders:0,1;plain:2", or "-" for nothing.
std::string assignment_text(const std::set<TopicPartition>& partitions) {
  std::map<std::string, std::vector<std::int32_t>> topics;
  for (const auto& tp : partitions) topics[tp.topic].push_back(tp.partition.value);
  std::string text;
  for (const auto& [topic, ids] : topics)
    text += fmt::format("{}{}:{}", text.empty() ? "" : ";", topic, fmt::join(ids, ","));
  return text.empty() ? "-" : text;
}

std::string or_dash(const std::optional<std::int32_t>& number) { return number ? std::to_string(*number) : "-"; }

}  // namespace

Task<Result<>> GroupCommand::describe() {
  CO_TRY(const auto ids, co_await chosen_groups());
  for (const auto& id : ids) {
    auto group = co_await admin::describe_group(client_, id);
    if (!group && group.error().code == ErrorCode::kGroupIdNotFound)
      co_return fail(ErrorCode::kGroupIdNotFound, exception_text(group.error()));
    if (!group) co_return std::unexpected(group.error());
    note_state(*group);
    if (options_.has("members"))
      describe_members(*group);
    else if (options_.has("state"))
      describe_state(*group);
    else
      CO_TRY_VOID(co_await describe_offsets(*group));
  }
  co_return Result<>();
}

void GroupCommand::note_state(const GroupDescription& group) {
  if (group.state == "Empty")
    terminal_.err(fmt::format("\nConsumer group '{}' has no active members.\n", group.id));
  else if (group.state != "Stable")
    terminal_.err(fmt::format("\nWarning: Consumer group '{}' is rebalancing.\n", group.id));
}

Task<Result<>> GroupCommand::describe_offsets(const GroupDescription& group) {
  CO_TRY(auto committed, co_await admin::fetch_offsets(client_, group.id));
  std::map<TopicPartition, std::int64_t> wanted;
  for (const auto& [tp, offset] : committed) wanted[tp] = admin::kLatest;
  for (const auto& member : group.members)
    for (const auto& tp : member.assignment) wanted[tp] = admin::kLatest;
  CO_TRY(const auto ends, co_await admin::list_offsets(client_, wanted));

  const bool verbose = options_.has("verbose");
  std::vector<Columns::Column> columns{{"GROUP", 15}, {"TOPIC", 15}, {"PARTITION", 10}};
  if (verbose) columns.push_back({"LEADER-EPOCH", 15});
  for (const char* title : {"CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "CONSUMER-ID", "HOST"})
    columns.push_back({title, 15});
  columns.push_back({"CLIENT-ID"});
  Columns table(std::move(columns));
  const auto add = [&](const TopicPartition& tp, const admin::GroupMember* member) {
    const auto offset = committed.find(tp);
    const auto end = ends.find(tp);
    const bool has_offset = offset != committed.end(), has_end = end != ends.end() && end->second.has_value();
    std::vector<std::string> row{group.id, tp.topic, to_string(tp.partition)};
    if (verbose)
      row.push_back(has_offset && offset->second.leader_epoch.value >= 0 ? to_string(offset->second.leader_epoch)
                                                                         : "-");
    row.push_back(has_offset ? to_string(offset->second.offset) : "-");
    row.push_back(has_end ? to_string(end->second->offset) : "-");
    row.push_back(has_offset && has_end ? std::to_string(end->second->offset - offset->second.offset) : "-");
    row.push_back(member ? member->id : "-");
    row.push_back(member ? member->host : "-");
    row.push_back(member ? member->client_id : "-");
    table.add(std::move(row));
  };
  auto unassigned = committed;
  for (const auto& member : group.members) {
    for (const auto& tp : member.assignment) {
      add(tp, &member);
      unassigned.erase(tp);
    }
    if (!member.assignment.empty()) continue;
    std::vector<std::string> row{group.id, "-", "-"};
    row.resize(verbose ? 7 : 6, "-");
    row.insert(row.end(), {member.id, member.host, member.client_id});
    table.add(std::move(row));
  }
  for (const auto& [tp, offset] : unassigned) add(tp, nullptr);
  if (!table.empty()) terminal_.out("\n" + table.text());
  co_return Result<>();
}

void GroupCommand::describe_members(const GroupDescription& group) {
  const bool verbose = options_.has("verbose");
  const bool instances =
      std::ranges::any_of(group.members, [](const auto& m) { return m.instance_id && !m.instance_id->empty(); });
  std::vector<Columns::Column> columns{{"GROUP", 15}, {"CONSUMER-ID", 15}};
  if (instances) columns.push_back({"GROUP-INSTANCE-ID", 17});
  for (const char* title : {"HOST", "CLIENT-ID", "#PARTITIONS"}) columns.push_back({title, 15});
  if (verbose) {
    columns.push_back({"CURRENT-EPOCH", 15});
    columns.push_back({"CURRENT-ASSIGNMENT", 20});
    columns.push_back({"TARGET-EPOCH", 15});
    columns.push_back({"TARGET-ASSIGNMENT", 20});
  } else {
    columns.push_back({""});
  }
  Columns table(std::move(columns));
  for (const auto& m : group.members) {
    std::vector<std::string> row{group.id, m.id};
    if (instances) row.push_back(m.instance_id.value_or("-"));
    row.insert(row.end(), {m.host, m.client_id, std::to_string(m.assignment.size())});
    if (verbose)
      row.insert(row.end(), {or_dash(m.epoch), assignment_text(m.assignment), or_dash(group.assignment_epoch),
                             assignment_text(m.target_assignment)});
    else
      row.emplace_back();
    table.add(std::move(row));
  }
  terminal_.out("\n" + table.text());
}

void GroupCommand::describe_state(const GroupDescription& group) {
  const bool verbose = options_.has("verbose");
  std::vector<Columns::Column> columns{
      {"GROUP", 15}, {"COORDINATOR (ID)", 25}, {"ASSIGNMENT-STRATEGY", 20}, {"STATE", 20}};
  if (verbose) {
    columns.push_back({"GROUP-EPOCH", 15});
    columns.push_back({"TARGET-ASSIGNMENT-EPOCH", 25});
  }
  columns.push_back({"#MEMBERS"});
  Columns table(std::move(columns));
  std::vector<std::string> row{group.id,
                               fmt::format("{}  ({})", to_string(group.coordinator_endpoint), group.coordinator.value),
                               group.assignor.empty() ? "-" : group.assignor, group.state};
  if (verbose) row.insert(row.end(), {or_dash(group.group_epoch), or_dash(group.assignment_epoch)});
  row.push_back(std::to_string(group.members.size()));
  table.add(std::move(row));
  terminal_.out("\n" + table.text());
}

}  // namespace thalweg::cli

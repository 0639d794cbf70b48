// kafka-consumer-groups --reset-offsets.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "admin/topics.h"
#include "cli/columns.h"
#include "cli/kafka_consumer_groups.h"

namespace thalweg::cli {

Task<Result<std::vector<TopicPartition>>> GroupCommand::chosen_partitions(const admin::CommittedOffsets& committed) {
  std::set<TopicPartition> chosen;
  if (options_.has("all-topics"))
    for (const auto& [tp, offset] : committed) chosen.insert(tp);
  std::vector<TopicPartition> unknown;
  for (const auto& argument : options_.values("topic")) {
    CO_TRY(const auto partitions, co_await partitions_of(argument));
    CO_TRY(const auto existing, co_await partitions_of(argument.substr(0, argument.find(':'))));
    std::ranges::copy_if(partitions, std::back_inserter(unknown),
                         [&](const auto& tp) { return std::ranges::find(existing, tp) == existing.end(); });
    chosen.insert(partitions.begin(), partitions.end());
  }
  if (!unknown.empty()) {
    std::vector<std::string> names;
    for (const auto& tp : unknown) names.push_back(to_string(tp));
    co_return fail(ErrorCode::kUnknownTopicOrPartition,
                   fmt::format("The partitions \"{}\" do not exist", fmt::join(names, ",")));
  }
  co_return std::vector<TopicPartition>(chosen.begin(), chosen.end());
}

// Lines topic,partition,offset, or group,topic,partition,offset.
Task<Result<std::map<TopicPartition, Offset>>> GroupCommand::plan_from_file(std::string group) {
  const auto read = terminal_.read_file(*options_.value("from-file"));
  if (!read) co_return invalid("java.io.IOException: Unable to read file " + *options_.value("from-file"));
  const std::string& text = *read;
  std::map<TopicPartition, std::int64_t> wanted;
  std::vector<std::string> cells(1);
  for (const char c : text + "\n") {
    if (c == '"' || c == '\r' || c == ' ') continue;
    if (c == ',') cells.emplace_back();
    if (c != ',' && c != '\n') cells.back() += c;
    if (c != '\n') continue;
    const auto row = std::exchange(cells, std::vector<std::string>(1));
    if (row.size() == 1 && row[0].empty()) continue;
    const auto partition = row.size() < 3 ? std::nullopt : parse_integer(row[row.size() - 2]);
    const auto offset = parse_integer(row.back());
    if (row.size() > 4 || !partition || !offset)
      co_return invalid("a line of the CSV file is not topic,partition,offset: " +
                        fmt::format("{}", fmt::join(row, ",")));
    if (row.size() == 4 && row[0] != group) continue;
    wanted[{row[row.size() - 3], PartitionId{static_cast<std::int32_t>(*partition)}}] = *offset;
  }
  co_return co_await within_ends(client_, std::move(wanted), warner());
}

Task<Result<std::map<TopicPartition, Offset>>> GroupCommand::plan(std::string group) {
  if (options_.has("from-file")) co_return co_await plan_from_file(group);
  CO_TRY(const auto committed, co_await admin::fetch_offsets(client_, group));
  CO_TRY(auto partitions, co_await chosen_partitions(committed));
  ResetTo to;
  if (options_.has("to-earliest")) to.kind = ResetKind::kEarliest;
  if (options_.has("to-current")) to.kind = ResetKind::kCurrent;
  for (const auto& [option, kind] :
       {std::pair("to-offset", ResetKind::kOffset), std::pair("shift-by", ResetKind::kShift)})
    if (options_.has(option)) to = {kind, *parse_integer(*options_.value(option))};
  if (options_.has("to-datetime")) {
    CO_TRY(to.number, parse_date_time(*options_.value("to-datetime")));
    to.kind = ResetKind::kTime;
  }
  if (options_.has("by-duration")) {
    CO_TRY(const Millis back, parse_duration(*options_.value("by-duration")));
    to = {ResetKind::kTime, context_.shard.clock.wall() - back.count()};
  }
  const auto note = [this](const std::string& text) { terminal_.out("\n" + text + "\n"); };
  auto planned = co_await plan_reset(client_, std::move(partitions), committed, to, note, warner());
  if (!planned && to.kind == ResetKind::kShift && planned.error().code == ErrorCode::kInvalidRequest)
    misuse_ = planned.error().message;
  co_return planned;
}

Task<Result<>> GroupCommand::reset() {
  CO_TRY(const auto ids, co_await chosen_groups());
  Columns table({{"GROUP", 15}, {"TOPIC", 15}, {"PARTITION", 10}, {"NEW-OFFSET"}});
  std::string csv;
  for (const auto& id : ids) {
    const auto group = co_await admin::describe_group(client_, id);
    if (!group && group.error().code != ErrorCode::kGroupIdNotFound) co_return std::unexpected(group.error());
    if (group && group->state != "Empty" && group->state != "Dead") {
      print_error(
          fmt::format("Assignments can only be reset if the group '{}' is inactive, but the current state is {}.", id,
                      group->state));
      continue;
    }
    CO_TRY(const auto planned, co_await plan(id));
    admin::CommittedOffsets offsets;
    for (const auto& [tp, offset] : planned) {
      offsets[tp].offset = offset;
      table.add({id, tp.topic, to_string(tp.partition), to_string(offset)});
      csv += fmt::format("{}{},{},{}\n", ids.size() > 1 ? id + "," : "", tp.topic, tp.partition.value, offset.value);
    }
    if (!options_.has("execute") || offsets.empty()) continue;
    CO_TRY(const auto committed, co_await admin::commit_offsets(client_, id, std::move(offsets)));
    for (const auto& [tp, code] : committed)
      if (code != ErrorCode::kNone) co_return std::unexpected(admin::error_of(code));
  }
  terminal_.out(options_.has("export") ? csv + "\n" : "\n" + table.text());
  co_return Result<>();
}

}  // namespace thalweg::cli

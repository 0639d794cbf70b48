// kafka-consumer-groups --delete and --delete-offsets.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "admin/topics.h"
#include "cli/columns.h"
#include "cli/java_errors.h"
#include "cli/kafka_consumer_groups.h"

namespace thalweg::cli {

Task<Result<>> GroupCommand::remove() {
  CO_TRY(const auto ids, co_await chosen_groups());
  std::vector<std::string> deleted, failed;
  for (const auto& id : ids) {
    const auto gone = co_await admin::delete_group(client_, id);
    if (gone)
      deleted.push_back("'" + id + "'");
    else
      failed.push_back(fmt::format("* Group '{}' could not be deleted due to: {}", id, exception_text(gone.error())));
  }
  if (failed.empty()) {
    terminal_.out(
        fmt::format("Deletion of requested consumer groups ({}) was successful.\n", fmt::join(deleted, ", ")));
    co_return Result<>();
  }
  print_error(fmt::format("Deletion of some consumer groups failed:\n{}", fmt::join(failed, "\n")));
  if (!deleted.empty())
    terminal_.out(fmt::format("\nThese consumer groups were deleted successfully: {}\n", fmt::join(deleted, ", ")));
  co_return Result<>();
}

Task<Result<>> GroupCommand::delete_offsets() {
  if (options_.values("group").size() > 1)
    co_return invalid("Found multiple arguments for option group, but you asked for only one");
  const std::string group = options_.values("group").front();
  std::vector<TopicPartition> partitions;
  std::vector<std::string> unknown;  // topics
  for (const auto& argument : options_.values("topic")) {
    const auto named = co_await partitions_of(argument);
    if (named)
      partitions.insert(partitions.end(), named->begin(), named->end());
    else if (named.error().code == ErrorCode::kUnknownTopicOrPartition)
      unknown.push_back(argument);
    else
      co_return std::unexpected(named.error());
  }
  auto outcome = co_await admin::delete_offsets(client_, group, partitions);
  if (!outcome) {
    print_error(kafka_text(outcome.error()));
    std::map<TopicPartition, ErrorCode> all;
    for (const auto& tp : partitions) all[tp] = outcome.error().code;
    outcome = std::move(all);
  } else if (std::ranges::all_of(*outcome, [](const auto& entry) { return entry.second == ErrorCode::kNone; })) {
    terminal_.out(fmt::format("Request succeeded for deleting offsets from group {}.\n", group));
  } else {
    print_error("Encountered some partition-level error, see the follow-up details.");
  }
  Columns table({{"TOPIC", 15}, {"PARTITION", 10}, {"STATUS", 15, false}});
  const auto failure = [](ErrorCode code) { return "Error: " + exception_text(admin::error_of(code)); };
  for (const auto& [tp, code] : *outcome)
    table.add({tp.topic, to_string(tp.partition), code == ErrorCode::kNone ? "Successful" : failure(code)});
  for (const auto& topic : unknown) table.add({topic, "-", failure(ErrorCode::kUnknownTopicOrPartition)});
  terminal_.out("\n" + table.text());
  co_return Result<>();
}

}  // namespace thalweg::cli

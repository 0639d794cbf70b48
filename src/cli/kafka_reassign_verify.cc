// kafka-reassign-partitions --verify.
#include <fmt/format.h>

#include <algorithm>

#include "cli/columns.h"
#include "cli/kafka_reassign_partitions.h"

namespace thalweg::cli {
namespace {

std::string state_of_directory(const Replica& replica, const std::string& wanted,
                               const std::vector<admin::LogDirDescription>& directories, bool& under_way) {
  const std::string *current = nullptr, *future = nullptr;
  for (const auto& directory : directories)
    for (const auto& on_disk : directory.replicas)
      if (on_disk.partition == replica.first) (on_disk.is_future ? future : current) = &directory.path;
  const std::string where = fmt::format("Partition {}", to_string(replica.first));
  if (!current)
    return fmt::format(
        "{} is not found in any live log dir on broker {}. There is likely an offline log directory on the "
        "broker.",
        where, replica.second.value);
  if (future) {
    under_way = true;
    if (*future == wanted)
      return fmt::format("Reassignment of replica {} is still in progress.", replica_name(replica));
    return fmt::format("{} on broker {} is being moved to log dir {} instead of {}.", where, replica.second.value,
                       *future, wanted);
  }
  if (*current == wanted)
    return fmt::format("Reassignment of replica {} completed successfully.", replica_name(replica));
  return fmt::format("{} on broker {} is not being moved from log dir {} to {}.", where, replica.second.value, *current,
                     wanted);
}

}  // namespace

Task<Result<>> ReassignCommand::verify_partitions(std::vector<WantedReplicas> wanted, bool& under_way) {
  CO_TRY(const auto moves, co_await admin::list_reassignments(client_));
  under_way = !moves.empty();
  std::map<TopicPartition, std::string> lines;
  for (const auto& one : wanted) {
    const std::string name = to_string(one.partition);
    if (std::ranges::find(moves, one.partition, &admin::Reassignment::partition) != moves.end()) {
      lines[one.partition] = fmt::format("Reassignment of partition {} is still in progress.\n", name);
      continue;
    }
    std::vector<BrokerId> now;
    const auto topics = co_await admin::describe_topics(client_, {one.partition.topic});
    if (!topics && topics.error().code != ErrorCode::kUnknownTopicOrPartition)
      co_return std::unexpected(topics.error());
    if (topics)
      for (const auto& p : topics->front().partitions)
        if (p.id == one.partition.partition) now = p.replicas;
    lines[one.partition] =
        now == one.replicas
            ? fmt::format("Reassignment of partition {} is completed.\n", name)
            : fmt::format("There is no active reassignment of partition {}, but replica set is {} rather than {}.\n",
                          name, id_list(now), id_list(one.replicas));
  }
  terminal_.out("Status of partition reassignment:\n");
  for (const auto& [tp, line] : lines) terminal_.out(line);
  co_return Result<>();
}

Task<Result<>> ReassignCommand::verify_directories(std::map<Replica, std::string> wanted, bool& under_way) {
  std::map<BrokerId, std::vector<admin::LogDirDescription>> of_brokers;
  // By broker, then topic and partition.
  std::map<std::pair<BrokerId, TopicPartition>, std::string> lines;
  for (const auto& [replica, path] : wanted) {
    const BrokerId broker = replica.second;
    if (!of_brokers.contains(broker)) {
      CO_TRY(of_brokers[broker], co_await admin::describe_log_dirs(client_, broker));
    }
    lines[{broker, replica.first}] = state_of_directory(replica, path, of_brokers[broker], under_way);
  }
  std::string text;
  for (const auto& [replica, line] : lines) text += (text.empty() ? "" : "\n") + line;
  terminal_.out(text + "\n");
  co_return Result<>();
}

Task<Result<>> ReassignCommand::verify() {
  CO_TRY(const std::string text, file("reassignment-json-file"));
  CO_TRY(const auto wanted, parse_reassignment(text));
  bool partitions_move = false, directories_move = false;
  CO_TRY_VOID(co_await verify_partitions(wanted.partitions, partitions_move));
  CO_TRY_VOID(co_await verify_directories(wanted.directories, directories_move));
  if (partitions_move || directories_move || options_.has("preserve-throttles")) co_return Result<>();
  co_return co_await clear_throttles(wanted.partitions);
}

}  // namespace thalweg::cli

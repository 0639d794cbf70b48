// kafka-reassign-partitions --execute.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "cli/java_errors.h"
#include "cli/kafka_reassign_partitions.h"

namespace thalweg::cli {
namespace {

std::string twice_in(const std::vector<BrokerId>& ids) {
  std::set<BrokerId> seen, twice;
  for (const BrokerId id : ids)
    if (!seen.insert(id).second) twice.insert(id);
  std::string text;
  for (const BrokerId id : twice) text += (text.empty() ? "" : ",") + to_string(id);
  return text;
}

Result<> check_wanted(const std::vector<WantedReplicas>& wanted) {
  if (wanted.empty()) return invalid("Partition reassignment list cannot be empty");
  for (const auto& one : wanted)
    if (one.replicas.empty()) return invalid("Partition replica list cannot be empty");
  std::set<TopicPartition> seen, twice;
  for (const auto& one : wanted)
    if (!seen.insert(one.partition).second) twice.insert(one.partition);
  std::vector<std::string> names, doubled;
  for (const auto& tp : twice) names.push_back(to_string(tp));
  if (!names.empty())
    return invalid(
        fmt::format("Partition reassignment contains duplicate topic partitions: {}", fmt::join(names, ",")));
  for (const auto& one : wanted)
    if (const std::string ids = twice_in(one.replicas); !ids.empty())
      doubled.push_back(fmt::format("{} contains multiple entries for {}", to_string(one.partition), ids));
  if (!doubled.empty())
    return invalid(
        fmt::format("Partition replica lists may not contain duplicate entries: {}", fmt::join(doubled, ". ")));
  return {};
}

std::string counted_list(const admin::ReplicaChanges& changes) {
  std::vector<std::string> names;
  for (const auto& [tp, replicas] : changes) names.push_back(to_string(tp));
  return fmt::format("{} for {}", names.size() == 1 ? "" : "s", fmt::join(names, ","));
}

}  // namespace

Task<Result<>> ReassignCommand::throttle(std::vector<admin::Reassignment> under_way, ReplicaMap proposed,
                                         ReplicaMap now, std::map<Replica, std::string> directories) {
  const std::int64_t rate = parse_integer(options_.value_or("throttle", "-1")).value_or(-1);
  const std::int64_t copies = parse_integer(options_.value_or("replica-alter-log-dirs-throttle", "-1")).value_or(-1);
  if (rate < 0 && copies < 0) co_return Result<>();
  terminal_.out(
      "Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is "
      "removed.\n");
  if (rate >= 0) {
    CO_TRY_VOID(co_await throttle_moves(client_, moves_of(under_way, proposed, now), rate));
    terminal_.out(fmt::format("The inter-broker throttle limit was set to {} B/s\n", rate));
  }
  if (copies >= 0) {
    std::set<BrokerId> brokers;
    for (const auto& [replica, path] : directories) brokers.insert(replica.second);
    CO_TRY_VOID(co_await throttle_directories(client_, brokers, copies));
    terminal_.out(fmt::format("The replica-alter-dir throttle limit was set to {} B/s\n", copies));
  }
  co_return Result<>();
}

Task<Result<>> ReassignCommand::execute() {
  CO_TRY(const std::string text, file("reassignment-json-file"));
  CO_TRY(const auto wanted, parse_reassignment(text));
  CO_TRY_VOID(check_wanted(wanted.partitions));
  CO_TRY(const auto moves, co_await admin::list_reassignments(client_));
  if (!options_.has("additional") && !moves.empty())
    co_return terse(
        "Cannot execute because there is an existing partition assignment.  Use --additional to override this and "
        "create "
        "a new partition assignment in addition to the existing one. The --additional flag can also be used to change "
        "the throttle by resubmitting the current reassignment.");
  CO_TRY(const auto cluster, co_await admin::describe_cluster(client_));
  std::vector<TopicPartition> partitions;
  ReplicaMap proposed;
  admin::ReplicaChanges changes;
  for (const auto& one : wanted.partitions) {
    for (const BrokerId id : one.replicas)
      if (std::ranges::find(cluster.brokers, id, &admin::BrokerDescription::id) == cluster.brokers.end())
        co_return invalid(fmt::format("Unknown broker id {}", id.value));
    partitions.push_back(one.partition);
    changes[one.partition] = one.replicas;
    proposed[one.partition] = one.replicas;
  }
  CO_TRY_VOID(co_await check_directories(wanted));
  CO_TRY(const auto now, co_await replicas_now(partitions));
  terminal_.out(
      fmt::format("Current partition replica assignment\n\n{}\n\nSave this to use as the "
                  "--reassignment-json-file option during rollback\n",
                  reassignment_json(now, co_await directories_now(now))));
  CO_TRY_VOID(co_await throttle(moves, std::move(proposed), now, wanted.directories));
  const std::string named = counted_list(changes);
  CO_TRY(const auto results, co_await admin::alter_reassignments(client_, std::move(changes),
                                                                 !options_.has("disallow-replication-factor-change")));
  std::vector<std::string> errors;
  for (const auto& [tp, result] : results)
    if (!result) errors.push_back(fmt::format("{}: {}", to_string(tp), kafka_text(result.error())));
  if (!errors.empty()) co_return terse(fmt::format("Error reassigning partition(s):\n{}", fmt::join(errors, "\n")));
  terminal_.out(fmt::format("Successfully started partition reassignment{}\n", named));
  if (wanted.directories.empty()) co_return Result<>();
  co_return co_await move_directories(wanted.directories);
}

}  // namespace thalweg::cli

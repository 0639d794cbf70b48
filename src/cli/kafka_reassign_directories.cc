// kafka-reassign-partitions: log_dirs, in which directories of their brokers replicas shall lie.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "admin/replicas.h"
#include "cli/java_errors.h"
#include "cli/kafka_reassign_partitions.h"

namespace thalweg::cli {
namespace {

constexpr Millis kPause{100};

}  // namespace

std::string replica_name(const Replica& replica) {
  return fmt::format("{}-{}", to_string(replica.first), replica.second.value);
}

// Kafka's tool finds this out when the partitions move already.
Task<Result<>> ReassignCommand::check_directories(ReassignmentFile wanted) {
  std::map<BrokerId, std::vector<std::string>> of_brokers;
  for (const auto& [replica, path] : wanted.directories) {
    const BrokerId broker = replica.second;
    if (!of_brokers.contains(broker)) {
      CO_TRY(const auto directories, co_await admin::describe_log_dirs(client_, broker));
      for (const auto& directory : directories) of_brokers[broker].push_back(directory.path);
    }
    const auto& there = of_brokers[broker];
    if (std::ranges::find(there, path) != there.end()) continue;
    co_return terse(fmt::format("Error: log_dirs: broker {} has no log directory {}, for {}; it has {}", broker.value,
                                path, to_string(replica.first), fmt::join(there, ", ")));
  }
  co_return Result<>();
}

// Those that have begun go from `pending`. A replica that is not on its broker yet is none; it is asked for again.
Task<Result<>> ReassignCommand::begin_directory_moves(std::map<Replica, std::string>& pending) {
  std::map<BrokerId, std::map<TopicPartition, std::string>> by_broker;
  for (const auto& [replica, path] : pending) by_broker[replica.second][replica.first] = path;
  for (const auto& [broker, directories] : by_broker) {
    CO_TRY(const auto results, co_await admin::alter_log_dirs(client_, broker, directories));
    for (const auto& [tp, result] : results) {
      const Replica replica{tp, broker};
      if (!result && result.error().code == ErrorCode::kReplicaNotAvailable) continue;
      if (!result)
        co_return invalid(
            fmt::format("Failed to alter dir for {}: {}", replica_name(replica), kafka_text(result.error())));
      terminal_.out(fmt::format("Successfully started moving log directory to {} for replica {} with broker {} \n",
                                pending[replica], to_string(tp), broker.value));
      pending.erase(replica);
    }
  }
  co_return Result<>();
}

Task<Result<>> ReassignCommand::move_directories(std::map<Replica, std::string> pending) {
  constexpr std::string_view kTimeout = "10000";
  const Millis timeout{parse_integer(options_.value_or("timeout", kTimeout)).value_or(0)};
  const Instant end = clock_.now() + timeout;
  for (;;) {
    CO_TRY_VOID(co_await begin_directory_moves(pending));
    if (pending.empty()) co_return Result<>();
    if (clock_.now() >= end) break;
    co_await clock_.sleep_for(kPause);
  }
  std::vector<std::string> names;
  for (const auto& [replica, path] : pending) names.push_back(replica_name(replica));
  co_return terse(fmt::format("Timed out before log directory move{} could be started for: {}",
                              names.size() == 1 ? "" : "s", fmt::join(names, ",")));
}

// Those under way are asked to lie where they lie.
Task<Result<>> ReassignCommand::cancel_directories(std::map<Replica, std::string> wanted) {
  std::map<Replica, std::string> back;
  for (const auto& [replica, path] : wanted) {
    CO_TRY(const auto directories,
           co_await admin::describe_log_dirs(client_, replica.second, std::vector{replica.first}));
    const std::string *current = nullptr, *future = nullptr;
    for (const auto& directory : directories)
      for (const auto& on_disk : directory.replicas) (on_disk.is_future ? future : current) = &directory.path;
    if (current && future) back[replica] = *current;
  }
  if (!back.empty()) co_return co_await move_directories(std::move(back));
  // Kafka's tool ends this line nowhere, too.
  terminal_.out("None of the specified partition moves are active.");
  co_return Result<>();
}

}  // namespace thalweg::cli

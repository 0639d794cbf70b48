// The actions of kafka-reassign-partitions, after the command line was understood. Private to the files of that tool.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/cluster.h"
#include "admin/replicas.h"
#include "admin/topics.h"
#include "cli/move_throttle.h"
#include "cli/tool.h"

namespace thalweg::cli {

// Errors of two kinds, as Kafka's tool has them: those it words itself stand alone, the others follow "Error: ".
inline std::unexpected<Error> terse(std::string message) { return fail(ErrorCode::kInvalidConfig, std::move(message)); }

// kafka_reassign_json.cc: the file of --reassignment-json-file and --topics-to-move-json-file.
struct WantedReplicas {
  TopicPartition partition;
  std::vector<BrokerId> replicas;
};
using Replica = std::pair<TopicPartition, BrokerId>;
// "orders-0-2", as Kafka prints a replica.
std::string replica_name(const Replica& replica);
struct ReassignmentFile {
  std::vector<WantedReplicas> partitions;      // as listed; a partition may occur twice
  std::map<Replica, std::string> directories;  // without those that are "any"
};
Result<ReassignmentFile> parse_reassignment(const std::string& text);
Result<std::vector<std::string>> parse_topics_to_move(const std::string& text);
// `directories`: where replicas lie; "any" for others.
std::string reassignment_json(const ReplicaMap& partitions, const std::map<Replica, std::string>& directories);

class ReassignCommand {
 public:
  ReassignCommand(Context context, const Options& options, admin::Client& client)
      : clock_(context.shard.clock), terminal_(context.terminal), options_(options), client_(client) {}

  // kafka_reassign_partitions.cc
  Task<Result<>> list();
  Task<Result<>> cancel();
  // kafka_reassign_execute.cc
  Task<Result<>> execute();
  // kafka_reassign_verify.cc
  Task<Result<>> verify();
  // kafka_reassign_generate.cc
  Task<Result<>> generate();

 private:
  Result<std::string> file(const char* option) { return terminal_.read_file(*options_.value(option)); }
  // Unknown topics and partitions are errors in Kafka's words.
  Task<Result<std::vector<admin::TopicDescription>>> described(std::vector<std::string> topics);
  Task<Result<ReplicaMap>> replicas_now(std::vector<TopicPartition> partitions);
  // Where each replica lies, of those brokers that answer.
  Task<std::map<Replica, std::string>> directories_now(ReplicaMap partitions);
  // What --throttle asks for, before anything moves.
  Task<Result<>> throttle(std::vector<admin::Reassignment> under_way, ReplicaMap proposed, ReplicaMap now,
                          std::map<Replica, std::string> directories);
  // kafka_reassign_directories.cc
  Task<Result<>> check_directories(ReassignmentFile wanted);
  Task<Result<>> begin_directory_moves(std::map<Replica, std::string>& pending);
  Task<Result<>> move_directories(std::map<Replica, std::string> pending);
  Task<Result<>> cancel_directories(std::map<Replica, std::string> wanted);
  Task<Result<>> verify_partitions(std::vector<WantedReplicas> wanted, bool& under_way);
  Task<Result<>> verify_directories(std::map<Replica, std::string> wanted, bool& under_way);
  Task<Result<>> clear_throttles(std::vector<WantedReplicas> wanted);

  Clock& clock_;
  Terminal& terminal_;
  const Options& options_;
  admin::Client& client_;
};

}  // namespace thalweg::cli

// The actions of kafka-consumer-groups, after the command line was understood. Private to the files of that tool.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "admin/groups.h"
#include "admin/offsets.h"
#include "cli/reset_offsets.h"
#include "cli/tool.h"

namespace thalweg::cli {

class GroupCommand {
 public:
  GroupCommand(Context context, const Options& options, admin::Client& client)
      : context_(context), terminal_(context.terminal), options_(options), client_(client) {}

  // kafka_consumer_groups.cc
  Task<Result<>> list();
  // kafka_consumer_groups_describe.cc
  Task<Result<>> describe();
  // kafka_consumer_groups_delete.cc
  Task<Result<>> remove();
  Task<Result<>> delete_offsets();
  // kafka_consumer_groups_reset.cc
  Task<Result<>> reset();

  // What reset() found to be the user's mistake, which the tool answers with its table of options; else empty.
  const std::string& misuse() const { return misuse_; }

 private:
  Task<Result<std::vector<std::string>>> chosen_groups();
  void print_error(const std::string& text) { terminal_.out("\nError: " + text + "\n"); }

  void note_state(const admin::GroupDescription& group);
  Task<Result<>> describe_offsets(const admin::GroupDescription& group);
  void describe_members(const admin::GroupDescription& group);
  void describe_state(const admin::GroupDescription& group);

  // Of "topic" or "topic:0,1"; a topic without partitions means all of them.
  Task<Result<std::vector<TopicPartition>>> partitions_of(std::string argument);
  Task<Result<std::vector<TopicPartition>>> chosen_partitions(const admin::CommittedOffsets& committed);
  Task<Result<std::map<TopicPartition, Offset>>> plan(std::string group);
  Task<Result<std::map<TopicPartition, Offset>>> plan_from_file(std::string group);
  std::function<void(std::string)> warner() {
    return [this](const std::string& text) { terminal_.err("WARN " + text + "\n"); };
  }

  Context context_;
  Terminal& terminal_;
  const Options& options_;
  admin::Client& client_;
  std::string misuse_;
};

}  // namespace thalweg::cli

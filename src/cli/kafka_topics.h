// The actions of kafka-topics, after the command line was understood. Private to the files of that tool.
#pragma once

#include <string>
#include <vector>

#include "admin/configs.h"
#include "admin/topics.h"
#include "cli/tool.h"

namespace thalweg::cli {

class TopicCommand {
 public:
  TopicCommand(Terminal& terminal, const Options& options, admin::Client& client)
      : terminal_(terminal), options_(options), client_(client) {}

  // kafka_topics.cc
  Task<Result<>> list();
  // kafka_topics_change.cc
  Task<Result<>> create();
  Task<Result<>> alter();
  Task<Result<>> remove();
  // kafka_topics_describe.cc
  Task<Result<>> describe();

 private:
  // Names that --topic selects, sorted; an error when it selects none, unless `may_be_empty` or --if-exists.
  Task<Result<std::vector<std::string>>> selected(bool may_be_empty);
  Task<Result<std::vector<std::string>>> selected_by_id(Uuid id);
  const admin::Reassignment* reassignment_of(const std::string& topic, PartitionId partition) const;
  void print_topic(const admin::TopicDescription& topic, const std::string& overrides);
  void print_partition(const std::string& topic, const admin::PartitionDescription& partition);

  Terminal& terminal_;
  const Options& options_;
  admin::Client& client_;
  std::vector<admin::Reassignment> reassignments_;
};

}  // namespace thalweg::cli

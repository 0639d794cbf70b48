// What an application asks of the cluster beside reading and writing: which topics there are, to make its own, where
// logs end, to purge what is behind it. One per process; thread-safe.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "client/rdkafka_handle.h"
#include "dataflow/internal_topics.h"

namespace thalweg::streams::detail {

class Cluster {
 public:
  static Result<std::unique_ptr<Cluster>> open(const Properties& properties);

  // 0: it is not there.
  Result<TopicCounts> partitions_of(const std::set<std::string>& topics, milliseconds within);
  // Makes those that are not there; who finds one made by somebody else looks whether it fits. Every instance does it,
  // since nobody leads. Errors: all that do not fit.
  Result<> make(const std::vector<InternalTopic>& topics, int replication_factor, milliseconds within);
  // The end as the leader has it, with what open transactions wrote. -1 of a topic that is not there.
  Result<std::int64_t> end_of(const TopicPartition& partition, milliseconds within);
  // Deletes what is before these offsets; what fails is tried with the next commits.
  void purge(const std::map<TopicPartition, std::int64_t>& before);

 private:
  Cluster() = default;
  Result<> create(const std::vector<InternalTopic>& topics, int replication_factor, milliseconds within);
  client::Handle handle_;
};

}  // namespace thalweg::streams::detail

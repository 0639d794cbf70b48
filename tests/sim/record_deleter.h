// Somebody who deletes records from the beginning of partitions (DeleteRecords), and asks again until he is answered.
#pragma once

#include "leader_route.h"

namespace thalweg::simulation {

class RecordDeleter {
 public:
  RecordDeleter(const Shard& shard, History& history, int deletions)
      : shard_(shard), history_(history), route_(shard), deletions_(deletions) {}

  Task<> run();
  bool done() const { return done_; }
  int answered() const { return answered_; }
  const std::string& last_error() const { return last_error_; }

 private:
  Task<Result<>> remove(PartitionId partition, Offset before);

  const Shard& shard_;
  History& history_;
  ToTheLeader route_;
  const int deletions_;
  int answered_ = 0;
  bool done_ = false;
  std::string last_error_;
};

}  // namespace thalweg::simulation

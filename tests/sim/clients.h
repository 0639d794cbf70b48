// Clients as a user would run them, on protocol and network alone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "history.h"
#include "network/channel.h"
#include "runtime/shard.h"

namespace thalweg::simulation {

inline constexpr Instant kPatience = std::chrono::seconds(10);

Task<Result<std::shared_ptr<network::Channel>>> open_channel(const Shard* shard);
// For a random time up to the longest.
Task<> pause(const Shard* shard, Instant longest);

// Creates the topic, retrying until it is there.
Task<> create_topic(const Shard* shard, History* history, bool* done);

// An idempotent producer, acks=all: sends numbered records, and each batch again until it is acknowledged.
class Producer {
 public:
  Producer(const Shard& shard, History& history, int number, int batches)
      : shard_(shard), history_(history), number_(number), batches_(batches) {}

  Task<> run();
  bool done() const { return done_; }
  const std::string& last_error() const { return last_error_; }

 private:
  struct Batch {
    PartitionId partition;
    std::int32_t sequence;  // of the first record; the values' numbers are the same
    std::vector<std::string> values;
  };
  Task<Result<>> connect();
  Task<Result<>> get_id();
  Task<Result<>> send(Batch batch);
  Batch next_batch();
  SharedBytes encode(const Batch& batch) const;

  const Shard& shard_;
  History& history_;
  const int number_;
  const int batches_;
  std::shared_ptr<network::Channel> channel_;
  ProducerId id_ = kNoProducerId;
  ProducerEpoch epoch_ = kNoProducerEpoch;
  std::int32_t sequences_[kPartitions] = {};
  bool done_ = false;
  std::string last_error_;
};

// Reads one partition from its beginning to its high watermark.
Task<Result<Records>> read_partition(const Shard* shard, PartitionId partition);
// Follows a partition for ever and tells the history what it was given.
Task<> follow(const Shard* shard, History* history, PartitionId partition);

}  // namespace thalweg::simulation

// Reads changelogs, and global topics, partition by partition: librdkafka's simple consumer, which is in no group. The
// end is where librdkafka says it is (PARTITION_EOF): a transaction's marker is no record, so that offsets alone never
// get there.
//
// Owner: one thread.
#pragma once

#include <map>
#include <vector>

#include "client/rdkafka_handle.h"
#include "streams/inputs.h"

namespace thalweg::streams::detail {

class Restorer {
 public:
  static Result<std::unique_ptr<Restorer>> open(const Properties& properties);
  ~Restorer();

  // From `offset` on, or all that is there.
  Result<> start(const TopicPartition& partition, std::optional<std::int64_t> offset);
  void stop(const TopicPartition& partition);

  struct Got {
    std::vector<RawRecord> records;
    std::optional<std::int64_t> end;  // nothing more is there; the next offset
    bool gone = false;                // what was asked for is not there any more: begin anew
    std::optional<Error> error;
  };
  // Waits for the first record.
  Got read(const TopicPartition& partition, std::size_t most, milliseconds within);

 private:
  Restorer() = default;
  std::shared_ptr<rd_kafka_t> handle_;
  std::map<TopicPartition, client::TopicHandle> open_;
  std::vector<rd_kafka_message_t*> messages_;
};

}  // namespace thalweg::streams::detail

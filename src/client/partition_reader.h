// The queue of one assigned partition. Each partition has its own, so one in back-off is simply not read:
// rd_kafka_pause_partitions would throw away what is prefetched (librdkafka issue 2703).
#pragma once

#include <functional>
#include <span>

#include "client/rdkafka_handle.h"

namespace thalweg::client {

// What Records of a partition share; the client lives until the last Record is gone.
struct Source {
  std::shared_ptr<rd_kafka_t> handle;
  std::string topic;
};

class PartitionReader {
 public:
  // `signal` is called from a thread of librdkafka whenever something comes into the empty queue; it outlives the
  // reader.
  PartitionReader(std::shared_ptr<rd_kafka_t> handle, TopicPartition where, std::function<void()>& signal);
  ~PartitionReader();

  struct Got {
    std::vector<Record> records;
    std::vector<Error> errors;
    std::optional<std::int64_t> end;  // the end of the partition was reached, and where
  };
  Got read(std::size_t most);

 private:
  std::shared_ptr<const Source> source_;
  const TopicPartition where_;
  QueueHandle queue_;
  std::vector<rd_kafka_message_t*> messages_;
};

// Takes the message.
Record record_of(rd_kafka_message_t* message, const std::shared_ptr<const Source>& source);

}  // namespace thalweg::client

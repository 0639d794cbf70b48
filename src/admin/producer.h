// Sends records to topics: batches by partition, compressed, retried, in order within a partition and, where the
// cluster offers it, each exactly once (idempotent).
//
// Owner: one shard. One request is under way per partition; what is sent meanwhile gathers into the next batches. Bytes
// that wait are bounded by buffer_size: send() waits for room. The Client must outlive the Producer, and close() must
// be awaited before the Producer goes.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/client.h"
#include "record/builder.h"
#include "runtime/task.h"

namespace thalweg::admin {

struct ProducerOptions {
  std::int16_t acks = -1;  // -1: all in-sync replicas
  bool idempotent = true;  // only with acks -1, and left out where the cluster does not know producer ids
  record::Codec codec = record::Codec::kNone;
  std::size_t batch_size = 16 * 1024;
  std::size_t buffer_size = 32 * 1024 * 1024;
  Millis max_block{60'000};  // for a topic to appear and for room in the buffer
  Millis delivery_timeout{120'000};
};

using Header = std::pair<std::string, std::optional<std::string>>;
struct Message {
  std::string topic;
  std::optional<PartitionId> partition;  // else by key, else sticky
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<Header> headers;
  std::optional<Timestamp> timestamp;  // else now
};
struct Delivery {
  TopicPartition partition;
  Offset offset{-1};  // -1 with acks 0
};

class Producer : public std::enable_shared_from_this<Producer> {
 public:
  // Called once per message, in order within a partition.
  using Done = std::move_only_function<void(Result<Delivery>)>;

  static std::shared_ptr<Producer> create(Client& client, ProducerOptions options);

  // Takes the message; how it went is told to `done`. Returns when there is room for more, at once as a rule.
  Task<> send(Message message, Done done = {});
  // The same, and waits for the outcome.
  Task<Result<Delivery>> send_and_wait(Message message);
  // Waits until all that was sent before is delivered or has failed.
  Task<> flush();
  Task<> close() { return flush(); }

 private:
  struct Identity {
    ProducerId id = kNoProducerId;
    ProducerEpoch epoch = kNoProducerEpoch;
    friend bool operator==(const Identity&, const Identity&) = default;
  };
  struct Batch {
    record::BatchBuilder builder;
    std::vector<Done> done;
    Instant deadline;
    bool leaving = false;  // nothing is added any more
  };
  struct Partition {
    std::deque<Batch> batches;
    bool sending = false;
    Identity identity;  // that of the last batch
    std::int32_t next_sequence = 0;
  };
  struct Topic {
    Uuid id;
    std::vector<BrokerId> leaders;
    std::int32_t sticky = -1;
    std::size_t sticky_bytes = 0;
  };

  Producer(Client& client, ProducerOptions options) : client_(client), options_(std::move(options)) {}
  Task<Result<>> find_topic(std::string name, Instant deadline);
  Task<Result<>> refresh_topic(std::string name, Instant deadline);
  Task<> find_identity(Instant deadline);
  Task<> next_delivery();
  Result<PartitionId> choose_partition(const Message& message, std::size_t size);
  void append(const TopicPartition& tp, const Message& message, std::size_t size, Done done);
  // The batch's bytes as they stay over all attempts.
  SharedBytes seal(Partition& partition, Batch& batch);
  static Task<> drain(std::shared_ptr<Producer> self, TopicPartition tp);
  Task<Result<Delivery>> deliver(TopicPartition tp, SharedBytes records, Instant deadline);
  Task<Result<Delivery>> deliver_once(TopicPartition tp, SharedBytes records, Instant deadline);

  Client& client_;
  const ProducerOptions options_;
  std::map<std::string, Topic> topics_;
  std::map<TopicPartition, Partition> partitions_;
  bool identity_wanted_ = true;
  Identity identity_;
  std::size_t waiting_bytes_ = 0;
  std::size_t waiting_batches_ = 0;
  std::vector<OneShot<bool>> on_delivery_;  // everybody who waits for room or for the end
};

}  // namespace thalweg::admin

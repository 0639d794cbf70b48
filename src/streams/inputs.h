// The consumer of a stream thread: its group, its partitions, one queue for each, offsets with their metadata. All of
// it on the stream thread, which poll()s between records; the rebalance listener runs inside poll() and close().
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "client/rdkafka_handle.h"
#include "thalweg/streams/detail/runtime.h"

namespace thalweg::streams::detail {

// A committed offset, or where to begin: librdkafka's RD_KAFKA_OFFSET_BEGINNING and _END are offsets, too.
struct Position {
  std::int64_t offset = RD_KAFKA_OFFSET_INVALID;
  std::string metadata;
};
using Positions = std::map<TopicPartition, Position>;

enum class Rebalance : std::uint8_t { kAssigned, kRevoked, kLost };

class Inputs {
 public:
  using Listener = std::function<void(Rebalance, const std::vector<TopicPartition>&)>;
  // `signal` is called from librdkafka's threads when there is something to poll or to read.
  static Result<std::unique_ptr<Inputs>> open(const Properties& properties, const std::string& group, Listener listener,
                                              std::function<void()> signal);
  ~Inputs();
  Inputs(const Inputs&) = delete;

  Result<> subscribe(const std::set<std::string>& topics);
  void unsubscribe();
  // Heartbeat's deadline and rebalances. Error: the client is of no more use. Before each read(): what librdkafka has
  // given to the client's queue instead of a partition's, as it does in the moment of an assignment, comes first there.
  Result<> poll();

  // Offsets without a commit are RD_KAFKA_OFFSET_INVALID. Waits for transactions that are about to commit some.
  Result<Positions> committed(const std::vector<TopicPartition>& partitions, milliseconds within);
  // In the listener, once: what is read. Later: the same partitions, from elsewhere.
  Result<> assign(const Positions& positions);
  Result<> seek(const Positions& positions, milliseconds within);

  struct Got {
    std::vector<RawRecord> records;
    std::optional<std::int64_t> end;  // the end was reached: the next offset there
    std::optional<Error> error;
  };
  Got read(const TopicPartition& from, std::size_t most);

  // As the last fetch said; 0: nothing is known.
  std::int64_t end_of(const TopicPartition& partition) const;

  Result<> commit(const Positions& offsets, milliseconds within);
  rd_kafka_consumer_group_metadata_t* group() const { return rd_kafka_consumer_group_metadata(handle_.get()); }
  // Leaves the group. The listener hears of what is still assigned.
  void close();
  // For tests.
  rd_kafka_t* handle() const { return handle_.get(); }

 private:
  using MessageHandle =
      std::unique_ptr<rd_kafka_message_t, client::Destroy<rd_kafka_message_t, rd_kafka_message_destroy>>;
  Inputs() = default;
  void keep_early(MessageHandle message);
  void take(MessageHandle message, const TopicPartition& from, Got& got) const;
  void rebalanced(rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list);
  void forget_all();
  rd_kafka_queue_t* queue(const TopicPartition& partition);

  std::shared_ptr<rd_kafka_t> handle_;
  client::QueueHandle consumer_queue_;
  Listener listener_;
  std::function<void()> signal_;
  std::map<TopicPartition, client::QueueHandle> queues_;
  std::map<TopicPartition, std::deque<MessageHandle>> early_;  // came to the client's queue; older than the partition's
  std::vector<rd_kafka_message_t*> messages_;
  std::optional<Error> fatal_;
  bool assigned_in_listener_ = false, closed_ = false;
};

// A message of librdkafka as a record; it is kept until the record goes.
RawRecord raw_record(rd_kafka_message_t* message, const std::shared_ptr<rd_kafka_t>& handle);
client::PartitionList list_of(const Positions& positions);

}  // namespace thalweg::streams::detail

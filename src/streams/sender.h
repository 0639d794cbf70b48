// The producer of a stream thread: messages, their answers, and the transaction where there is one. librdkafka's
// answers are taken by a thread of its own, so that a commit that waits waits for the broker alone.
//
// Owner: the stream thread, but for the answers.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "client/metric_cells.h"
#include "client/rdkafka_handle.h"
#include "thalweg/streams/detail/runtime.h"

namespace thalweg::streams::detail {

// Where one changelog partition is: the offset after its last record that was delivered, -1 where none was since it
// was last asked.
using ChangelogEnd = std::atomic<std::int64_t>;

// A message that was not delivered, and why.
struct Undelivered {
  client::Message message;
  Error error;
};

class Sender {
 public:
  // `transactional_id`: empty: at least once. Errors: of options; with transactions also of the broker (init).
  static Result<std::unique_ptr<Sender>> open(Properties properties, std::string transactional_id,
                                              std::optional<client::Metrics> metrics = {});
  ~Sender();
  Sender(const Sender&) = delete;

  // Waits for room. Begins the transaction. Error: it can never be sent as it is (too large, no such partition), or the
  // producer is of no more use.
  Result<> send(const client::Message& message, ChangelogEnd* end);
  // What was sent and not delivered since the last call.
  std::vector<Undelivered> take_undelivered();

  // Each is tried for `within`; a retriable error means: the same again.
  Result<> flush(milliseconds within);
  Result<> send_offsets(const rd_kafka_topic_partition_list_t* offsets, rd_kafka_consumer_group_metadata_t* group,
                        milliseconds within);
  Result<> commit(milliseconds within);
  Result<> abort(milliseconds within);
  bool in_transaction() const { return in_transaction_; }

 private:
  Sender() = default;
  Result<> begin();
  rd_kafka_topic_t* topic(const std::string& name);
  void wait_for_room();
  void answered(const rd_kafka_message_t& message);

  client::Handle handle_;
  client::QueueHandle main_;
  struct Topic {
    client::TopicHandle handle;
    std::optional<client::ProducedCells> cells;
  };
  std::optional<client::Metrics> metrics_;
  std::unordered_map<std::string, Topic> topics_;
  bool transactional_ = false, in_transaction_ = false;
  std::mutex mutex_;
  std::condition_variable room_;
  std::atomic<bool> waits_{false};
  std::vector<Undelivered> undelivered_;
  std::jthread events_;
};

}  // namespace thalweg::streams::detail

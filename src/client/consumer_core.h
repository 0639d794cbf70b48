// The host of dispatch::Dispatcher. Threads: whoever called run() polls librdkafka, reads partitions and commits;
// `workers` threads run handlers; the producer of dead letters has its own. One mutex guards the machine and the
// records in hand; no handler and no call to librdkafka that can wait is made under it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "client/dead_letters.h"
#include "client/metric_cells.h"
#include "client/partition_reader.h"
#include "client/producer_core.h"
#include "dispatch/dispatcher.h"
#include "thalweg/client/consumer.h"

namespace thalweg::client {

// The time of the machine.
inline Instant now_of_machine() { return std::chrono::steady_clock::now().time_since_epoch(); }

// What a handler made of a run: the first `handled` records; then an error, or nothing when it stopped because it was
// asked to.
struct Handled {
  std::size_t count = 0;
  std::optional<Error> error;
};
// Runs records in order until all are done, one fails, or stop() says that it is time. It does not throw.
using RunHandler =
    std::function<Handled(std::span<const Record>, const std::function<bool()>& stop, ConsumedCells* cells)>;

struct TopicHandler {
  RunHandler run;
  std::optional<BatchLimits> batching;
};
RunHandler one_by_one(std::function<Result<>(const Record&)> handler);
RunHandler as_batch(std::function<Result<>(std::span<const Record>)> handler);

class ConsumerCore : public std::enable_shared_from_this<ConsumerCore> {
 public:
  static Result<std::shared_ptr<ConsumerCore>> open(ConsumerConfig config);
  ~ConsumerCore();

  void add(std::string topic, TopicHandler handler);
  Result<> run(std::stop_token stop);

  // Set before run().
  RetryPolicy retry;
  std::optional<DeadLetterQueue> dead_letters;
  Consumer::Partitions on_assigned, on_revoked;
  std::function<std::optional<std::int64_t>(const TopicPartition&)> offsets_from;

 private:
  // One assignment of one partition.
  struct Assigned {
    TopicPartition where;
    std::unique_ptr<PartitionReader> reader;  // of the polling thread
    const TopicHandler* handler = nullptr;
    std::optional<ConsumedCells> cells;
    std::deque<Record> records;  // in hand; the first is `first`
    std::uint64_t first = 0;
    std::shared_ptr<std::atomic<bool>> stopping = std::make_shared<std::atomic<bool>>(false);
    std::optional<Offset> committed;
    std::optional<std::int64_t> seen_end;
    std::map<std::uint64_t, Error> failures;  // why a record that becomes a dead letter failed
  };
  struct Work {
    dispatch::Run run;
    std::vector<Record> records;
    const TopicHandler* handler;
    ConsumedCells* cells;
    std::shared_ptr<std::atomic<bool>> stopping;
  };

  explicit ConsumerCore(ConsumerConfig config);
  Result<> configure();
  dispatch::Rules rules() const;

  // consumer_core.cc: the polling thread
  Result<> subscribe();
  void loop(std::stop_token stop);
  void serve_client_queue();
  bool read_partitions();
  void take_in(dispatch::Slot slot, std::vector<Record> records);
  void fire_timers();
  void wait_for_something();
  void wake();
  Result<> finish();
  Result<> leave();
  void report(const Error& error);
  void end_with(Error error);

  // consumer_work.cc: the workers
  void start_workers();
  void work();
  std::optional<Work> take_work(std::unique_lock<std::mutex>& lock);
  Handled handle(const Work& work);
  bool worth_another_try(const Error& error);
  void settle(const Work& work, Handled handled);
  void obey(dispatch::Step step, std::unique_lock<std::mutex>& lock);
  void write_dead_letter(dispatch::Step::DeadLetter letter, Record record, Error error);
  void forget_settled(dispatch::Slot slot);

  // consumer_group.cc: assignments and commits
  void rebalanced(rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions);
  void assign(rd_kafka_topic_partition_list_t* partitions);
  void revoke(rd_kafka_topic_partition_list_t* partitions);
  std::vector<dispatch::Slot> slots_of(const rd_kafka_topic_partition_list_t* partitions);
  void wait_until_idle(const std::vector<dispatch::Slot>& slots);
  void commit(bool wait, const std::vector<dispatch::Slot>* only = nullptr);
  void committed(rd_kafka_resp_err_t code, const rd_kafka_topic_partition_list_t* offsets);
  void measure_lag();

  const ConsumerConfig config_;
  const ErrorHandler on_error_;
  std::map<std::string, TopicHandler> handlers_;
  std::shared_ptr<rd_kafka_t> handle_;
  QueueHandle client_queue_;
  std::unique_ptr<ProducerCore> letters_;
  std::function<void()> signal_;

  std::mutex mutex_;
  std::condition_variable work_there_, idle_;
  std::mutex signal_mutex_;  // a leaf: librdkafka's threads take it
  std::condition_variable signaled_;
  std::unique_ptr<dispatch::Dispatcher> dispatcher_;
  std::map<dispatch::Slot, Assigned> assigned_;
  std::map<TopicPartition, dispatch::Slot> slot_of_;
  std::optional<Error> ended_by_;
  bool workers_stop_ = false, ran_ = false;
  std::chrono::steady_clock::time_point revoked_at_;  // or when leaving began; of the polling thread
  std::size_t workers_out_ = 0;
  std::vector<std::string> stuck_;  // handlers that did not return in time
  std::atomic<bool> signal_set_{false};
  std::vector<std::thread> workers_;
};

}  // namespace thalweg::client

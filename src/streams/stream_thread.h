// The host of dataflow/worker.h: one thread with a consumer, a producer and a restore consumer, which does what the
// machine says and runs the tasks that it has. It has no rule of its own.
//
// Threads: all on that of run(), but for what is marked. librdkafka's threads only set a signal.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "dataflow/internal_topics.h"
#include "dataflow/task.h"
#include "dataflow/worker.h"
#include "streams/cluster.h"
#include "streams/inputs.h"
#include "streams/options.h"
#include "streams/restorer.h"
#include "streams/rocks_stores.h"
#include "streams/sender.h"
#include "streams/state_dir.h"

namespace thalweg::streams::detail {

// What was done, counted for AppMetrics. Any thread reads.
struct Counts {
  std::atomic<std::uint64_t> processed{0}, sent{0}, dropped{0}, dead_letters{0}, restored{0}, commits{0}, rebalances{0},
      failed_commits{0};
  std::atomic<std::uint64_t> commit_us{0};  // in all commits
  std::atomic<std::int64_t> tasks{0};
};

// What all threads of an application share. Immutable while they run.
struct Shared {
  std::shared_ptr<const TopologyGraph> graph;
  std::vector<SubTopology> parts;
  TopicPlan plan;
  AppConfig config;
  Options options;
  StateDir* state_dir = nullptr;
  std::shared_ptr<const RocksMemory> memory;  // of all tasks' databases together
  Cluster* cluster = nullptr;
  std::function<StateStore*(std::string_view)> global_store;
  std::function<void()> phase_changed;  // from any thread

  const SubTopology* part(int number) const;
};

// A question to the stores of a thread, between two records. `look`: true: that was it, no other store is asked.
struct Question {
  std::string store;
  std::function<bool(StoreBase&)> look;
  std::function<void(bool found_any)> done;  // once, on the thread
};

class StreamThread {
 public:
  StreamThread(const Shared& shared, unsigned index);
  ~StreamThread();

  // Until it is stopped, or something ends it.
  Result<> run(const std::stop_token& stop);

  // Any thread.
  void wake();
  Worker::Phase phase() const { return phase_; }
  void ask(Question question);
  const Counts& counts() const { return counts_; }
  std::vector<std::pair<TaskId, std::int64_t>> lags() const;
  std::set<TaskId> tasks() const;

 private:
  struct Restoring {
    std::size_t store = 0;
    TopicPartition changelog;
    std::int64_t next = 0, limit = 0;
    bool started = false;
  };
  struct Held {
    StateDir::Claim folder;
    std::unique_ptr<KeptStores> stores;
    std::unique_ptr<Task> task;
    std::vector<TopicPartition> inputs;
    std::vector<bool> is_there;  // of inputs: a topic with fewer partitions than the driver has none for us
    std::vector<client::ConsumedCells> cells;  // of inputs, where there are metrics
    std::vector<std::int64_t> next;            // of inputs: to read
    std::vector<Restoring> restoring;
    std::map<std::string, ChangelogEnd*, std::less<>> changelogs;  // by topic
    std::vector<ChangelogEnd*> end_of_store;                       // null: no changelog
    Task::Prepared prepared;
  };

  // stream_thread.cc
  Result<> open();
  void loop(const std::stop_token& stop);
  void answer_questions();
  bool read_inputs();
  void begin_again(const TopicPartition& input, const Error& error);
  bool process();
  bool process(TaskId id, Held& held);
  Work work_left() const;
  bool send_all(const Held& of);
  Result<> send(const Outgoing& one, const Held& of);
  void wait(bool busy);
  void pause(milliseconds span);  // also when it is woken
  void perform(const Actions& actions);
  void perform_one(const Action& action);
  void phase_may_have_changed();
  void measure_lags();
  bool restore();
  Timestamp now() const;
  Timestamp wall() const;

  // thread_tasks.cc
  void open_task(TaskId id, bool wipe);
  Result<> try_open(TaskId id, Held& held);
  Result<> find_changelogs(TaskId id, Held& held);
  void begin_task(TaskId id);
  void close_task(TaskId id);
  bool restore(TaskId id, Held& held);
  Result<> restore_some(TaskId id, Held& held, Restoring& one, bool& damaged);
  TaskConfig task_config(TaskId id);
  bool resume(TaskId id, const RecordError& error);
  std::int32_t partitions_of(std::string_view topic);

  // thread_commit.cc
  void on_rebalance(Rebalance kind, const std::vector<TopicPartition>& partitions);
  std::set<TaskId> tasks_of(const std::vector<TopicPartition>& drivers) const;
  std::vector<TopicPartition> inputs_of(TaskId task) const;
  void do_step(Step step);
  Result<> try_step(Step step);
  Result<> position();
  OffsetReset reset_of(const std::string& topic_name) const;
  Result<> prepare();
  Result<> commit_offsets();
  Result<> send_offsets();
  Result<> keep();
  Result<> new_producer();
  Positions offsets_to_commit() const;
  void judge_undelivered();
  bool judge_send(const client::Message& message, const Error& error);
  void purge_behind();
  void clean_up();

  const Shared& shared_;
  const unsigned index_;
  Worker worker_;
  std::unique_ptr<Sender> sender_;
  std::unique_ptr<Restorer> restorer_;
  std::unique_ptr<Inputs> inputs_;
  std::unique_ptr<rd_kafka_consumer_group_metadata_t,
                  client::Destroy<rd_kafka_consumer_group_metadata_t, rd_kafka_consumer_group_metadata_destroy>>
      group_;
  std::set<std::string> driver_topics_;
  std::map<TaskId, Held> held_;
  std::map<TaskId, std::vector<TopicPartition>> assigned_;  // inputs of each task that is ours
  Positions positions_;                                     // as they were read last
  std::map<TopicPartition, std::unique_ptr<ChangelogEnd>> ends_;
  std::map<std::string, std::int32_t, std::less<>> partitions_;
  std::map<TopicPartition, std::int64_t> purge_;
  Timestamp purged_at_{}, cleaned_at_{}, seen_at_{};
  std::uint64_t seen_turn_ = 0;
  std::vector<Outgoing> out_;
  std::size_t round_ = 16;  // records of a task in one round
  bool in_rebalance_ = false, position_is_new_ = false, performing_ = false;
  std::deque<Action> todo_;
  std::uint64_t turn_ = 0;  // counts what changes held_ under a loop over it
  Timestamp commit_began_{};
  std::optional<Error> error_;
  bool ended_ = false;

  Counts counts_;
  std::atomic<Worker::Phase> phase_{Worker::Phase::kRebalancing};
  std::mutex signal_mutex_;  // a leaf: librdkafka's threads take it
  std::condition_variable signaled_;
  bool signal_ = false;
  std::deque<Question> questions_;
  bool no_questions_ = false;
  mutable std::mutex seen_mutex_;
  std::map<TaskId, std::int64_t> lags_;
};

}  // namespace thalweg::streams::detail

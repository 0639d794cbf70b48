// A task: one sub-topology for one partition, as a machine. Kafka's StreamTask without its consumer and producer: who
// fetches, sends, commits and keeps stores is the caller, who also says what time it is.
//
// Life: made with stores opened -> restore() until each store is at its changelog's end -> begin() -> add(), at_end(),
// process_one(), punctuate() -> prepare_commit(), then committed() with the offsets of what was sent -> ... -> close().
// Nothing of a commit is kept before committed(): a task that is dropped leaves its stores as they were at the last
// one.
//
// Owner: one thread at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "thalweg/streams/detail/topology_graph.h"

namespace thalweg::streams::detail {

// What a record failed of, for the handlers of AppConfig. Passed by reference, for the time of the call.
struct RecordError {
  enum class Where : std::uint8_t { kDecode, kProcess, kEncode };
  Where where = Where::kProcess;
  std::string node;  // where it failed
  std::string path;  // how a record comes there: "KSTREAM-SOURCE-0000000000 > KSTREAM-MAP-0000000001"
  const Error& error;
  const RawRecord* record;  // of the source topic, as it came; null: a punctuation
  Timestamp time;           // the node's: of the record that it was given, or the punctuation's
};

struct TaskConfig {
  std::string application_id;
  std::size_t buffered_records_per_partition = 1000;  // buffered.records.per.partition
  milliseconds emit_interval{1000};                   // how often closed windows are looked for
  milliseconds max_idle{0};                           // max.task.idle.ms; -1: never waits for an empty input
  // What to do with a record that failed: true drops it and goes on. Called on the task's thread.
  std::function<bool(const RecordError&)> resume;
  std::function<std::int32_t(std::string_view topic_name)> partitions;  // of topics, for partitioners; may be empty
  // Those that every instance has, which the caller owns and locks; null: there is none of this name. May be empty.
  std::function<StateStore*(std::string_view name)> global_store;
};

// Inputs are numbered in the order of their topics' names in the cluster.
struct TaskInput {
  std::string topic;  // as the cluster names it; the partition is the task's
  std::optional<OffsetReset> reset;
};

struct TaskStore {
  const StoreSpecData* spec;
  // Where its changelog is: as the cluster names it. Nothing: logging is off.
  std::optional<std::string> changelog;
  // The task writes it; otherwise it is a source topic, which others write.
  bool is_logged() const { return changelog && !spec->source_topic; }
};

// What has to be told to Kafka with a commit.
struct InputOffset {
  std::string topic;
  std::int64_t offset = 0;  // the next to read
  std::string metadata;     // base64: partition time, and what nodes keep (TopicPartitionMetadata)
};

class Task {
 public:
  // `stores` have one store for each of stores_of(), in that order; they outlive the task.
  Task(std::shared_ptr<const TopologyGraph> graph, const SubTopology& part, std::int32_t partition, TaskConfig config,
       KeptStores& stores);
  ~Task();
  Task(const Task&) = delete;

  static std::vector<TaskInput> inputs_of(const TopologyGraph&, const SubTopology&, std::string_view application_id);
  // Without those that are global, unless the sub-topology itself is.
  static std::vector<TaskStore> stores_of(const TopologyGraph&, const SubTopology&, std::string_view application_id);

  TaskId id() const;
  const std::vector<TaskInput>& inputs() const;

  // ---- Stores, before begin()

  // Records of a store's changelog, in order. `next`: the offset that follows them. Errors: the store's.
  Result<> restore(std::size_t store, std::span<const RawRecord> records, std::int64_t next);
  // What the restored part changes, to be written by the caller, so that a restart goes on from there.
  KeptBatch take_restored();

  // ---- Records

  // `committed`: metadata of the inputs' committed offsets, by input; empty where there was none. Inits the nodes.
  Result<> begin(std::vector<std::string> committed, Timestamp now);
  // Moved out of `records`, which are in the order of their offsets.
  void add(std::size_t input, std::span<RawRecord> records);
  // Nothing more is there for now (PARTITION_EOF), as far as the caller knows. `position`: the next to read, beyond
  // transaction markers; it is what is committed once all before it is processed.
  void at_end(std::size_t input, std::int64_t position, Timestamp now);
  // Below buffered.records.per.partition.
  bool wants(std::size_t input) const;
  // Whether process_one() would take a record; nothing: not before something is added. An instant: from then on, though
  // an input is empty.
  std::optional<Timestamp> ready_at(Timestamp now) const;
  // One record through the nodes; what they send is appended to `out`. False: none was ready. Errors: what a record
  // failed of where config.resume did not say otherwise, a store's failure; then the task is of no more use.
  Result<bool> process_one(Timestamp now, std::vector<Outgoing>& out);
  // Wall-clock and stream-time punctuations that are due. True: some ran.
  Result<bool> punctuate(Timestamp now, std::vector<Outgoing>& out);
  std::optional<Timestamp> next_wall_punctuation() const;

  // ---- Commits

  // Something was processed, or asked for it, since the last commit.
  bool commit_needed() const;
  bool commit_requested() const;
  // What stores buffered leaves as changelog records, and the offsets to commit follow. REQUIRES: then committed() or
  // the end of the task
  struct Prepared {
    std::vector<InputOffset> offsets;
  };
  Prepared prepare_commit(std::vector<Outgoing>& out);
  // `changelog_next`: by store, the offset after its last record that was delivered. What to keep, in one batch.
  KeptBatch committed(const std::map<std::size_t, std::int64_t>& changelog_next);
  // Bytes that are buffered above the kept stores.
  std::size_t buffered_bytes() const;

  // For interactive queries and tests: the typed store, and what it stands on. Null: the task has none of this name.
  StoreBase* store(std::string_view name) const;
  StateStore* state(std::string_view name) const;
  std::uint64_t dropped_records() const;
  Timestamp stream_time() const;  // -1 ms: none yet
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thalweg::streams::detail

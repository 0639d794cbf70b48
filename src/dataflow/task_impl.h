// Inside of Task, shared by its two sources: task.cc (how nodes, stores and topics are put together, and what nodes ask
// for) and task_run.cc (records, punctuations, commits).
#pragma once

#include "dataflow/partition_group.h"
#include "dataflow/punctuation.h"
#include "dataflow/state_store.h"
#include "dataflow/task.h"

namespace thalweg::streams::detail {

struct Task::Impl final : TaskRuntime {
  Impl(std::shared_ptr<const TopologyGraph>, const SubTopology&, std::int32_t partition, TaskConfig, KeptStores&);

  // ---- What nodes ask for
  TaskId task() const override { return id; }
  Timestamp stream_time() const override { return Timestamp(milliseconds(group->stream_time())); }
  Timestamp wall_clock() const override { return wall; }
  Timestamp record_time() const override { return time; }
  milliseconds emit_interval() const override { return config.emit_interval; }
  void set_record_time(Timestamp t) override { time = t; }
  std::string changelog_topic(std::string_view store) const override;
  const SourceRecord* source() const override { return current ? &current->where : nullptr; }
  std::string topic_name(std::string_view topic) const override {
    return graph->topic_name(config.application_id, topic);
  }
  std::int32_t partitions(std::string_view topic) const override {
    return config.partitions ? config.partitions(topic) : 0;
  }
  void send(Outgoing) override;
  StoreBase& store(std::string_view name) override;
  Punctuation schedule(std::string_view node, milliseconds interval, Clock, std::function<void(Timestamp)>) override;
  void request_commit() override { requested = true; }
  void dropped(std::string_view, std::string_view) override { ++drops; }
  bool resume(std::string_view node, const Error&) override;
  std::optional<std::int64_t> kept(std::string_view name) const override;
  void keep(std::string_view name, std::int64_t value) override;

  // ---- Putting it together
  void make_stores();
  void make_nodes();
  std::vector<std::unique_ptr<Head>> make_heads();
  NodeBase* node(std::string_view name) const;
  StoreBase* typed_store(std::string_view name) const;
  std::string path_to(std::string_view node) const;

  // ---- Running
  Result<> init_nodes();
  // What is thrown in `body` becomes an error that says where.
  template <class Body>
  Result<> guarded(Body body);
  Error failure(Error) const;
  bool judge_decode(std::size_t input, const RawRecord&, const Error&);
  bool ask(RecordError::Where, const std::string& node, const Error&, const RawRecord*);
  void run_punctuation(const std::string& node, const PunctuationQueue::Body&, Timestamp now);

  const std::shared_ptr<const TopologyGraph> graph;
  const SubTopology part;
  const TaskId id;
  const TaskConfig config;
  KeptStores& kept_stores;
  const std::vector<TaskInput> inputs;
  const std::vector<TaskStore> stores;

  std::vector<std::unique_ptr<BufferedStore>> buffers;  // by store
  std::vector<std::unique_ptr<StoreBase>> typed;        // by store
  std::map<std::string, std::unique_ptr<StoreBase>, std::less<>> globals;
  std::map<std::size_t, std::int64_t> restored;  // by store: the next to restore
  std::vector<std::unique_ptr<NodeBase>> nodes;  // as part.nodes
  std::vector<Error> mistakes;                   // of putting it together; begin() tells them
  std::vector<std::string> source_of;            // by input: its node

  std::optional<PartitionGroup> group;
  PunctuationQueue by_stream_time, by_wall_clock;
  std::map<std::string, std::int64_t, std::less<>> metadata;  // what nodes keep
  std::vector<bool> consumed;  // by input: something of it was taken, or its markers were passed

  // While a record is processed.
  struct Current {
    RawRecord record;
    SourceRecord where;
  };
  std::optional<Current> current;
  std::string origin;  // the source or the punctuation's node: where the path of what runs begins
  const NodeSpec* initing = nullptr;
  std::vector<Outgoing>* out = nullptr;
  std::vector<Outgoing> early;  // what nodes send in init()

  Timestamp wall{}, time{};  // the caller's; of what is processed
  bool needed = false, requested = false, metadata_changed = false;
  std::uint64_t drops = 0;
};

}  // namespace thalweg::streams::detail

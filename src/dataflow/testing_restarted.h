// A driver whose task is dropped after every record and begins anew from what Kafka has: its changelogs and the
// metadata of its offsets. What is in memory alone, in a node or a store, is gone each time.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "dataflow/memory_stores.h"
#include "dataflow/task.h"
#include "thalweg/streams/topology.h"

namespace thalweg::streams::detail {

class RestartedDriver {
 public:
  explicit RestartedDriver(const Topology& topology) : graph_(topology.graph()) {
    for (const auto& node : graph_->nodes) part_.nodes.push_back(&node);
    for (const auto& store : graph_->stores) part_.stores.push_back(&store);
    stores_ = Task::stores_of(*graph_, part_, "app");
    begin();
    offsets_.resize(task_->inputs().size());
  }
  // Global tables, stores without changelogs and the punctuations of `process` do not survive as they were.
  static bool can_run(const TopologyGraph& graph) {
    return std::ranges::none_of(graph.stores, [](const StoreSpecData& store) {
      return store.is_global || !store.logging || store.name == "seen";
    });
  }
  // Its nodes know times that they have seen.
  static bool has_own_time(const TopologyGraph& graph) {
    return std::ranges::any_of(graph.stores, [](const StoreSpecData& store) {
      return store.kind != StoreKind::kKeyValue && store.kind != StoreKind::kForeignKey;
    });
  }

  std::vector<client::Message> pipe(client::Message message) {
    std::vector<client::Message> produced;
    add(message);
    for (std::vector<Outgoing> out; step(out); out.clear())
      for (Outgoing& one : out) {
        if (one.is_changelog)
          changelogs_[one.message.topic].push_back(one.message);
        else
          add(one.message);
        produced.push_back(std::move(one.message));
      }
    begin();
    return produced;
  }

 private:
  void begin() {
    task_.reset();
    kept_ = memory_stores(stores_.size());
    TaskConfig config{.application_id = "app"};
    config.emit_interval = milliseconds(0);
    task_.emplace(graph_, part_, 0, std::move(config), *kept_);
    for (std::size_t i = 0; i < stores_.size(); ++i) restore(i);
    expect(kept_->write(task_->take_restored()));
    std::vector<std::string> metadata;
    for (const TaskInput& input : task_->inputs()) metadata.push_back(metadata_[input.topic]);
    expect(task_->begin(std::move(metadata), Timestamp{}));
  }
  void restore(std::size_t store) {
    const auto& log = changelogs_[*stores_[store].changelog];
    std::vector<RawRecord> records;
    for (const client::Message& m : log)
      records.push_back(
          {.timestamp = m.timestamp.value_or(Timestamp{}), .key = m.key, .value = m.value, .headers = m.headers});
    expect(task_->restore(store, records, static_cast<std::int64_t>(log.size())));
  }
  void add(const client::Message& message) {
    const auto& inputs = task_->inputs();
    const auto found = std::ranges::find(inputs, message.topic, &TaskInput::topic);
    if (found == inputs.end()) return;
    const auto input = static_cast<std::size_t>(found - inputs.begin());
    const auto owner = std::make_shared<const client::Message>(message);
    RawRecord record{.from = {message.topic, 0},
                     .offset = offsets_[input]++,
                     .timestamp = message.timestamp.value_or(Timestamp{}),
                     .key = owner->key,
                     .value = owner->value,
                     .headers = owner->headers,
                     .owner = owner};
    task_->add(input, {&record, 1});
  }
  // One record and its commit. False: there is none.
  bool step(std::vector<Outgoing>& out) {
    for (std::size_t i = 0; i < offsets_.size(); ++i) task_->at_end(i, offsets_[i], Timestamp{});
    if (!expect(task_->process_one(Timestamp{}, out))) return false;
    expect(task_->punctuate(Timestamp{}, out));
    for (const InputOffset& one : task_->prepare_commit(out).offsets) metadata_[one.topic] = one.metadata;
    expect(kept_->write(task_->committed({})));
    return true;
  }
  template <class T>
  static T expect(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    if constexpr (!std::is_void_v<T>) return *std::move(result);
  }

  std::shared_ptr<const TopologyGraph> graph_;
  SubTopology part_;
  std::vector<TaskStore> stores_;
  std::map<std::string, std::vector<client::Message>> changelogs_;
  std::map<std::string, std::string> metadata_;
  std::vector<std::int64_t> offsets_;  // by input: the next
  std::unique_ptr<KeptStores> kept_;
  std::optional<Task> task_;
};

}  // namespace thalweg::streams::detail

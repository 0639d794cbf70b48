// A topology as data: which nodes, stores and topics there are and what is connected. The Processor API writes it line
// by line, the DSL when build() lowers its graph (InternalTopologyBuilder). Immutable once built; shared by all tasks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "thalweg/streams/detail/node.h"
#include "thalweg/streams/detail/store.h"

namespace thalweg::streams::detail {

struct NodeSpec {
  enum class Kind : std::uint8_t { kSource, kProcessor, kSink };
  Kind kind = Kind::kProcessor;
  std::string name = {};
  std::vector<std::string> parents = {};  // their names; they are written before it
  std::vector<std::string> topics = {};  // of a source: internal ones without the application's prefix. Of a sink: one,
                                         // or none where the record decides
  std::vector<std::string> stores = {};  // that it uses, in the order they were connected
  std::function<std::unique_ptr<NodeBase>()> make = {};  // a SourceBase for a source
  std::optional<OffsetReset> reset = {};                 // of a source
  bool is_global = false;                                // on the way into a global store
};

enum class StoreKind : std::uint8_t { kKeyValue, kWindow, kSession, kJoinWindow, kOuterJoin, kSuppress, kForeignKey };

struct StoreSpecData {
  std::string name = {};
  StoreKind kind = StoreKind::kKeyValue;
  StoreType type = StoreType::kDefault;
  bool logging = true;
  Properties topic = {};                         // of the changelog, over the defaults of its kind
  std::optional<milliseconds> retention = {};    // of windows
  std::optional<std::string> source_topic = {};  // read instead of a changelog (topology.optimization, global tables)
  bool is_global = false;                        // every instance has all of it; no task's
  std::function<std::unique_ptr<StoreBase>(StateStore&, TaskRuntime&)> make = {};
};

struct RepartitionTopic {
  std::string name = {};        // without the application's prefix
  std::int32_t partitions = 0;  // 0: as many as the sources of its writers have
  Properties properties = {};
};

struct TopologyGraph {
  std::vector<NodeSpec> nodes;  // as they were written: parents before children
  std::vector<StoreSpecData> stores;
  std::vector<RepartitionTopic> repartition_topics;
  std::vector<std::vector<std::string>> copartitioned;  // groups of source nodes whose topics have equal partitions
  std::vector<Error> mistakes;                          // what the calls that made it got wrong, all of them

  const NodeSpec* node(std::string_view name) const;
  const StoreSpecData* store(std::string_view name) const;
  bool is_internal(std::string_view topic) const;
  // "app-name" for internal topics, and what changelogs are called: "app-store-changelog".
  std::string topic_name(std::string_view application_id, std::string_view topic) const;
  static std::string changelog_name(std::string_view application_id, std::string_view store);
};

// What is connected by edges or shared stores, numbered as Kafka Streams numbers it: by the first node written.
struct SubTopology {
  int number = 0;
  std::vector<const NodeSpec*> nodes = {};        // as written
  std::vector<const StoreSpecData*> stores = {};  // as written
  std::vector<std::string> sources,
      sinks = {};          // topics without prefix, sorted; sinks that are chosen per record are not there
  bool is_global = false;  // it has a number and no task
};
std::vector<SubTopology> sub_topologies(const TopologyGraph& graph);

// Every mistake at once; nothing: the graph can run. (TopologyException's cases)
Result<> check(const TopologyGraph& graph);
// The text of Kafka Streams' Topology.describe(), letter by letter.
std::string describe(const TopologyGraph& graph);
// For Graphviz.
std::string dot(const TopologyGraph& graph);

}  // namespace thalweg::streams::detail

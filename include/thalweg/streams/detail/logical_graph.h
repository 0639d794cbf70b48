// The graph that the DSL's calls make: one logical node per operation, in the order of the calls, from which build()
// writes the topology. Names are those of Kafka Streams: one counter, which every name burns, given or made.
// (InternalStreamsBuilder, NamedInternal)
//
// Handles (KStream, KTable) share it; it is used by one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

#include "thalweg/streams/detail/topology_graph.h"

namespace thalweg::streams::detail {

// What build() tells a node that is written.
struct Written {
  std::vector<std::string> parents = {};  // the nodes that its parents ended with
  bool old_values = false;                // of a table: somebody below asked for them
  bool materialized = false;              // of a table that needs a store only where somebody looks into it
  bool null_keys = false;                 // of a repartition: a join below takes records without a key (KIP-962)
  bool reuse_source_topic = false;        // topology.optimization: a source table's store needs no changelog
};

// The nodes of one repartition: a filter, a sink, and the source on the other side.
struct RepartitionNames {
  std::string topic, filter, sink, source;
};

struct LogicalNode {
  using Id = std::size_t;
  using Write = std::function<void(TopologyGraph&, const Written&)>;

  std::string name = {};         // what its children name as their parent
  std::vector<Id> parents = {};  // none: it stands at the root
  Write write = {};              // adds its physical nodes, stores and topics; called once, after its parents'

  // Of windows that this node aggregates in: how long after their end records still change them (a session: and its
  // gap).
  std::optional<milliseconds> window_grace = {};

  // What the optimizations and build() look at.
  bool changes_key = false, changes_value = false, merges = false;
  bool takes_null_keys = false;
  std::vector<std::string> topics = {};         // of a stream's source: equal topics are read once
  const std::type_info* source_type = nullptr;  // and as one type
  std::optional<OffsetReset> reset = {};
  std::string repartition_topic = {};  // of a repartition that may be merged with others
  std::function<Write(const RepartitionNames&)> write_repartition = {};  // the same under other names
  std::size_t priority = 0;  // add() gives it: who is written first of those that could be
};

class LogicalGraph {
 public:
  using Id = LogicalNode::Id;

  LogicalGraph();
  ~LogicalGraph();
  LogicalGraph(const LogicalGraph&) = delete;

  // "KSTREAM-FILTER-0000000001"; counts on. A given name burns the number, too.
  std::string new_name(std::string_view prefix);
  std::string name_or_new(const std::string& given, std::string_view prefix);
  // `given` + `suffix`, or a new one.
  std::string suffixed_or_new(const std::string& given, std::string_view suffix, std::string_view prefix);
  // "KSTREAM-AGGREGATE-STATE-STORE-0000000003", of the prefix "KSTREAM-AGGREGATE-"
  std::string new_store_name(std::string_view prefix);
  void burn(int count = 1);
  // Burns three. `prefix`: what the topic is called before "-repartition".
  RepartitionNames repartition_names(const std::string& prefix);

  // build() writes by a queue ordered by the calls, a node once all its parents are written.
  Id add(LogicalNode node);
  // One physical node below its parents.
  Id add_processor(std::string name, std::vector<Id> parents, std::function<std::unique_ptr<NodeBase>()> make,
                   std::vector<std::string> stores = {});
  LogicalNode& node(Id id);
  // As if it had just been added. (addGraphNode of a repartition that is used again)
  void touch(Id id);
  // The repartition that joins of this stream share; nothing yet.
  std::optional<Id>& shared_repartition(Id stream);

  // Said with the node by build(); the call itself cannot fail.
  void mistake(const std::string& node, std::string what);
  // Letters, digits, '.', '_', '-'; 1 to 249 of them.
  void check_name(const std::string& name);

  // Sources that must have equally many partitions; by the names of their nodes. One alone is nothing.
  void copartition(std::set<std::string> sources);

  // ---- Tables. Later operations ask for something of earlier ones before anything is written. Idempotent

  // `above`: whose old values it needs to know its own; none where it looks them up in its own store.
  void is_table(Id table, std::vector<Id> above);
  void need_old_values(Id table);
  bool needs_old_values(Id table) const;
  // The same where it makes no further store necessary; false: it would. (KTableImpl.enableSendingOldValues)
  bool ask_for_old_values(Id table);
  void materialize(Id table);
  // The longest window_grace of the nearest windows above, this one too; nothing: there are none.
  // (GraphGraceSearchUtil)
  std::optional<milliseconds> window_grace(Id) const;

  // Every mistake at once. May be called again after more operations.
  Result<std::shared_ptr<const TopologyGraph>> build(const Properties& properties);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Adds one node as it is written.
void add_node(TopologyGraph& graph, std::string name, std::vector<std::string> parents,
              std::function<std::unique_ptr<NodeBase>()> make, std::vector<std::string> stores = {});

// Where an operation's result is, and what later ones need to know of it.
struct Place {
  std::shared_ptr<LogicalGraph> graph;
  LogicalGraph::Id node = 0;
  std::string name;               // of that node
  std::set<std::string> sources;  // nodes that its records come from, within its sub-topology
  bool rekeyed = false;           // what needs equal keys together must send them through a topic first

  // The same sources; `at` hangs below this.
  Place moved(LogicalGraph::Id to, std::string named) const { return {graph, to, std::move(named), sources, rekeyed}; }
};

}  // namespace thalweg::streams::detail

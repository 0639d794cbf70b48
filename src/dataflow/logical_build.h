// From the DSL's graph to a topology: sources of equal topics become one, optimizations move nodes, then each node is
// written in Kafka Streams' order. (InternalStreamsBuilder.buildAndOptimizeTopology)
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "thalweg/streams/detail/logical_graph.h"

namespace thalweg::streams::detail {

struct TableState {
  std::vector<LogicalNode::Id> above;
  bool old_values = false, materialized = false;
};

struct LogicalParts {
  std::vector<LogicalNode> nodes;
  std::vector<TableState> tables;  // by node; those that are none say nothing
  std::vector<std::set<std::string>> copartitioned;
  std::vector<Error> mistakes;
};

// A copy of the graph that is rearranged before it is written.
struct Draft {
  using Id = LogicalNode::Id;
  struct Entry {
    LogicalNode node;
    TableState table;
    std::size_t priority = 0;
    bool removed = false, written = false;
  };
  std::vector<Entry> entries;
  std::vector<std::set<std::string>> copartitioned;
  std::vector<Error> mistakes;
  bool reuse_source_topics = false;

  std::vector<Id> children(Id id) const;
  void replace_parent(Id child, Id from, Id to);
  void remove_parent(Id child, Id parent);
  void rename_source(const std::string& from, const std::string& to);
};

using NewRepartition = std::function<RepartitionNames(const std::string& prefix)>;

// Streams of equal topics read them once. Mistakes: topics that only overlap, other types, other resets.
void merge_sources(Draft& draft);
// topology.optimization: "none", "all", or a list of the rules.
void optimize(Draft& draft, const Properties& properties, const NewRepartition& names);

TopologyGraph written(const LogicalParts& parts, const Properties& properties, const NewRepartition& names);

}  // namespace thalweg::streams::detail

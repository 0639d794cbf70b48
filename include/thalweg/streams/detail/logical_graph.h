// The graph that the DSL's calls make: one logical node per operation, in the order of the calls, from which build()
// writes the topology. Names are those of Kafka Streams: one counter, which every name burns, given or made.
// (InternalStreamsBuilder, NamedInternal)
//
// Handles (KStream, KTable) share it; it is used by one thread.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "thalweg/streams/detail/topology_graph.h"

namespace thalweg::streams::detail {

class LogicalGraph {
 public:
  using Id = std::size_t;
  // Adds its physical nodes, stores and topics; called once, after its parents'.
  using Write = std::function<void(TopologyGraph&)>;

  LogicalGraph();
  ~LogicalGraph();

  // "KSTREAM-FILTER-0000000001"; counts on. A given name burns the number, too.
  std::string new_name(std::string_view prefix);
  std::string name_or_new(const std::string& given, std::string_view prefix);
  // "KSTREAM-AGGREGATE-STATE-STORE-0000000003"
  std::string new_store_name(std::string_view prefix);
  void burn(int count = 1);

  // `parents`: none for sources. build() writes by a queue ordered by Id, a node once all its parents are written.
  Id add(std::vector<Id> parents, Write write);
  // Said with the node by build(); the call itself cannot fail.
  void mistake(std::string node, std::string what);
  // A node takes a name once.
  void check_name(const std::string& name);

  // Later operations ask for something of earlier ones before anything is written: old values of a table. Idempotent.
  void need_old_values(Id table);
  bool needs_old_values(Id table) const;

  Result<std::shared_ptr<const TopologyGraph>> build(const Properties& properties);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thalweg::streams::detail

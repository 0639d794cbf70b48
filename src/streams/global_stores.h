// Global tables: every instance has all of them, read from their topics' beginning by a thread of their own. In memory,
// under a lock that readers share; a task sees an update when it is there, without alignment in time, as in Kafka
// Streams. (GlobalStreamThread)
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>

#include "streams/cluster.h"
#include "streams/options.h"
#include "streams/restorer.h"
#include "thalweg/streams/detail/topology_graph.h"

namespace thalweg::streams::detail {

class GlobalStores {
 public:
  // Errors: of options.
  static Result<std::unique_ptr<GlobalStores>> open(std::shared_ptr<const TopologyGraph> graph, const AppConfig& config,
                                                    const Options& options, Cluster& cluster);
  ~GlobalStores();

  bool empty() const;
  // All that is there now is read. Errors: a topic cannot be read.
  Result<> load(const std::stop_token& stop);
  // Goes on reading until it is stopped or fails.
  Result<> follow(const std::stop_token& stop);

  // Any thread; null: there is none of this name.
  StateStore* state(std::string_view name) const;
  StoreBase* store(std::string_view name) const;
  std::uint64_t records() const;

 private:
  GlobalStores() = default;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thalweg::streams::detail

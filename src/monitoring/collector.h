// Gathers one page of metrics: what the broker counts, what it looks like, and how far its groups are, joined over all
// shards. Every shard is asked in slices; the joining is done on shard 0, in slices too.
//
// Cost: grows with partitions and committed offsets, some hundred nanoseconds each; see metrics_page_bench.cc. Ages of
// unread records may read the disk: LagAges. Owner: shard 0.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "metrics/exposition.h"
#include "monitoring/lag_ages.h"
#include "monitoring/process_figures.h"

namespace thalweg::monitoring {

class Collector {
 public:
  struct About {
    std::string version;
    ProcessSource process;
  };
  // Started is now.
  Collector(broker::Broker& broker, About about);

  enum class Detail : std::uint8_t {
    kProcess,       // of a broker that does not serve
    kUpToTheBound,  // single partitions as far as thalweg.metrics.partition.series.max goes
    kEverything,
  };
  Task<std::unique_ptr<Exposition>> collect(ExpositionFormat format, Detail detail, std::size_t directories_offline);
  Millis uptime() const;

 private:
  void add_process(MetricsSnapshot& into) const;
  void add_cluster(MetricsSnapshot& into) const;
  void add_directories(MetricsSnapshot& into) const;

  broker::Broker& broker_;
  const About about_;
  const Instant started_;
  const Timestamp started_wall_;
  LagAges ages_;
};

}  // namespace thalweg::monitoring

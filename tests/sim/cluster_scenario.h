// Three real brokers on simulated machines become one cluster by themselves, and are made to suffer: they crash, lose
// power, and cannot reach each other. An administrator creates topics through whichever broker it meets.
//
// Checked: one cluster id, for ever; brokers that show the same index of the metadata show the same cluster; every
// topic that was answered is there in the end; and after healing, within a bound, all three serve and show the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::simulation {

struct ClusterCounts {
  std::uint64_t topics = 0, crashes = 0, cuts = 0, elections = 0, steps = 0;
  double founded_after = 0;  // seconds of virtual time until the first broker served
  double virtual_seconds = 0;
  void add(const ClusterCounts& other);
};
std::string to_string(const ClusterCounts& counts);

struct ClusterOutcome {
  std::vector<std::string> violations;
  ClusterCounts counts;
  std::uint64_t trace = 0;  // equal for equal runs
};

ClusterOutcome run_cluster(std::uint64_t seed);

}  // namespace thalweg::simulation

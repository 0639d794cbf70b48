// Three real brokers on simulated machines become one cluster by themselves, and are made to suffer
// (cluster_trouble.h). Meanwhile clients write to a topic with three replicas, follow it and delete its records; one
// creates topics; two write transactions to another topic and commit offsets in them; and, by seed, somebody takes
// votes and gives them back while another one moves replicas, a disk is replaced by an empty one, or a bit flips on
// one.
//
// Checked: no acknowledged record is lost, moved or there twice, before the offset up to which somebody deleted none
// that is left, and nothing else is gone; replicas are equal from where they begin to their end; one broker leads in an
// epoch of a partition. Who reads committed records gets each transaction whole or not at all, as its writer was told,
// and none stays open. One cluster id, for ever; brokers that show the same index of the metadata show the same
// cluster; every topic that was answered is there in the end; who votes is as was answered. After healing, within a
// bound, all three serve, show the same and are in sync; and once more after a power cut of all three.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::simulation {

struct ClusterCounts {
  std::uint64_t topics = 0, crashes = 0, cuts = 0, stalls = 0, failed_syncs = 0, elections = 0;
  std::uint64_t leaderships = 0;  // of partitions
  std::uint64_t committed_transactions = 0, aborted_transactions = 0;
  std::uint64_t acknowledged = 0, deletions = 0, vote_changes = 0, moves = 0, replaced_disks = 0, flipped_bits = 0;
  std::uint64_t copies_put_back = 0;
  std::uint64_t steps = 0;
  double founded_after = 0;  // seconds of virtual time until the first broker served
  double virtual_seconds = 0;
  void add(const ClusterCounts& other);
};
std::string to_string(const ClusterCounts& counts);
// What many seeds together must have had, and these have not.
std::vector<std::string> what_is_missing(const ClusterCounts& counts);

struct ClusterOutcome {
  std::vector<std::string> violations;
  ClusterCounts counts;
  std::uint64_t trace = 0;  // equal for equal runs
};

ClusterOutcome run_cluster(std::uint64_t seed);

}  // namespace thalweg::simulation

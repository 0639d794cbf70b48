#include "voter_counts.h"

#include <fmt/format.h>

#include <utility>

namespace thalweg::simulation {

void VotersCounts::add(const VotersCounts& other) {
  answered += other.answered, refused += other.refused, looks += other.looks;
  too_large += other.too_large, busy += other.busy, disk_full += other.disk_full;
  crashes += other.crashes, elections += other.elections, failed_syncs += other.failed_syncs;
  snapshots += other.snapshots;
  restores_at_start += other.restores_at_start, restores_while_running += other.restores_while_running;
  votes_changed += other.votes_changed;
  steps += other.steps, virtual_seconds += other.virtual_seconds;
}

std::string to_string(const VotersCounts& counts) {
  return fmt::format(
      "{} answers, {} no, {} looks; {} too large, {} busy, {} without space; {} crashes, {} failed syncs, {} "
      "elections; {} snapshots, {} restores, {} of them at run time; {} votes given or taken; {} steps, {:.0f} s",
      counts.answered, counts.refused, counts.looks, counts.too_large, counts.busy, counts.disk_full, counts.crashes,
      counts.failed_syncs, counts.elections, counts.snapshots, counts.restores_at_start + counts.restores_while_running,
      counts.restores_while_running, counts.votes_changed, counts.steps, counts.virtual_seconds);
}

std::vector<std::string> what_is_missing(const VotersCounts& counts) {
  const std::pair<std::uint64_t, const char*> needed[] = {
      {counts.too_large, "change that was too large"},
      {counts.busy, "change that was refused by a busy quorum"},
      {counts.disk_full, "change that was refused by a full disk"},
      {counts.crashes, "crash"},
      {counts.elections, "election"},
      {counts.failed_syncs, "failed sync"},
      {counts.restores_at_start, "start from a snapshot"},
      {counts.votes_changed, "vote that was given or taken"},
      {counts.restores_while_running, "snapshot that was installed at run time"}};
  std::vector<std::string> missing;
  for (const auto& [count, what] : needed)
    if (count == 0) missing.emplace_back(what);
  return missing;
}

}  // namespace thalweg::simulation

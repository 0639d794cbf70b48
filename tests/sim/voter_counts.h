// How often something happened in runs of voters: of one run, or of many.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::simulation {

struct VotersCounts {
  std::uint64_t answered = 0, refused = 0, looks = 0;    // what administrators were told, and who only looks
  std::uint64_t too_large = 0, busy = 0, disk_full = 0;  // refused by the machine, by the journal
  std::uint64_t crashes = 0, elections = 0, failed_syncs = 0;
  std::uint64_t snapshots = 0, restores_at_start = 0, restores_while_running = 0;
  std::uint64_t votes_changed = 0;  // of those that were answered
  std::uint64_t steps = 0;
  double virtual_seconds = 0;

  void add(const VotersCounts& other);
};

std::string to_string(const VotersCounts& counts);
// What many seeds must have had, all together, or they have shown nothing of it.
std::vector<std::string> what_is_missing(const VotersCounts& counts);

}  // namespace thalweg::simulation

// What goes wrong in a run of voters, by its seed, until it is healed.
#pragma once

#include <cstdint>

#include "voter_wire.h"

namespace thalweg::simulation {

class VoterTrouble {
 public:
  VoterTrouble(Voters& voters, bool lying_disks);

  void begin();
  // Everything works from here on, and everybody is up.
  void heal();
  void start(int voter);
  void crash(int voter, sim::Crash how);
  std::uint64_t crashes() const { return crashes_; }

 private:
  enum Kind : unsigned {
    kSlowWire,
    kLossyWire,
    kCrashes,
    kPartings,
    kFullDisks,
    kFailingOpens,
    kSlowDisks,
    kFailingSyncs,
    kTransfers,
    kCleanRestarts,
    kSmallQueue,
    kStalls,
    kSlowClocks,
    kQuietClients,
    kVotes,
    kVotesToo,  // one in four, so that most runs are as they were
  };
  bool has(Kind kind) const { return kinds_ >> kind & 1; }
  sim::Simulation& simulation() { return voters_.world().simulation; }
  int any() { return static_cast<int>(simulation().below(std::uint64_t(voters_.count()))); }
  int often_the_leader();
  // Again and again, between `min` and `max` apart, until it is healed.
  void repeat(Instant min, Instant max, void (VoterTrouble::*trouble)());
  void after(Instant min, Instant max, std::function<void()> then);

  void crash_one();
  void part_one();
  void fill_a_disk();
  void transfer();
  void restart_cleanly();
  void stall_one();

  Voters& voters_;
  const bool lying_disks_;
  const std::uint64_t kinds_;
  bool healed_ = false;
  std::uint64_t crashes_ = 0;
};

}  // namespace thalweg::simulation

// One run: faults for a while, healing, and what must be true then.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::simulation {

// What goes wrong, besides crashes and clocks that drift and jump, which every run has.
enum class Trouble {
  kCrashesOnly,
  kFailingSync,
  kLyingSync,
  kFullDisk,
  kSlowDisk,
  kSlowClients,
  kBrokenConnections,
  kPartedNetwork,
  kEverything,  // but a lying sync, with which little can be promised
};
inline constexpr int kTroubles = 9;
const char* name(Trouble trouble);

struct Outcome {
  Trouble trouble;
  std::vector<std::string> violations;
  std::size_t acknowledged = 0;
  int crashes = 0;
  std::uint64_t failed_syncs = 0;
  std::uint64_t steps = 0;
  std::uint64_t trace = 0;  // equal for equal runs
  double virtual_seconds = 0;
};

// A mistake on purpose, to see that the checkers find it.
enum class Plant { kNothing, kAcknowledgeFromMemory };

Outcome run_scenario(std::uint64_t seed, Plant plant = Plant::kNothing);

}  // namespace thalweg::simulation

// Three voters of the metadata quorum, each with the real Quorum, QuorumJournal, Host, ControllerMachine,
// MetadataPublisher and BrokerLifecycle; what a broker opens and shows (LocalState), and the wire between the quorum's
// members, are simulated. Several administrators change the cluster at once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg::simulation {

struct VotersOutcome {
  std::vector<std::string> violations;
  std::size_t acknowledged = 0;  // changes that an administrator was told of
  int refused = 0, crashes = 0, restores = 0, elections = 0;
  std::uint64_t steps = 0;
  std::uint64_t trace = 0;  // equal for equal runs
  double virtual_seconds = 0;
};

VotersOutcome run_voters(std::uint64_t seed);

}  // namespace thalweg::simulation

// Three voters of the metadata quorum, each with the real Quorum, QuorumJournal, Host, ControllerMachine,
// MetadataPublisher and BrokerLifecycle; what a broker opens and shows (LocalState), and the wire between the quorum's
// members, are simulated. Several administrators change the cluster at once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "voter_counts.h"

namespace thalweg::simulation {

struct VotersOutcome {
  std::vector<std::string> violations;
  VotersCounts counts;
  std::uint64_t trace = 0;  // equal for equal runs
};

// `lying_disks`: they say that things are durable which are not; what a quorum promises does not hold then.
VotersOutcome run_voters(std::uint64_t seed, bool lying_disks = false);

}  // namespace thalweg::simulation

// A disk that rots, in the one place where the next start of its broker looks: what was written since the last
// checkpoint.
#pragma once

#include <string>

#include "base/types.h"
#include "sim/world.h"

namespace thalweg::simulation {

// Flips a bit of a batch of the log in `folder` that begins at or above `from`, and that others stand behind: in the
// last one it would look like a write that a crash cut short. False when there is no such batch. REQUIRES: the machine
// is down
bool flip_a_bit(sim::World& world, sim::Node& machine, const std::string& folder, Offset from);

}  // namespace thalweg::simulation

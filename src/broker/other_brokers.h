// A topic that is made while its cluster comes up would have the replicas of that moment, for ever: the offsets of all
// groups on one disk, when the first broker is asked a moment before the others have registered.
#pragma once

#include <cstdint>

#include "runtime/task.h"

namespace thalweg::broker {

class Broker;

// Until so many brokers are active, or all that are known: those who have registered, and those who vote, which come in
// a moment as brokers where nodes are both. Five seconds at most. From any shard.
Task<> wait_for_other_brokers(Broker& broker, std::int16_t wanted);

}  // namespace thalweg::broker

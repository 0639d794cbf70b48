// Murmur2 with Kafka's seed: what Java's default partitioner makes of a key. Clients must agree on it bit by bit.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace thalweg {

std::int32_t murmur2(BytesView bytes);

}  // namespace thalweg

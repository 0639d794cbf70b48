// What a client may do where nothing is authorised: every operation that exists for the resource, as bits of Kafka's
// AclOperation.
#pragma once

#include <cstdint>

namespace thalweg::broker {

inline constexpr std::int32_t kAllTopicOperations = 0b1101'1111'1000;
inline constexpr std::int32_t kAllClusterOperations = 0b1'1111'1010'0000;

}  // namespace thalweg::broker

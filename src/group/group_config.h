// What an operator can set about consumer groups; defaults are Kafka's. The broker fills it from its own options.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/time.h"

namespace thalweg::group {

struct GroupConfig {
  Millis session_timeout_min = std::chrono::seconds(6);              // group.min.session.timeout.ms
  Millis session_timeout_max = std::chrono::minutes(30);             // group.max.session.timeout.ms
  Millis initial_rebalance_delay = std::chrono::seconds(3);          // group.initial.rebalance.delay.ms
  std::int32_t size_max = std::numeric_limits<std::int32_t>::max();  // group.max.size
  std::size_t offset_metadata_length_max = 4096;                     // offset.metadata.max.bytes
  Millis offsets_retention = std::chrono::hours(24 * 7);             // offsets.retention.minutes
  Millis offsets_retention_check = std::chrono::minutes(10);         // offsets.retention.check.interval.ms
  // What one append may hold: a batch of the log without its header. A commit, or a group, that is larger is refused.
  std::size_t append_bytes_max = 1024 * 1024;
  // What transactions that are open may hold together, by PendingOffsets::bytes(); who wants more is told to try later.
  std::size_t pending_bytes_max = 8 * 1024 * 1024;
  // A member that waits in its first join cannot send heartbeats; this bounds how long it is kept (fixed in Kafka).
  Millis new_member_join_timeout = std::chrono::minutes(5);
};

}  // namespace thalweg::group

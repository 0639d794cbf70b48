// Kafka's text checkpoints: a version line "0", a count line, then one line per entry. Pure text in and out; writing to
// a temporary file, syncing and renaming is the caller's.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace thalweg::storage {

inline constexpr std::string_view kRecoveryPointFile = "recovery-point-offset-checkpoint";
inline constexpr std::string_view kHighWatermarkFile = "replication-offset-checkpoint";
inline constexpr std::string_view kLogStartOffsetFile = "log-start-offset-checkpoint";
inline constexpr std::string_view kCleanerOffsetFile = "cleaner-offset-checkpoint";
inline constexpr std::string_view kLeaderEpochFile = "leader-epoch-checkpoint";

// The lines after version and count. kKafkaStorageError: unknown version, a count that does not fit, text after the
// end.
Result<std::vector<std::string_view>> parse_checkpoint(std::string_view text);
std::string print_checkpoint(const std::vector<std::string>& lines);

// The four per data directory: "topic partition offset".
using OffsetCheckpoint = std::map<TopicPartition, Offset>;
Result<OffsetCheckpoint> parse_offset_checkpoint(std::string_view text);
// What can still be told from a file that is cut or damaged: its lines that are whole and make sense. Nothing without
// the version.
OffsetCheckpoint salvage_offset_checkpoint(std::string_view text);
std::string print_offset_checkpoint(const OffsetCheckpoint& offsets);

}  // namespace thalweg::storage

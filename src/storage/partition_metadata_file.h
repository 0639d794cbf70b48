// `partition.metadata`: which topic a partition's folder belongs to.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/uuid.h"
#include "runtime/disk.h"

namespace thalweg::storage {

inline constexpr std::string_view kPartitionMetadataFile = "partition.metadata";

// kKafkaStorageError: not version 0, no readable topic id, or the zero one.
Result<Uuid> parse_partition_metadata(std::string_view text);
std::string print_partition_metadata(Uuid topic_id);
// Says in the folder whose it is; nothing for a zero id. Not synced.
Result<> write_partition_metadata(Disk& disk, const std::string& directory, Uuid topic_id);

}  // namespace thalweg::storage

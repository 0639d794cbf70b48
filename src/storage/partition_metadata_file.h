// `partition.metadata`: which topic a partition's folder belongs to. Pure text in and out.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/uuid.h"

namespace thalweg::storage {

inline constexpr std::string_view kPartitionMetadataFile = "partition.metadata";

// kKafkaStorageError: not version 0, no readable topic id, or the zero one.
Result<Uuid> parse_partition_metadata(std::string_view text);
std::string print_partition_metadata(Uuid topic_id);

}  // namespace thalweg::storage

// What a commit of offsets may hold, in a transaction or not.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "group/group_config.h"
#include "group/group_records.h"

namespace thalweg::group {

// offset.metadata.max.bytes, which Kafka counts in UTF-16: clients may use up what that allows.
bool metadata_fits(const std::optional<std::string>& metadata, const GroupConfig& config);

// Whether the commit is one batch of the log, for half of it must never be found there. Only large ones are measured;
// what cannot be encoded at all is the journal's to refuse. REQUIRES: commits of offsets, no tombstones
bool fits_one_append(const std::vector<OffsetsRecord>& commit, std::size_t bytes_max);

}  // namespace thalweg::group

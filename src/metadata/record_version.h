// Which version of a record is written at which level of metadata.version: one that every member of the cluster can
// read. A level is finalized when all of them speak it, so what a later release adds to a record is written only then.
// Source: MetadataVersion, and ClusterControlManager for BrokerRegistrationChangeRecord.
#pragma once

#include <cstdint>
#include <string_view>

namespace thalweg::metadata {

inline constexpr std::string_view kMetadataVersion = "metadata.version";
inline constexpr std::int16_t kLatestMetadataVersion = 30;  // 4.3-IV0

// The level to write at where the image says `finalized`: before one is, there is nobody who could be older.
constexpr std::int16_t level_to_write(std::int16_t finalized) {
  return finalized > 0 ? finalized : kLatestMetadataVersion;
}

// `type` as it stands in the frame (type_of); one that is not known here has version 0.
std::int16_t record_version(std::int16_t type, std::int16_t metadata_version);

}  // namespace thalweg::metadata

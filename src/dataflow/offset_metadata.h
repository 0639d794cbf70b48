// What is committed beside an input's offset, byte for byte as Kafka Streams does it: base64 of a version (2), the
// partition's time, and what nodes keep, if anything: how many, then length, name, value of each; all big endian.
// Version 1 ends with the time. (TopicPartitionMetadata, ProcessorMetadata)
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace thalweg::streams::detail {

struct OffsetMetadata {
  std::int64_t partition_time = -1;  // milliseconds since 1970; -1: none yet
  std::map<std::string, std::int64_t, std::less<>> kept;
  bool operator==(const OffsetMetadata&) const = default;
};

std::string encode(const OffsetMetadata&);
// What cannot be read says nothing, as in Kafka Streams: somebody else may have committed there.
OffsetMetadata decode_offset_metadata(std::string_view text);

}  // namespace thalweg::streams::detail

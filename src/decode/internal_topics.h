// Records of Kafka's own topics as JSON: their keys and values are messages, and a value is read by its key.
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "decode/plain.h"

namespace thalweg::decode {

struct RecordBytes {
  std::optional<BytesView> key, value;
};
struct InternalRecord {
  Decoded key, value;
};

// Of __consumer_offsets, the records that classic groups write. Nothing for other topics, and for records of kinds that
// are not known here: they are shown as what they look like.
std::optional<InternalRecord> read_internal(std::string_view topic, const RecordBytes& record, std::size_t text_max);

}  // namespace thalweg::decode

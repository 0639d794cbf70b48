// Where a page of records ended, as text in an address: the topic's id, the direction, and an offset by partition. It
// comes back from a stranger, so it is read like any input; it grants nothing.
//
//   cursor = topic id "." ("n" | "o" | "l") { "." partition "-" offset }
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/types.h"
#include "base/uuid.h"

namespace thalweg::console {

enum class ReadDirection : char {
  kNewestFirst = 'n',  // offsets are behind the next record
  kOldestFirst = 'o',  // offsets are of the next record
  kLive = 'l',         // the same; what is there is read newest first
};

struct RecordCursor {
  Uuid topic_id;
  ReadDirection direction = ReadDirection::kNewestFirst;
  std::map<PartitionId, Offset> offsets;

  std::string text() const;
  // Nothing when it is none: other characters, a partition twice, an offset below 0.
  static std::optional<RecordCursor> of(std::string_view text);
};

}  // namespace thalweg::console

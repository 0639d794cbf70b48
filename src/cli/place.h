// Where in a partition something begins: what `consume --from` and `group seek --to` say. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "admin/client.h"
#include "base/types.h"

namespace thalweg::cli {

struct Place {
  enum class Kind { kStart, kEnd, kOffset, kLast, kTime };
  Kind kind = Kind::kStart;
  std::int64_t number = 0;  // the offset; how many records before the end; milliseconds since 1970
};

// start, end, 42, -100 (the last hundred of each partition), 2026-01-31, 2026-01-31T12:00:00+01:00 (UTC without a
// zone), -90s, -1h, -2d (ago), @1700000000000. kInvalidRequest says what is valid.
Result<Place> parse_place(const std::string& text, Timestamp now);

struct Extent {
  Offset begin, end;
};
Task<Result<std::map<TopicPartition, Extent>>> find_extents(admin::Client& client,
                                                            std::vector<TopicPartition> partitions);
// Offsets within the extents; a time after the last record is the end.
Task<Result<std::map<TopicPartition, Offset>>> find_place(admin::Client& client,
                                                          std::map<TopicPartition, Extent> extents, Place place);

}  // namespace thalweg::cli

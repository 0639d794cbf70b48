// The .timeindex of a segment: (timestamp i64, offset relative to the base i32), timestamps strictly rising; the last
// entry is the largest timestamp of the segment and, as Kafka has it, the last offset of the batch that carries it.
// Owner: the log's shard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "base/types.h"
#include "storage/index_file.h"

namespace thalweg::storage {

struct TimestampOffset {
  Timestamp timestamp = kNoTimestamp;
  Offset offset = kNoOffset;
  friend auto operator<=>(const TimestampOffset&, const TimestampOffset&) = default;
};

class TimeIndex {
 public:
  static constexpr std::size_t kEntrySize = 12;

  TimeIndex(FileCache& files, IndexPath path, Offset base) : file_(files, std::move(path), kEntrySize), base_(base) {}

  // As OffsetIndex::load().
  Result<> load();
  void clear();
  // Ignored unless the timestamp is larger than the last one and the offset not smaller.
  void append(Timestamp timestamp, Offset offset);
  // The entry with the largest timestamp <= target; (kNoTimestamp, base) if there is none.
  Result<TimestampOffset> lookup(Timestamp target) const;
  // The last entry with offset <= target; (kNoTimestamp, base) if there is none.
  Result<TimestampOffset> lookup_offset(Offset target) const;
  // Keeps entries with offset < `offset`.
  Result<> truncate_to(Offset offset);
  Result<> flush() { return file_.flush(); }

  std::size_t entries() const { return file_.size(); }
  std::optional<TimestampOffset> last() const { return last_; }
  std::string path() const { return file_.path(); }

 private:
  TimestampOffset decode(const std::byte* entry) const;
  Result<> read_last();

  IndexFile file_;
  const Offset base_;
  std::optional<TimestampOffset> last_;
};

}  // namespace thalweg::storage

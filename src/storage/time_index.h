// The .timeindex of a segment: (timestamp i64, offset relative to the base i32), timestamps strictly rising; the last
// entry is the largest timestamp of the segment and, as Kafka has it, the last offset of the batch that carries it.
// Held as OffsetIndex is. Owner: the log's shard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/types.h"
#include "storage/file_cache.h"

namespace thalweg::storage {

struct TimestampOffset {
  Timestamp timestamp = kNoTimestamp;
  Offset offset = kNoOffset;
  friend auto operator<=>(const TimestampOffset&, const TimestampOffset&) = default;
};

class TimeIndex {
 public:
  static constexpr std::size_t kEntrySize = 12;

  TimeIndex(FileCache& files, std::string path, Offset base) : files_(&files), path_(std::move(path)), base_(base) {}

  Result<> load();
  void clear();
  // Ignored unless the timestamp is larger than the last one and the offset not smaller.
  void append(Timestamp timestamp, Offset offset);
  // The entry with the largest timestamp <= target; (kNoTimestamp, base) if there is none.
  Result<TimestampOffset> lookup(Timestamp target) const;
  // Keeps entries with offset < `offset`.
  Result<> truncate_to(Offset offset);
  Result<> flush();

  std::size_t entries() const { return on_disk_ + tail_.size(); }
  std::size_t unflushed() const { return tail_.size(); }
  std::optional<TimestampOffset> last() const { return last_; }
  const std::string& path() const { return path_; }
  void moved_to(std::string path) { path_ = std::move(path); }

 private:
  Result<TimestampOffset> at(std::size_t i) const;

  FileCache* files_;
  std::string path_;
  Offset base_;
  std::size_t on_disk_ = 0;
  bool rewrite_ = false;
  std::vector<TimestampOffset> tail_;
  std::optional<TimestampOffset> last_;
};

}  // namespace thalweg::storage

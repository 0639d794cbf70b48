// The .index of a segment: (offset relative to the base i32, position i32) about every index.interval.bytes, both
// rising. Owner: the log's shard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/types.h"
#include "storage/index_file.h"

namespace thalweg::storage {

struct OffsetPosition {
  Offset offset;
  std::uint32_t position = 0;
  friend auto operator<=>(const OffsetPosition&, const OffsetPosition&) = default;
};

class OffsetIndex {
 public:
  static constexpr std::size_t kEntrySize = 8;

  OffsetIndex(FileCache& files, IndexPath path, Offset base) : file_(files, std::move(path), kEntrySize), base_(base) {}

  // Takes over what the file holds; a missing file is an empty index. A size that is no multiple of an entry, or a last
  // entry that cannot be one, is kCorruptMessage: rebuild.
  Result<> load();
  // Forgets all entries, also those on disk (at the next flush).
  void clear();

  // Offsets and positions rise; others are ignored (a batch without a new offset needs no entry).
  void append(Offset offset, std::uint32_t position);
  // The entry with the largest offset <= target; (base, 0) if there is none.
  Result<OffsetPosition> lookup(Offset target) const;
  // The entry with the largest position <= target; (base, 0) if there is none.
  Result<OffsetPosition> lookup_position(std::uint64_t target) const;
  // Keeps entries with offset < `offset`.
  Result<> truncate_to(Offset offset);
  // A full disk leaves the entries in memory.
  Result<> flush() { return file_.flush(); }

  std::size_t entries() const { return file_.size(); }
  std::optional<OffsetPosition> last() const { return last_; }
  std::string path() const { return file_.path(); }

 private:
  OffsetPosition decode(const std::byte* entry) const;
  Result<> read_last();

  IndexFile file_;
  const Offset base_;
  std::optional<OffsetPosition> last_;
};

}  // namespace thalweg::storage

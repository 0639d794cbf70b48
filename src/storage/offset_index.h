// The .index of a segment: (offset relative to the base i32, position i32) about every index.interval.bytes, both
// rising.
//
// What is on disk is searched there with small reads and not held in memory; entries since the last flush() are held in
// a tail. So an idle partition's index costs its few members and a closed segment's costs nothing. Not synced by
// itself: after a crash the loader rebuilds what it cannot trust. Owner: the log's shard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "storage/file_cache.h"

namespace thalweg::storage {

struct OffsetPosition {
  Offset offset;
  std::uint32_t position = 0;
  friend auto operator<=>(const OffsetPosition&, const OffsetPosition&) = default;
};

class OffsetIndex {
 public:
  static constexpr std::size_t kEntrySize = 8;

  OffsetIndex(FileCache& files, std::string path, Offset base) : files_(&files), path_(std::move(path)), base_(base) {}

  // Takes over what the file holds; a missing file is an empty index. A size that is no multiple of an entry, or a last
  // entry before the base, is an error: rebuild.
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
  // Writes the tail behind what is on disk. A full disk leaves the tail in memory.
  Result<> flush();

  std::size_t entries() const { return on_disk_ + tail_.size(); }
  std::size_t unflushed() const { return tail_.size(); }
  std::optional<OffsetPosition> last() const { return last_; }
  const std::string& path() const { return path_; }
  void moved_to(std::string path) { path_ = std::move(path); }

 private:
  struct Entry {
    std::uint32_t relative, position;
  };
  Result<Entry> at(std::size_t i) const;
  template <class Field>
  Result<OffsetPosition> floor(std::uint64_t target, Field field) const;

  FileCache* files_;
  std::string path_;
  Offset base_;
  std::size_t on_disk_ = 0;
  bool rewrite_ = false;  // the file has more than on_disk_ entries
  std::vector<Entry> tail_;
  std::optional<OffsetPosition> last_;
};

}  // namespace thalweg::storage

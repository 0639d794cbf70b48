// Entries of one size in a file, and those since the last flush() in memory: what the three indexes of a segment have
// in common. What is on disk is read there and not held, so an idle partition's index costs its few members and a
// closed segment's costs nothing. Not synced by itself: after a crash the loader rebuilds what it cannot trust. Owner:
// the log's shard.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "storage/file_cache.h"

namespace thalweg::storage {

// Where an index is: beside the segment's file, whose path is held once for all of its indexes.
class IndexPath {
 public:
  IndexPath(std::string path) : beside_(std::make_shared<const std::string>(std::move(path))) {}
  // The name of `segment` with `suffix` in the place of its own. `suffix` lives on.
  IndexPath(std::shared_ptr<const std::string> segment, std::string_view suffix)
      : beside_(std::move(segment)), suffix_(suffix) {}
  std::string text() const {
    return suffix_.empty() ? *beside_ : beside_->substr(0, beside_->rfind('.')).append(suffix_);
  }

 private:
  std::shared_ptr<const std::string> beside_;
  std::string_view suffix_;
};

class IndexFile {
 public:
  IndexFile(FileCache& files, IndexPath path, std::size_t entry_size)
      : files_(&files), path_(std::move(path)), entry_size_(entry_size) {}

  // Takes over the whole entries that the file holds; a missing file is an empty index. False: its end is torn. A file
  // that is there and cannot be opened is an error, since nothing may be written over it.
  Result<bool> load();
  // REQUIRES: entry.size() is the size of an entry
  void append(BytesView entry);
  // REQUIRES: i < size(), room for an entry in `to`
  Result<> read(std::size_t i, std::byte* to) const;
  // All entries, one behind the other.
  Result<std::vector<std::byte>> read_all() const;
  // How many entries, from the first, satisfy `fits`, which no entry behind one that does not may. The last entry that
  // `fits` said yes to is the last of them.
  template <class Fits>
  Result<std::size_t> count_while(Fits fits) const;
  // Forgets all entries from number `count` on, also those on disk (at the next flush). REQUIRES: count <= size()
  void keep(std::size_t count);
  // Writes what is in memory behind what is on disk. After an error (a full disk) it stays in memory.
  Result<> flush();

  std::size_t size() const { return on_disk_ + tail_.size() / entry_size_; }
  bool empty() const { return size() == 0; }
  std::string path() const { return path_.text(); }

 private:
  static constexpr std::size_t kEntrySizeMax = 16;  // of those that are searched

  FileCache* files_;
  const IndexPath path_;
  const std::size_t entry_size_;
  std::size_t on_disk_ = 0;
  bool rewrite_ = false;  // the file may have more than on_disk_ entries
  std::vector<std::byte> tail_;
};

template <class Fits>
Result<std::size_t> IndexFile::count_while(Fits fits) const {
  std::size_t low = 0, high = size();  // the first entry that does not fit is in [low, high]
  if (!tail_.empty() && fits(tail_.data()))
    low = on_disk_ + 1;  // most look-ups are near the end: no look at the file
  else if (!tail_.empty())
    high = on_disk_;
  std::byte entry[kEntrySizeMax];
  CHECK(entry_size_ <= kEntrySizeMax);
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    TRY_VOID(read(middle, entry));
    if (fits(static_cast<const std::byte*>(entry)))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

}  // namespace thalweg::storage

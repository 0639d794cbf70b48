// An index of a segment whose entries rise: what the one by offsets and the one by times have in common. Owner: the
// log's shard.
//
// An Entry has its size in the file (kSize), an `offset`, and
//   static Entry none(Offset base)                    what stands for an entry before the first
//   static Entry zeros(Offset base)                   what zeros are, which the rest of a preallocated file is made of
//   static Entry decode(const std::byte*, Offset base)
//   void encode(std::byte*, Offset base) const
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "base/types.h"
#include "storage/index_file.h"

namespace thalweg::storage {

template <class Entry>
class RisingIndex {
 public:
  static constexpr std::size_t kEntrySize = Entry::kSize;

  RisingIndex(FileCache& files, IndexPath path, Offset base) : file_(files, std::move(path), kEntrySize), base_(base) {}

  // Takes over what the file holds; a missing file is an empty index. A size that is no multiple of an entry, or a last
  // entry that cannot be one, is kCorruptMessage: rebuild.
  Result<> load() {
    last_.reset();
    TRY(const bool whole, file_.load());
    if (!whole)
      return fail(ErrorCode::kCorruptMessage, path() + ": size is no multiple of " + std::to_string(kEntrySize));
    TRY_VOID(read_last());
    // Zeros only the first entry of a segment may be.
    if (last_ && (last_->offset < base_ || (entries() > 1 && *last_ == Entry::zeros(base_))))
      return fail(ErrorCode::kCorruptMessage, path() + ": last entry is no index entry");
    return {};
  }
  // Forgets all entries, also those on disk (at the next flush).
  void clear() {
    file_.keep(0);
    last_.reset();
  }
  // Keeps entries with offset < `offset`.
  Result<> truncate_to(Offset offset) {
    TRY(const std::size_t count,
        file_.count_while([&](const std::byte* entry) { return Entry::decode(entry, base_).offset < offset; }));
    file_.keep(count);
    return read_last();
  }
  // A full disk leaves the entries in memory.
  Result<> flush() { return file_.flush(); }

  std::size_t entries() const { return file_.size(); }
  std::optional<Entry> last() const { return last_; }
  std::string path() const { return file_.path(); }

 protected:
  // REQUIRES: it is behind last()
  void append(const Entry& entry) {
    std::array<std::byte, kEntrySize> bytes;
    entry.encode(bytes.data(), base_);
    file_.append(bytes);
    last_ = entry;
  }
  // The last entry that `fits`, which none behind one that does not may; Entry::none() if there is none.
  template <class Fits>
  Result<Entry> last_that(Fits fits) const {
    if (last_ && fits(*last_)) return *last_;
    Entry best = Entry::none(base_);
    TRY_VOID(file_.count_while([&](const std::byte* bytes) {
      const Entry entry = Entry::decode(bytes, base_);
      if (!fits(entry)) return false;
      best = entry;
      return true;
    }));
    return best;
  }

 private:
  Result<> read_last() {
    last_.reset();
    if (file_.empty()) return {};
    std::array<std::byte, kEntrySize> entry;
    TRY_VOID(file_.read(entries() - 1, entry.data()));
    last_ = Entry::decode(entry.data(), base_);
    return {};
  }

  IndexFile file_;
  const Offset base_;
  std::optional<Entry> last_;
};

}  // namespace thalweg::storage

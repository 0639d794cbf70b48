#include "storage/offset_index.h"

#include <algorithm>
#include <array>

#include "base/endian.h"

namespace thalweg::storage {

Result<> OffsetIndex::load() {
  on_disk_ = 0;
  rewrite_ = false;
  tail_.clear();
  last_.reset();
  auto file = files_->open(path_);
  if (!file) return {};  // missing: empty
  const std::uint64_t size = (*file)->size();
  if (size % kEntrySize != 0)
    return fail(ErrorCode::kKafkaStorageError, path_ + ": size " + std::to_string(size) + " is no multiple of 8");
  on_disk_ = size / kEntrySize;
  if (on_disk_ == 0) return {};
  TRY(const Entry entry, at(on_disk_ - 1));
  // The rest of a preallocated file is zeros, which only the first entry of a segment may be.
  if (entry.relative > 0x7fffffffu || (on_disk_ > 1 && entry.relative == 0 && entry.position == 0)) {
    on_disk_ = 0;
    return fail(ErrorCode::kKafkaStorageError, path_ + ": last entry is no index entry");
  }
  last_ = OffsetPosition{base_ + entry.relative, entry.position};
  return {};
}

void OffsetIndex::clear() {
  rewrite_ = rewrite_ || on_disk_ > 0;
  on_disk_ = 0;
  tail_.clear();
  last_.reset();
}

void OffsetIndex::append(Offset offset, std::uint32_t position) {
  if (last_ && (offset <= last_->offset || position <= last_->position)) return;
  tail_.push_back({static_cast<std::uint32_t>(offset - base_), position});
  last_ = OffsetPosition{offset, position};
}

Result<OffsetIndex::Entry> OffsetIndex::at(std::size_t i) const {
  if (i >= on_disk_) return tail_[i - on_disk_];
  TRY(const FilePtr file, files_->open(path_));
  std::array<std::byte, kEntrySize> bytes;
  TRY(const std::size_t n, file->read_now(i * kEntrySize, bytes));
  if (n != kEntrySize) return fail(ErrorCode::kKafkaStorageError, path_ + ": became shorter than its entries");
  return Entry{load_be<std::uint32_t>(bytes.data()), load_be<std::uint32_t>(bytes.data() + 4)};
}

template <class Field>
Result<OffsetPosition> OffsetIndex::floor(std::uint64_t target, Field field) const {
  std::size_t low = 0, high = entries();  // the first entry above the target is in [low, high]
  OffsetPosition best{base_, 0};
  if (!tail_.empty() && field(tail_.front()) <= target) low = on_disk_;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    TRY(const Entry entry, at(middle));
    if (field(entry) <= target) {
      best = {base_ + entry.relative, entry.position};
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return best;
}

Result<OffsetPosition> OffsetIndex::lookup(Offset target) const {
  if (target < base_ || entries() == 0) return OffsetPosition{base_, 0};
  if (target >= last_->offset) return *last_;
  return floor(static_cast<std::uint64_t>(target - base_), [](const Entry& e) { return e.relative; });
}

Result<OffsetPosition> OffsetIndex::lookup_position(std::uint64_t target) const {
  if (entries() == 0) return OffsetPosition{base_, 0};
  if (target >= last_->position) return *last_;
  return floor(target, [](const Entry& e) { return e.position; });
}

Result<> OffsetIndex::truncate_to(Offset offset) {
  std::size_t keep = entries();
  while (keep > 0) {
    TRY(const Entry entry, at(keep - 1));
    if (base_ + entry.relative < offset) break;
    --keep;
  }
  if (keep == entries()) return {};
  if (keep <= on_disk_) {
    rewrite_ = rewrite_ || keep < on_disk_;
    on_disk_ = keep;
    tail_.clear();
  } else {
    tail_.resize(keep - on_disk_);
  }
  last_.reset();
  if (keep > 0) {
    TRY(const Entry entry, at(keep - 1));
    last_ = OffsetPosition{base_ + entry.relative, entry.position};
  }
  return {};
}

Result<> OffsetIndex::flush() {
  if (tail_.empty() && !rewrite_) return {};
  TRY(const FilePtr file, files_->create(path_));
  if (rewrite_) TRY_VOID(file->truncate(on_disk_ * kEntrySize));
  rewrite_ = false;
  std::vector<std::byte> bytes(tail_.size() * kEntrySize);
  for (std::size_t i = 0; i < tail_.size(); ++i) {
    store_be(bytes.data() + i * kEntrySize, tail_[i].relative);
    store_be(bytes.data() + i * kEntrySize + 4, tail_[i].position);
  }
  if (auto written = file->write(on_disk_ * kEntrySize, bytes); !written) {
    rewrite_ = true;  // a prefix may be there
    return written;
  }
  on_disk_ += tail_.size();
  tail_ = {};
  return {};
}

}  // namespace thalweg::storage

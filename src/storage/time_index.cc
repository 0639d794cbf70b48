#include "storage/time_index.h"

#include <array>

#include "base/endian.h"

namespace thalweg::storage {

Result<> TimeIndex::load() {
  on_disk_ = 0;
  rewrite_ = false;
  tail_.clear();
  last_.reset();
  auto file = files_->open(path_);
  if (!file) return {};
  const std::uint64_t size = (*file)->size();
  if (size % kEntrySize != 0)
    return fail(ErrorCode::kKafkaStorageError, path_ + ": size " + std::to_string(size) + " is no multiple of 12");
  on_disk_ = size / kEntrySize;
  if (on_disk_ == 0) return {};
  TRY(const TimestampOffset entry, at(on_disk_ - 1));
  if (entry.offset < base_ || (on_disk_ > 1 && entry.timestamp == 0 && entry.offset == base_)) {
    on_disk_ = 0;
    return fail(ErrorCode::kKafkaStorageError, path_ + ": last entry is no time index entry");
  }
  last_ = entry;
  return {};
}

void TimeIndex::clear() {
  rewrite_ = rewrite_ || on_disk_ > 0;
  on_disk_ = 0;
  tail_.clear();
  last_.reset();
}

void TimeIndex::append(Timestamp timestamp, Offset offset) {
  if (timestamp < 0 || (last_ && (timestamp <= last_->timestamp || offset < last_->offset))) return;
  last_ = TimestampOffset{timestamp, offset};
  tail_.push_back(*last_);
}

Result<TimestampOffset> TimeIndex::at(std::size_t i) const {
  if (i >= on_disk_) return tail_[i - on_disk_];
  TRY(const FilePtr file, files_->open(path_));
  std::array<std::byte, kEntrySize> bytes;
  TRY(const std::size_t n, file->read_now(i * kEntrySize, bytes));
  if (n != kEntrySize) return fail(ErrorCode::kKafkaStorageError, path_ + ": became shorter than its entries");
  return TimestampOffset{load_be<std::int64_t>(bytes.data()), base_ + load_be<std::int32_t>(bytes.data() + 8)};
}

Result<TimestampOffset> TimeIndex::lookup(Timestamp target) const {
  std::size_t low = 0, high = entries();
  TimestampOffset best{kNoTimestamp, base_};
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    TRY(const TimestampOffset entry, at(middle));
    if (entry.timestamp <= target) {
      best = entry;
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return best;
}

Result<> TimeIndex::truncate_to(Offset offset) {
  std::size_t keep = entries();
  while (keep > 0) {
    TRY(const TimestampOffset entry, at(keep - 1));
    if (entry.offset < offset) break;
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
    TRY(last_, at(keep - 1));
  }
  return {};
}

Result<> TimeIndex::flush() {
  if (tail_.empty() && !rewrite_) return {};
  TRY(const FilePtr file, files_->create(path_));
  if (rewrite_) TRY_VOID(file->truncate(on_disk_ * kEntrySize));
  rewrite_ = false;
  std::vector<std::byte> bytes(tail_.size() * kEntrySize);
  for (std::size_t i = 0; i < tail_.size(); ++i) {
    store_be(bytes.data() + i * kEntrySize, tail_[i].timestamp);
    store_be(bytes.data() + i * kEntrySize + 8, static_cast<std::int32_t>(tail_[i].offset - base_));
  }
  if (auto written = file->write(on_disk_ * kEntrySize, bytes); !written) {
    rewrite_ = true;
    return written;
  }
  on_disk_ += tail_.size();
  tail_ = {};
  return {};
}

}  // namespace thalweg::storage

#include "storage/offset_index.h"

#include <array>

#include "base/endian.h"

namespace thalweg::storage {

Result<> OffsetIndex::load() {
  last_.reset();
  TRY(const bool whole, file_.load());
  if (!whole) return fail(ErrorCode::kCorruptMessage, path() + ": size is no multiple of 8");
  TRY_VOID(read_last());
  if (!last_) return {};
  // The rest of a preallocated file is zeros, which only the first entry of a segment may be.
  if (last_->offset < base_ || (entries() > 1 && *last_ == OffsetPosition{base_, 0}))
    return fail(ErrorCode::kCorruptMessage, path() + ": last entry is no index entry");
  return {};
}

Result<> OffsetIndex::read_last() {
  last_.reset();
  if (file_.empty()) return {};
  std::array<std::byte, kEntrySize> entry;
  TRY_VOID(file_.read(entries() - 1, entry.data()));
  last_ = decode(entry.data());
  return {};
}

OffsetPosition OffsetIndex::decode(const std::byte* entry) const {
  return {base_ + load_be<std::int32_t>(entry), load_be<std::uint32_t>(entry + 4)};
}

void OffsetIndex::clear() {
  file_.keep(0);
  last_.reset();
}

void OffsetIndex::append(Offset offset, std::uint32_t position) {
  if (last_ && (offset <= last_->offset || position <= last_->position)) return;
  std::array<std::byte, kEntrySize> entry;
  store_be(entry.data(), static_cast<std::int32_t>(offset - base_));
  store_be(entry.data() + 4, position);
  file_.append(entry);
  last_ = OffsetPosition{offset, position};
}

Result<OffsetPosition> OffsetIndex::lookup(Offset target) const {
  if (last_ && target >= last_->offset) return *last_;
  OffsetPosition best{base_, 0};
  TRY_VOID(file_.count_while([&](const std::byte* bytes) {
    const OffsetPosition entry = decode(bytes);
    if (entry.offset > target) return false;
    best = entry;
    return true;
  }));
  return best;
}

Result<OffsetPosition> OffsetIndex::lookup_position(std::uint64_t target) const {
  if (last_ && target >= last_->position) return *last_;
  OffsetPosition best{base_, 0};
  TRY_VOID(file_.count_while([&](const std::byte* bytes) {
    const OffsetPosition entry = decode(bytes);
    if (entry.position > target) return false;
    best = entry;
    return true;
  }));
  return best;
}

Result<> OffsetIndex::truncate_to(Offset offset) {
  TRY(const std::size_t count,
      file_.count_while([&](const std::byte* entry) { return decode(entry).offset < offset; }));
  file_.keep(count);
  return read_last();
}

}  // namespace thalweg::storage

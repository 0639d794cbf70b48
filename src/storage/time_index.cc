#include "storage/time_index.h"

#include <array>

#include "base/endian.h"

namespace thalweg::storage {

Result<> TimeIndex::load() {
  last_.reset();
  TRY(const bool whole, file_.load());
  if (!whole) return fail(ErrorCode::kCorruptMessage, path() + ": size is no multiple of 12");
  TRY_VOID(read_last());
  if (!last_) return {};
  if (last_->offset < base_ || (entries() > 1 && *last_ == TimestampOffset{0, base_}))
    return fail(ErrorCode::kCorruptMessage, path() + ": last entry is no time index entry");
  return {};
}

Result<> TimeIndex::read_last() {
  last_.reset();
  if (file_.empty()) return {};
  std::array<std::byte, kEntrySize> entry;
  TRY_VOID(file_.read(entries() - 1, entry.data()));
  last_ = decode(entry.data());
  return {};
}

TimestampOffset TimeIndex::decode(const std::byte* entry) const {
  return {load_be<std::int64_t>(entry), base_ + load_be<std::int32_t>(entry + 8)};
}

void TimeIndex::clear() {
  file_.keep(0);
  last_.reset();
}

void TimeIndex::append(Timestamp timestamp, Offset offset) {
  if (timestamp < 0 || (last_ && (timestamp <= last_->timestamp || offset < last_->offset))) return;
  std::array<std::byte, kEntrySize> entry;
  store_be(entry.data(), timestamp);
  store_be(entry.data() + 8, static_cast<std::int32_t>(offset - base_));
  file_.append(entry);
  last_ = TimestampOffset{timestamp, offset};
}

Result<TimestampOffset> TimeIndex::lookup(Timestamp target) const {
  TimestampOffset best{kNoTimestamp, base_};
  TRY_VOID(file_.count_while([&](const std::byte* bytes) {
    const TimestampOffset entry = decode(bytes);
    if (entry.timestamp > target) return false;
    best = entry;
    return true;
  }));
  return best;
}

Result<TimestampOffset> TimeIndex::lookup_offset(Offset target) const {
  TimestampOffset best{kNoTimestamp, base_};
  TRY_VOID(file_.count_while([&](const std::byte* bytes) {
    const TimestampOffset entry = decode(bytes);
    if (entry.offset > target) return false;
    best = entry;
    return true;
  }));
  return best;
}

Result<> TimeIndex::truncate_to(Offset offset) {
  TRY(const std::size_t count,
      file_.count_while([&](const std::byte* entry) { return decode(entry).offset < offset; }));
  file_.keep(count);
  return read_last();
}

}  // namespace thalweg::storage

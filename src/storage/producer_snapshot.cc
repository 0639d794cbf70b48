// The .snapshot file of ProducerStateManager: version 2 bytes, CRC-32C 4 bytes over what follows it, entry count 4
// bytes, then entries of 46 bytes in order of producer id.
#include <vector>

#include "base/crc32c.h"
#include "base/endian.h"
#include "storage/producer_state.h"

namespace thalweg::storage {
namespace {

constexpr std::int16_t kSnapshotVersion = 1;
constexpr std::size_t kCrcAt = 2, kCountAt = 6, kEntriesAt = 10;
constexpr std::size_t kEntrySize = 8 + 2 + 4 + 8 + 4 + 8 + 4 + 8;

std::unexpected<Error> bad_snapshot(const char* what) {
  return fail(ErrorCode::kCorruptMessage, std::string("producer snapshot ") + what);
}

void encode(ProducerId id, const ProducerEntry& entry, std::byte* to) {
  const ProducerBatch newest = entry.batches().empty() ? ProducerBatch{} : entry.batches().back();
  store_be(to, id.value);
  store_be(to + 8, entry.epoch.value);
  store_be(to + 10, newest.last_sequence);
  store_be(to + 14, newest.last_offset.value);
  store_be(to + 22, newest.offset_delta);
  store_be(to + 26, entry.last_timestamp);
  store_be(to + 34, entry.coordinator_epoch);
  store_be(to + 38, entry.transaction_first_offset.value_or(kNoOffset).value);
}

// Nothing if the numbers contradict each other, which a matching CRC does not exclude in a file from elsewhere.
std::optional<ProducerEntry> decode(const std::byte* from) {
  ProducerEntry entry;
  entry.epoch = {load_be<std::int16_t>(from + 8)};
  ProducerBatch newest;
  newest.last_sequence = load_be<std::int32_t>(from + 10);
  newest.last_offset = {load_be<std::int64_t>(from + 14)};
  newest.offset_delta = load_be<std::int32_t>(from + 22);
  entry.last_timestamp = load_be<std::int64_t>(from + 26);
  newest.timestamp = entry.last_timestamp;
  entry.coordinator_epoch = load_be<std::int32_t>(from + 34);
  const Offset first{load_be<std::int64_t>(from + 38)};
  if (first.value >= 0) entry.transaction_first_offset = first;
  if (newest.last_offset.value >= 0) {
    if (newest.offset_delta < 0 || newest.offset_delta > newest.last_offset.value) return std::nullopt;
    entry.add(newest);
  }
  return entry;
}

}  // namespace

SharedBytes ProducerStateManager::snapshot() const {
  std::vector<std::byte> file(kEntriesAt + producers_.size() * kEntrySize);
  store_be(file.data(), kSnapshotVersion);
  store_be(file.data() + kCountAt, static_cast<std::int32_t>(producers_.size()));
  std::byte* at = file.data() + kEntriesAt;
  for (const auto& [id, entry] : producers_) {
    encode(id, entry, at);
    at += kEntrySize;
  }
  store_be(file.data() + kCrcAt, crc32c(BytesView(file).subspan(kCountAt)));
  return SharedBytes::take(std::move(file));
}

Result<> ProducerStateManager::load_snapshot(BytesView file, Offset end, Timestamp now) {
  clear(end);
  if (file.size() < kEntriesAt) return bad_snapshot("is too short");
  if (load_be<std::int16_t>(file.data()) != kSnapshotVersion) return bad_snapshot("has an unknown version");
  if (load_be<std::uint32_t>(file.data() + kCrcAt) != crc32c(file.subspan(kCountAt)))
    return bad_snapshot("fails its checksum");
  const auto count = load_be<std::int32_t>(file.data() + kCountAt);
  file = file.subspan(kEntriesAt);
  if (count < 0 || file.size() != static_cast<std::size_t>(count) * kEntrySize)
    return bad_snapshot("has the wrong size");
  for (; !file.empty(); file = file.subspan(kEntrySize)) {
    const auto entry = decode(file.data());
    if (entry && is_expired(*entry, now)) continue;
    const ProducerId id{load_be<std::int64_t>(file.data())};
    // Two entries of one producer, or two transactions that begin at one offset, cannot have come from a log.
    const bool fits =
        entry && producers_.emplace(id, *entry).second &&
        (!entry->transaction_first_offset || ongoing_.emplace(*entry->transaction_first_offset, id).second);
    if (!fits) {
      clear(end);
      return bad_snapshot("contradicts itself");
    }
  }
  return {};
}

}  // namespace thalweg::storage

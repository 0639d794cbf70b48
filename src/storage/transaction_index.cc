#include "storage/transaction_index.h"

#include <algorithm>

#include "base/check.h"
#include "base/endian.h"

namespace thalweg::storage {
namespace {
constexpr std::int16_t kEntryVersion = 0;
}

AbortedTransaction AbortedTransaction::of(const CompletedTransaction& done) {
  CHECK(done.aborted);
  return {done.producer_id, done.first_offset, done.last_offset, done.last_stable_offset};
}

std::array<std::byte, AbortedTransaction::kSize> AbortedTransaction::encode() const {
  std::array<std::byte, kSize> bytes;
  store_be(bytes.data(), kEntryVersion);
  store_be(bytes.data() + 2, producer_id.value);
  store_be(bytes.data() + 10, first_offset.value);
  store_be(bytes.data() + 18, last_offset.value);
  store_be(bytes.data() + 26, last_stable_offset.value);
  return bytes;
}

Result<std::vector<AbortedTransaction>> parse_transaction_index(BytesView file) {
  if (file.size() % AbortedTransaction::kSize != 0)
    return fail(ErrorCode::kCorruptMessage, "transaction index ends inside an entry");
  std::vector<AbortedTransaction> entries;
  entries.reserve(file.size() / AbortedTransaction::kSize);
  for (; !file.empty(); file = file.subspan(AbortedTransaction::kSize)) {
    if (load_be<std::int16_t>(file.data()) < kEntryVersion)
      return fail(ErrorCode::kCorruptMessage, "transaction index entry with an unknown version");
    AbortedTransaction entry;
    entry.producer_id = {load_be<std::int64_t>(file.data() + 2)};
    entry.first_offset = {load_be<std::int64_t>(file.data() + 10)};
    entry.last_offset = {load_be<std::int64_t>(file.data() + 18)};
    entry.last_stable_offset = {load_be<std::int64_t>(file.data() + 26)};
    if (entry.first_offset > entry.last_offset)
      return fail(ErrorCode::kCorruptMessage, "transaction index entry that ends before it begins");
    if (!entries.empty() && entry.last_offset <= entries.back().last_offset)
      return fail(ErrorCode::kCorruptMessage, "transaction index entries do not rise");
    entries.push_back(entry);
  }
  return entries;
}

bool collect_aborted(std::span<const AbortedTransaction> entries, Offset from, Offset upper,
                     std::vector<AbortedTransaction>& found) {
  for (const auto& entry : entries) {
    if (entry.last_offset >= from && entry.first_offset < upper) found.push_back(entry);
    // All transactions that are not in the index yet begin at or after its last stable offset.
    if (entry.last_stable_offset >= upper) return true;
  }
  return false;
}

std::size_t entries_below(std::span<const AbortedTransaction> entries, Offset end) {
  const auto at = std::ranges::lower_bound(entries, end, {}, &AbortedTransaction::last_offset);
  return static_cast<std::size_t>(at - entries.begin());
}

}  // namespace thalweg::storage

// `.txnindex`: the aborted transactions whose marker lies in one segment, in order of their markers. 34 bytes each.
// Pure.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/types.h"
#include "storage/producer_state.h"

namespace thalweg::storage {

struct AbortedTransaction {
  ProducerId producer_id;
  Offset first_offset;
  Offset last_offset;         // of the abort marker
  Offset last_stable_offset;  // at that moment
  friend bool operator==(const AbortedTransaction&, const AbortedTransaction&) = default;

  static constexpr std::size_t kSize = 34;
  // REQUIRES: done.aborted
  static AbortedTransaction of(const CompletedTransaction& done);
  std::array<std::byte, kSize> encode() const;
};

// kCorruptMessage: size not a multiple of 34, unknown version, or markers that do not rise.
Result<std::vector<AbortedTransaction>> parse_transaction_index(BytesView file);

// Adds to `found` what a reader of [from, upper) must filter; several segments are asked in order. True when no later
// entry can matter, so that the caller stops looking.
bool collect_aborted(std::span<const AbortedTransaction> entries, Offset from, Offset upper,
                     std::vector<AbortedTransaction>& found);

// How many entries stay when the log is cut at `end`.
std::size_t entries_below(std::span<const AbortedTransaction> entries, Offset end);

}  // namespace thalweg::storage

#include "dispatch/progress.h"

#include "base/check.h"

namespace thalweg::dispatch {

const Progress::Entry& Progress::entry(std::uint64_t sequence) const {
  CHECK(sequence >= first_ && sequence < end());
  return entries_[sequence - first_];
}

std::uint64_t Progress::add(Offset offset, std::uint32_t bytes) {
  entries_.push_back({.offset = offset, .bytes = bytes});
  return end() - 1;
}

void Progress::settle(std::uint64_t sequence) {
  CHECK(!settled(sequence));
  entries_[sequence - first_].settled = true;
  while (!entries_.empty() && entries_.front().settled) {
    committable_ = entries_.front().offset + 1;
    entries_.pop_front();
    ++first_;
  }
  // Offsets between two records that are both settled or not there at all are passed as well.
  if (committable_ && !entries_.empty() && sequence < first_) committable_ = entries_.front().offset;
}

}  // namespace thalweg::dispatch

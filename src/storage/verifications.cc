#include "storage/verifications.h"

#include <algorithm>

namespace thalweg::storage {

VerificationGuard Verifications::begin(const VerificationStart& start, Timestamp now) {
  const auto known = entries_.find(start.producer_id);
  if (known != entries_.end() && start.epoch <= known->second.epoch) {
    auto& entry = known->second;
    if (start.epoch == entry.epoch) entry.lowest_sequence = std::min(entry.lowest_sequence, start.base_sequence);
    return entry.guard;
  }
  if (known == entries_.end() && entries_.size() >= kMax) forget_oldest();
  const VerificationGuard guard{++last_guard_};
  entries_.insert_or_assign(start.producer_id, Entry{guard, start.epoch, start.base_sequence, start.adds, now});
  return guard;
}

const Verifications::Entry* Verifications::find(ProducerId id) const {
  if (entries_.empty()) return nullptr;
  const auto at = entries_.find(id);
  return at == entries_.end() ? nullptr : &at->second;
}

void Verifications::remove_older(Timestamp before) {
  std::erase_if(entries_, [&](const auto& entry) { return entry.second.since <= before; });
}

void Verifications::forget_oldest() {
  entries_.erase(std::ranges::min_element(entries_, {}, [](const auto& entry) { return entry.second.guard; }));
}

}  // namespace thalweg::storage

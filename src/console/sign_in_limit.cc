#include "console/sign_in_limit.h"

#include <algorithm>

namespace thalweg::console {

Instant SignInLimit::refused_for(const std::string& address, Instant now) const {
  const auto at = failures_.find(address);
  if (at == failures_.end() || at->second.count < kFailuresMax) return Instant(0);
  return std::max(Instant(0), at->second.first + kSpan - now);
}

void SignInLimit::failed(const std::string& address, Instant now) {
  auto at = failures_.find(address);
  if (at == failures_.end() && failures_.size() >= kAddressesMax)
    failures_.erase(std::ranges::min_element(failures_, {}, [](const auto& entry) { return entry.second.first; }));
  auto& failures = failures_[address];
  if (failures.count == 0 || now - failures.first >= kSpan) failures = {now, 0};
  ++failures.count;
}

}  // namespace thalweg::console

#include "protocol/error_tally.h"

#include <algorithm>

namespace thalweg::protocol {

void ErrorTally::add(const ErrorTally& other) {
  other.for_each([this](ErrorCode code, std::uint32_t times) { add(code, times); });
}

void ErrorTally::add_error(ErrorCode code, std::uint32_t times) {
  const auto known = std::ranges::find(errors_, code, &std::pair<ErrorCode, std::uint32_t>::first);
  if (known != errors_.end())
    known->second += times;
  else
    errors_.emplace_back(code, times);
}

}  // namespace thalweg::protocol

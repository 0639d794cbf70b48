// How many times each error code stands in a message, success among them: what Kafka counts of a response
// (AbstractResponse.errorCounts). A Writer keeps it while it writes, so no response has to be gone through for it.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/error_code.h"

namespace thalweg::protocol {

class ErrorTally {
 public:
  void add(ErrorCode code, std::uint32_t times = 1) {
    if (code == ErrorCode::kNone)
      none_ += times;
    else
      add_error(code, times);
  }
  void add(const ErrorTally& other);
  // Calls with (ErrorCode, times) for every code that is there.
  template <class F>
  void for_each(F call) const {
    if (none_ > 0) call(ErrorCode::kNone, none_);
    for (const auto& [code, times] : errors_) call(code, times);
  }

 private:
  void add_error(ErrorCode code, std::uint32_t times);

  std::uint32_t none_ = 0;
  std::vector<std::pair<ErrorCode, std::uint32_t>> errors_;  // few are different
};

}  // namespace thalweg::protocol

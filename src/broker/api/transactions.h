// What the APIs of transactions share.
#pragma once

#include <cstdint>

#include "base/error_code.h"

namespace thalweg::broker {

// Clients before KIP-588 know a fenced producer by the older name. `since` is the version that brought the new one.
inline ErrorCode fenced_as_known(ErrorCode error, std::int16_t version, std::int16_t since) {
  return error == ErrorCode::kProducerFenced && version < since ? ErrorCode::kInvalidProducerEpoch : error;
}

}  // namespace thalweg::broker

// What a log read gives back, brought into memory: for those who look at records instead of sending them on.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/task.h"

namespace thalweg::storage {

// All of `pieces` as one run of bytes; file ranges are read. A range that became shorter since (truncation) is an
// error.
Task<Result<SharedBytes>> gather(Pieces pieces);

}  // namespace thalweg::storage

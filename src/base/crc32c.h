// CRC-32C (Castagnoli), the checksum of record batches, journals and producer snapshots. isa-l does the work.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace thalweg {

// crc32c("123456789") == 0xe3069283. Pass the result of earlier bytes as `seed` to go on.
std::uint32_t crc32c(BytesView bytes, std::uint32_t seed = 0);

}  // namespace thalweg

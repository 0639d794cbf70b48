// Packing gzip by isa-l, which is several times faster than zlib; zlib only for the levels that isa-l does not reach.
#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"

namespace thalweg::record {

SharedBytes compress_gzip(BytesView plain, std::optional<int> level);

}  // namespace thalweg::record

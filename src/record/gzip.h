// gzip by isa-l, which is several times faster than zlib both ways; zlib only for the levels that isa-l does not reach.
#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace thalweg::record {

SharedBytes compress_gzip(BytesView plain, std::optional<int> level);
Result<SharedBytes> decompress_gzip(BytesView packed, std::size_t limit);

}  // namespace thalweg::record

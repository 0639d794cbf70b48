// One codec packing one body. Private to this module; Packer chooses among them.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "record/growing_buffer.h"

namespace thalweg::record {

class PackingStream {
 public:
  virtual ~PackingStream() = default;
  virtual void add(BytesView plain, GrowingBuffer& out) = 0;
  virtual void finish(GrowingBuffer& out) = 0;
};

// By isa-l, which is several times faster than zlib; zlib only for the levels that isa-l does not reach.
std::unique_ptr<PackingStream> gzip_packing(std::optional<int> level);

}  // namespace thalweg::record

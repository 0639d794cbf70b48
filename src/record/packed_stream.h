// A compressed body that is unpacked piece by piece, so that memory is what the codec's own window needs and not what
// the body unpacks to. Private to this module; Unpacker chooses among them and counts.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace thalweg::record {

class PackedStream {
 public:
  virtual ~PackedStream() = default;
  // Begins with a new body, which stays where it is until it is over or another begins. What the codec must hold of it
  // at once, a window or a block, may have up to `history_max` bytes.
  virtual void start(BytesView packed, std::size_t history_max) = 0;
  // Writes the next bytes; 0 is possible before the end. Reads at most kInputStep bytes, so that a body that unpacks to
  // nothing costs no more at a time than one that unpacks to much. kCorruptMessage: damaged, cut, or too large a
  // window. REQUIRES: !over(), !into.empty()
  virtual Result<std::size_t> next(MutableBytes into) = 0;
  // Bytes of the body that were not read yet.
  virtual std::size_t left() const = 0;
  virtual bool over() const = 0;

 protected:
  static constexpr std::size_t kInputStep = std::size_t{256} << 10;
};

std::unique_ptr<PackedStream> gzip_stream();
std::unique_ptr<PackedStream> snappy_stream();
std::unique_ptr<PackedStream> lz4_stream();
std::unique_ptr<PackedStream> zstd_stream();

inline std::unexpected<Error> corrupt(const char* codec, const char* what) {
  return fail(ErrorCode::kCorruptMessage, std::string(codec) + ": " + what);
}

}  // namespace thalweg::record

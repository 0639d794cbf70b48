#include "record/compression.h"

#include "record/growing_buffer.h"
#include "record/packed_stream.h"
#include "record/packer.h"
#include "record/unpacker.h"

namespace thalweg::record {

SharedBytes compress(Codec codec, BytesView plain, std::optional<int> level) {
  Packer packer(codec, level, plain.size());
  packer.add(plain);
  return std::move(packer).finish();
}

Result<SharedBytes> decompress(Codec codec, BytesView packed, std::size_t limit) {
  if (codec == Codec::kNone) {
    if (packed.size() > limit) return corrupt("none", "larger than allowed");
    return SharedBytes::copy_of(packed);
  }
  Unpacker unpacker;
  unpacker.start(codec, packed, {.unpacked = limit, .history = limit});
  GrowingBuffer out(packed.size() * 3);
  while (!unpacker.over()) {
    TRY(const std::size_t written, unpacker.next(out.room_up_to(limit + 1)));  // next() refuses what needs the last
    out.commit(written);
  }
  return std::move(out).take();
}

}  // namespace thalweg::record

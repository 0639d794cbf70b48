#include "record/gzip.h"

#include <isa-l/igzip_lib.h>
#include <zlib.h>

#include <algorithm>
#include <climits>
#include <memory>
#include <vector>

#include "record/growing_buffer.h"

namespace thalweg::record {
namespace {

constexpr int kIsalLevelMax = 3;
constexpr int kDefaultLevel = -1;  // java.util.zip's spelling of "the usual one"

unsigned char* input(BytesView bytes) {
  return reinterpret_cast<unsigned char*>(
      const_cast<std::byte*>(bytes.data()));  // read only, but declared without const
}
unsigned char* output(MutableBytes bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }
unsigned chunk(std::size_t size) { return static_cast<unsigned>(std::min<std::size_t>(size, INT_MAX)); }

SharedBytes compress_with_isal(BytesView plain, int level) {
  constexpr std::uint32_t kBuffers[] = {ISAL_DEF_LVL0_DEFAULT, ISAL_DEF_LVL1_DEFAULT, ISAL_DEF_LVL2_DEFAULT,
                                        ISAL_DEF_LVL3_DEFAULT};
  const auto stream = std::make_unique<isal_zstream>();
  isal_deflate_init(stream.get());
  const auto work = std::make_unique_for_overwrite<unsigned char[]>(kBuffers[level]);
  stream->gzip_flag = IGZIP_GZIP;
  stream->level = static_cast<std::uint32_t>(level);
  stream->level_buf = work.get();
  stream->level_buf_size = kBuffers[level];
  GrowingBuffer out(plain.size() / 3 + 128);
  do {
    if (stream->avail_in == 0) {
      const BytesView part = plain.first(chunk(plain.size()));
      plain = plain.subspan(part.size());
      stream->next_in = input(part);
      stream->avail_in = static_cast<std::uint32_t>(part.size());
      stream->end_of_stream = plain.empty();
    }
    const MutableBytes room = out.room(4096);
    stream->next_out = output(room);
    stream->avail_out = chunk(room.size());
    CHECK(isal_deflate(stream.get()) == COMP_OK);
    out.commit(chunk(room.size()) - stream->avail_out);
  } while (stream->internal_state.state != ZSTATE_END);
  return std::move(out).take();
}

SharedBytes compress_with_zlib(BytesView plain, int level) {
  constexpr int kGzipWindow = 15 + 16;
  z_stream stream{};
  CHECK(deflateInit2(&stream, level, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  GrowingBuffer out(plain.size() / 3 + 128);
  int state = Z_OK;
  do {
    if (stream.avail_in == 0) {
      const BytesView part = plain.first(chunk(plain.size()));
      plain = plain.subspan(part.size());
      stream.next_in = input(part);
      stream.avail_in = static_cast<unsigned>(part.size());
    }
    const MutableBytes room = out.room(4096);
    stream.next_out = output(room);
    stream.avail_out = chunk(room.size());
    state = deflate(&stream, plain.empty() ? Z_FINISH : Z_NO_FLUSH);
    CHECK(state != Z_STREAM_ERROR);
    out.commit(chunk(room.size()) - stream.avail_out);
  } while (state != Z_STREAM_END);
  deflateEnd(&stream);
  return std::move(out).take();
}

}  // namespace

SharedBytes compress_gzip(BytesView plain, std::optional<int> level) {
  const int wanted = level.value_or(kDefaultLevel);
  if (wanted == kDefaultLevel) return compress_with_isal(plain, 2);
  return wanted <= kIsalLevelMax ? compress_with_isal(plain, std::max(wanted, 0))
                                 : compress_with_zlib(plain, std::min(wanted, 9));
}

}  // namespace thalweg::record

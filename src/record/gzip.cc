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

std::unexpected<Error> corrupt(const char* what) { return fail(ErrorCode::kCorruptMessage, what); }

}  // namespace

SharedBytes compress_gzip(BytesView plain, std::optional<int> level) {
  const int wanted = level.value_or(kDefaultLevel);
  if (wanted == kDefaultLevel) return compress_with_isal(plain, 2);
  return wanted <= kIsalLevelMax ? compress_with_isal(plain, std::max(wanted, 0))
                                 : compress_with_zlib(plain, std::min(wanted, 9));
}

Result<SharedBytes> decompress_gzip(BytesView packed, std::size_t limit) {
  const auto state = std::make_unique<inflate_state>();
  isal_inflate_init(state.get());
  state->crc_flag = ISAL_GZIP;
  GrowingBuffer out(packed.size() * 3);
  while (true) {
    if (state->avail_in == 0) {
      const BytesView part = packed.first(chunk(packed.size()));
      packed = packed.subspan(part.size());
      state->next_in = input(part);
      state->avail_in = static_cast<std::uint32_t>(part.size());
    }
    const MutableBytes room = out.room_up_to(limit + 1);
    if (room.empty()) return corrupt("gzip: unpacks to more than allowed");
    const unsigned in_before = state->avail_in, room_size = chunk(room.size());
    state->next_out = output(room);
    state->avail_out = room_size;
    if (isal_inflate(state.get()) != ISAL_DECOMP_OK) return corrupt("gzip: damaged");
    const unsigned produced = room_size - state->avail_out;
    out.commit(produced);
    if (state->block_state == ISAL_BLOCK_FINISH) {
      if (state->avail_in == 0 && packed.empty()) break;
      isal_inflate_reset(state.get());  // another member follows
      state->crc_flag = ISAL_GZIP;
    } else if (produced == 0 && state->avail_in == in_before && packed.empty()) {
      return corrupt("gzip: ends early");
    }
  }
  if (out.size() > limit) return corrupt("gzip: unpacks to more than allowed");
  return std::move(out).take();
}

}  // namespace thalweg::record

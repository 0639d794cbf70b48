#include <isa-l/igzip_lib.h>
#include <zlib.h>

#include <algorithm>
#include <climits>
#include <memory>

#include "base/check.h"
#include "record/packing_stream.h"

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

class IsalPacking : public PackingStream {
 public:
  explicit IsalPacking(int level) : work_(std::make_unique_for_overwrite<unsigned char[]>(kBuffers[level])) {
    isal_deflate_init(stream_.get());
    stream_->gzip_flag = IGZIP_GZIP;
    stream_->level = static_cast<std::uint32_t>(level);
    stream_->level_buf = work_.get();
    stream_->level_buf_size = kBuffers[level];
  }
  void add(BytesView plain, GrowingBuffer& out) override {
    while (!plain.empty()) {
      const BytesView part = plain.first(chunk(plain.size()));
      plain = plain.subspan(part.size());
      run(part, out);
    }
  }
  void finish(GrowingBuffer& out) override {
    stream_->end_of_stream = 1;
    run({}, out);
  }

 private:
  static constexpr std::uint32_t kBuffers[] = {ISAL_DEF_LVL0_DEFAULT, ISAL_DEF_LVL1_DEFAULT, ISAL_DEF_LVL2_DEFAULT,
                                               ISAL_DEF_LVL3_DEFAULT};
  // Until all was read, and at the end until all is out.
  void run(BytesView part, GrowingBuffer& out) {
    stream_->next_in = input(part);
    stream_->avail_in = static_cast<std::uint32_t>(part.size());
    do {
      const MutableBytes room = out.room(4096);
      stream_->next_out = output(room);
      stream_->avail_out = chunk(room.size());
      const auto offered = stream_->avail_out;
      CHECK(isal_deflate(stream_.get()) == COMP_OK);
      out.commit(offered - stream_->avail_out);
    } while (stream_->end_of_stream ? stream_->internal_state.state != ZSTATE_END
                                    : stream_->avail_in > 0 || stream_->avail_out == 0);
  }

  const std::unique_ptr<isal_zstream> stream_ = std::make_unique<isal_zstream>();
  const std::unique_ptr<unsigned char[]> work_;
};

class ZlibPacking : public PackingStream {
 public:
  explicit ZlibPacking(int level) {
    constexpr int kGzipWindow = 15 + 16;
    CHECK(deflateInit2(&stream_, level, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  }
  ~ZlibPacking() override { deflateEnd(&stream_); }
  void add(BytesView plain, GrowingBuffer& out) override {
    while (!plain.empty()) {
      const BytesView part = plain.first(chunk(plain.size()));
      plain = plain.subspan(part.size());
      run(part, Z_NO_FLUSH, out);
    }
  }
  void finish(GrowingBuffer& out) override { run({}, Z_FINISH, out); }

 private:
  void run(BytesView part, int flush, GrowingBuffer& out) {
    stream_.next_in = input(part);
    stream_.avail_in = static_cast<unsigned>(part.size());
    int state = Z_OK;
    do {
      const MutableBytes room = out.room(4096);
      stream_.next_out = output(room);
      stream_.avail_out = chunk(room.size());
      const auto offered = stream_.avail_out;
      state = deflate(&stream_, flush);
      CHECK(state != Z_STREAM_ERROR);
      out.commit(offered - stream_.avail_out);
    } while (flush == Z_FINISH ? state != Z_STREAM_END : stream_.avail_in > 0 || stream_.avail_out == 0);
  }

  z_stream stream_{};
};

}  // namespace

std::unique_ptr<PackingStream> gzip_packing(std::optional<int> level) {
  const int wanted = level.value_or(kDefaultLevel);
  if (wanted == kDefaultLevel) return std::make_unique<IsalPacking>(2);
  if (wanted <= kIsalLevelMax) return std::make_unique<IsalPacking>(std::max(wanted, 0));
  return std::make_unique<ZlibPacking>(std::min(wanted, 9));
}

}  // namespace thalweg::record

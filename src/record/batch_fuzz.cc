// Whatever bytes come in: splitting, walking and decompressing neither crash nor read outside. A record that was read
// is built again in every codec and must come back. A batch passes the walk if and only if it can be read in full.
#include <cstdint>

#include "record/builder.h"
#include "record/record.h"
#include "record/record_walk.h"

using namespace thalweg;
using namespace thalweg::record;

namespace {

constexpr std::size_t kLimit = 1 << 20;

void walk(const BatchView& batch) {
  auto reader = RecordReader::open(batch, kLimit);
  if (!reader) return;
  BatchBuilder builder({.codec = static_cast<Codec>(batch.size() % kCodecCount)});
  while (true) {
    const auto record = reader->next();
    if (!record || !*record) break;
    auto headers = (*record)->headers();
    std::vector<HeaderView> kept;
    while (true) {
      const auto header = headers.next();
      if (!header || !*header) break;
      kept.push_back(**header);
    }
    builder.append({(*record)->timestamp, (*record)->key, (*record)->value, kept});
  }
  if (builder.empty()) return;
  const SharedBytes again = builder.build();
  const auto view = BatchView::at(again);
  CHECK(view && view->crc_ok());
  auto back = RecordReader::open(*view);
  CHECK(back);
  for (std::int32_t i = 0; i < builder.count(); ++i) CHECK(back->next()->has_value());
  CHECK(!back->next()->has_value());
}

bool reads_in_full(const BatchView& batch) {
  auto reader = RecordReader::open(batch);
  if (!reader) return false;
  for (std::int32_t index = 0;; ++index) {
    const auto record = reader->next();
    if (!record) return false;
    if (!*record) return true;
    if ((*record)->offset_delta != index) return false;
    auto headers = (*record)->headers();
    while (true) {
      const auto header = headers.next();
      if (!header) return false;
      if (!*header) break;
    }
  }
}

void compare(const BatchView& batch) {
  static WalkRoom room;
  RecordWalk walk(batch, room);
  bool passes = true;
  while (passes && !walk.over()) passes = walk.step(1 + batch.size() % 5000).has_value();
  CHECK(passes == reads_in_full(batch));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView bytes = std::as_bytes(std::span(data, size));
  BatchReader reader(bytes);
  while (true) {
    const auto batch = reader.next();
    if (!batch || !*batch) break;
    (*batch)->crc_ok();
    if ((*batch)->is_control()) (void)read_control_record(**batch);
    walk(**batch);
    compare(**batch);
  }
  // The codecs alone reach deeper than through a whole batch.
  if (size > 0) (void)decompress(static_cast<Codec>(data[0] % kCodecCount), bytes.subspan(1), kLimit);
  return 0;
}

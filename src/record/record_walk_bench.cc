// What it costs to look at the records of batches, by codec: GB of records a second and nanoseconds a record, of the
// walk alone and of the checksum beside it.
//   build/release/bin/record_walk_bench
#include <cstdio>
#include <string>

#include "record/builder.h"
#include "record/record_walk.h"
#include "seconds_each.h"

using namespace thalweg;
using namespace thalweg::record;

namespace {

constexpr std::size_t kBatchBytes = std::size_t{1} << 20;

// Text that packs about as well as JSON does.
SharedBytes batch_of(Codec codec, std::size_t value_size) {
  BatchBuilder builder({.codec = codec});
  std::uint64_t state = 1;
  for (std::int64_t i = 0; builder.size() < kBatchBytes; ++i) {
    std::string value;
    while (value.size() < value_size) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      value += "\"field\":" + std::to_string(state >> 44) + ',';
    }
    value.resize(value_size);
    builder.append({.timestamp = 1'700'000'000'000 + i, .key = as_bytes("key-1234"), .value = as_bytes(value)});
  }
  return builder.build();
}

}  // namespace

int main() {
  std::printf("%-8s %6s %10s %12s %12s\n", "codec", "value", "walk GB/s", "ns/record", "crc GB/s");
  for (int codec = 0; codec < kCodecCount; ++codec) {
    for (const std::size_t size : {100u, 1024u, 10'240u}) {
      const SharedBytes bytes = batch_of(static_cast<Codec>(codec), size);
      const auto batch = BatchView::at(bytes);
      WalkRoom room;
      std::uint64_t unpacked = 0;
      const double walk = seconds_each(0.2, [&] { unpacked = walk_records(*batch, room)->unpacked_bytes; });
      const double crc = seconds_each(0.2, [&] { CHECK(batch->crc_ok()); });
      std::printf("%-8s %6zu %10.2f %12.1f %12.2f\n", std::string(name(static_cast<Codec>(codec))).c_str(), size,
                  static_cast<double>(unpacked) / walk / 1e9, walk * 1e9 / batch->record_count(),
                  static_cast<double>(bytes.size()) / crc / 1e9);
    }
  }
}

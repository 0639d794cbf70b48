// Random snapshot files, with a right checksum so that the fuzzer gets past it: never a crash, and what loads saves as
// it was.
#include <cstdint>
#include <vector>

#include "base/crc32c.h"
#include "base/endian.h"
#include "storage/producer_state.h"

using namespace thalweg;
using namespace thalweg::storage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> file(size);
  for (std::size_t i = 0; i < size; ++i) file[i] = static_cast<std::byte>(data[i]);
  ProducerStateManager state;
  (void)state.load_snapshot(file, {1000}, 1'700'000'000'000);
  if (size < 10) return 0;
  store_be(file.data() + 2, crc32c(BytesView(file).subspan(6)));
  if (!state.load_snapshot(file, {1000}, 1'700'000'000'000)) return 0;
  const SharedBytes saved = state.snapshot();
  ProducerStateManager again;
  CHECK(again.load_snapshot(saved, {1000}, 1'700'000'000'000));
  CHECK(again.snapshot() == saved);
  CHECK(again.first_unstable_offset() == state.first_unstable_offset());
  state.remove_expired(INT64_MAX);
  return 0;
}

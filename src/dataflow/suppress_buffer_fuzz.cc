// A suppression's changelog may have been written by anybody: whatever is in it is restored, or refused as damaged, and
// what is restored comes out again.
#include "dataflow/memory_stores.h"
#include "dataflow/state_store.h"
#include "thalweg/streams/detail/suppress_buffer.h"

using namespace thalweg::streams;
using namespace thalweg::streams::detail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto kept = memory_stores(1);
  BufferedStore state("sup", kept->store(0), 0, true);
  SuppressBuffer buffer(state);
  try {
    // Keys of one byte, so that some of them come again.
    for (std::size_t at = 0; at + 2 <= bytes.size();) {
      const std::string_view key = bytes.substr(at, 1);
      const std::string_view value = bytes.substr(at + 2, static_cast<unsigned char>(bytes[at + 1]));
      buffer.restore({.key = key, .value = value, .headers = {{"v", "\3"}}});
      at += 2 + value.size();
    }
    (void)buffer.bytes();
    (void)buffer.prior(bytes.substr(0, 1));
    std::size_t records = buffer.records();
    buffer.evict_while([] { return true; }, [&](std::string_view, const Suppress&) { --records; });
    if (records != 0) __builtin_trap();
  } catch (const StoreFailure&) {
  }
  return 0;
}

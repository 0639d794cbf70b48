// Changelogs of stream joins: whatever is in them is restored or refused, and lists are no longer than their bytes.
#include "dataflow/memory_stores.h"
#include "dataflow/state_store.h"
#include "thalweg/streams/detail/join_stores.h"

using namespace thalweg::streams;
using namespace thalweg::streams::detail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto kept = memory_stores(2);
  BufferedStore seen("seen", kept->store(0), 0, true), alone("alone", kept->store(1), 1, true);
  JoinBytes join(seen, milliseconds(100));
  LonelyBytes lonely(alone);
  const std::string_view key = bytes.substr(0, bytes.size() / 2), value = bytes.substr(bytes.size() / 2);
  try {
    join.restore({.key = key, .value = value});
    join.put("a", 5, "value");
    for (const auto at = join.fetch("a", 0, 1000); at->next();) (void)join.time_of(at->key());
  } catch (const StoreFailure&) {
  }
  try {
    lonely.restore({.key = key, .value = value});
    for (const auto at = lonely.all(); at->next();)
      if (const auto values = LonelyBytes::values(at->value()); values && values->size() * 5 > at->value().size())
        __builtin_trap();
  } catch (const StoreFailure&) {
  }
  return 0;
}

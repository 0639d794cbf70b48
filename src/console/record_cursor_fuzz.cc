// Any text as a cursor: one that is read is written so that it is read again.
#include <cstdint>

#include "base/check.h"
#include "console/record_cursor.h"

using namespace thalweg::console;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto cursor = RecordCursor::of({reinterpret_cast<const char*>(data), size});
  if (!cursor) return 0;
  const auto again = RecordCursor::of(cursor->text());
  CHECK(again && again->topic_id == cursor->topic_id && again->offsets == cursor->offsets);
  return 0;
}

// Any text as a cursor, and as the two of a stretch of letters: one that is read is written so that it is read again.
#include <cstdint>

#include "base/check.h"
#include "console/letter_stretch.h"

using namespace thalweg::console;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto stretch = LetterStretch::of(text)) {
    const auto again = LetterStretch::of(stretch->text());
    CHECK(again && again->from.offsets == stretch->from.offsets && again->to.offsets == stretch->to.offsets);
  }
  const auto cursor = RecordCursor::of(text);
  if (!cursor) return 0;
  const auto again = RecordCursor::of(cursor->text());
  CHECK(again && again->topic_id == cursor->topic_id && again->offsets == cursor->offsets);
  return 0;
}

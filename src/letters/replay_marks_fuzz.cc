// Metadata that strangers committed: what is read is written again as it was, or was nothing.
#include <cstdint>

#include "base/check.h"
#include "letters/replay_marks.h"

using namespace thalweg;
using letters::ReplayMarks;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto marks = ReplayMarks::of(Offset{10}, text);
  CHECK(marks.below() == Offset{10});
  const auto written = marks.metadata(1u << 20);
  CHECK(ReplayMarks::of(Offset{10}, written).metadata(1u << 20) == written);
  marks.add(Offset{11});
  CHECK(marks.has(Offset{11}));
  marks.add(Offset{10});
  CHECK(marks.below() >= Offset{12});
  return 0;
}

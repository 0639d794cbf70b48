// Any text as a line of what is remembered, under a right checksum: one that is read is written so that it is read
// again.
#include <fmt/format.h>

#include <cstdint>

#include "base/check.h"
#include "base/crc32c.h"
#include "console/change_lines.h"

using namespace thalweg;
using namespace thalweg::console;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_line(text);
  const auto line = read_line(fmt::format("{:08x} {}", crc32c(as_bytes(text)), text));
  if (!line) return 0;
  auto again = written(*line, size % 256);
  again.pop_back();
  const auto reread = read_line(again);
  CHECK(reread && written(*reread) == written(*line));
  return 0;
}

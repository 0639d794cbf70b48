// Any text as a cursor: none, or one that says again what it said, of parts that a plan can go on with.
#include <cstdint>
#include <string_view>

#include "base/base64.h"
#include "base/check.h"
#include "base/crc32c.h"
#include "base/endian.h"
#include "search/cursor.h"

using namespace thalweg;
using namespace thalweg::search;

namespace {

void look_at(std::string_view text) {
  const auto cursor = decode_cursor(text);
  if (!cursor) return;
  const auto again = decode_cursor(encode(*cursor));
  CHECK(again && again->parts.size() == cursor->parts.size() && again->counts == cursor->counts);
  for (const auto& part : cursor->parts)
    CHECK(part.first_begin <= part.begin && part.begin <= part.end && part.end <= part.first_end && part.stride > 0);
  for (const auto order : {Order::kNewestFirst, Order::kOldestFirst}) {
    const Plan plan(order, cursor->parts);
    CHECK(plan.offsets_passed() <= plan.offsets());
    if (const auto window = plan.next()) CHECK(window->from < window->to);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  look_at(text);
  // The same bytes with the checksum that fits, since no fuzzer guesses one.
  std::byte crc[4];
  store_be(crc, crc32c(as_bytes(text)));
  std::string whole = base64(std::string(text) + std::string(as_text(crc)));
  while (whole.ends_with('=')) whole.pop_back();
  for (char& c : whole) c = c == '+' ? '-' : c == '/' ? '_' : c;
  look_at(whole);
  return 0;
}

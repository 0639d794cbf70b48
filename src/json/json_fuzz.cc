// Any bytes: a value or an error with its place, never a crash; what was read is written so that it is read again, and
// sorting and printing say the same.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "json/parser.h"
#include "json/writer.h"

using namespace thalweg::json;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto value = parse(text, {.depth = 64, .duplicates = size % 2 == 0});
  if (!value) {
    CHECK(value.error().message.starts_with("line "));
    return 0;
  }
  const auto again = parse(write(*value), {.depth = 64, .duplicates = true});
  CHECK(again && *again == *value);
  const auto pretty = parse(write_pretty(*value), {.depth = 64, .duplicates = true});
  CHECK(pretty && *pretty == *value);
  Value sorted = *value;
  sort_members(sorted);
  CHECK(equivalent(sorted, *value));
  return 0;
}

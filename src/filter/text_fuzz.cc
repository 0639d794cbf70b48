// Any text as a filter: it compiles, or the mistake lies within the text and says something. What compiles answers for
// a record.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "filter/filter.h"

using namespace thalweg;
using namespace thalweg::filter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto filter = Filter::compile(text, 1'769'860'800'000);
  if (!filter) {
    const Mistake& mistake = filter.error();
    CHECK(!mistake.message.empty() && mistake.length > 0 && mistake.at <= text.size());
    return 0;
  }
  FilterRun run(*filter);
  const auto verdict =
      run.test({.partition = {1}, .offset = {7}, .key = "k", .value = R"({"a":[1,{"b":"c"}],"d":"\u00e9"})"});
  CHECK((verdict == Verdict::kUnknown) == (run.trouble() != Trouble::kNone));
  return 0;
}

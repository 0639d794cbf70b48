// Headers of any names and bytes: nothing is read beyond them, and what belongs to no family says nothing.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "letters/dead_letter.h"

using namespace thalweg::letters;

// Lines of "name=bytes"; without "=" the header has none.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<HeaderBytes> headers;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto split = line.find('=');
    headers.emplace_back(line.substr(0, split), std::nullopt);
    if (split != line.npos) headers.back().second = line.substr(split + 1);
  }
  const auto letter = dead_letter_in(headers);
  const bool some = std::ranges::any_of(headers, [](const auto& header) { return is_of_family(header.first); });
  CHECK(letter.family.has_value() == some);
  CHECK(some || !letter.topic);
  lacks_record(letter, true, false);
  is_queue_name(letter.topic.value_or(""));
  return 0;
}

#include "console/letter_stretch.h"

#include <algorithm>
#include <utility>

namespace thalweg::console {

std::optional<LetterStretch> LetterStretch::of(std::string_view text) {
  const auto between = text.find('~');
  if (between == text.npos) return std::nullopt;
  auto from = RecordCursor::of(text.substr(0, between)), to = RecordCursor::of(text.substr(between + 1));
  if (!from || from->direction != ReadDirection::kOldestFirst) return std::nullopt;
  if (!to || to->direction != ReadDirection::kNewestFirst) return std::nullopt;
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (from->topic_id != to->topic_id || from->offsets.empty()) return std::nullopt;
  if (!std::ranges::equal(from->offsets, to->offsets, same)) return std::nullopt;
  return LetterStretch{*std::move(from), *std::move(to)};
}

}  // namespace thalweg::console

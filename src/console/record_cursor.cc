#include "console/record_cursor.h"

#include "base/number.h"

namespace thalweg::console {
namespace {

// Takes away what stands before the next dot.
std::string_view next_word(std::string_view& rest) {
  const auto dot = rest.find('.');
  const auto word = rest.substr(0, dot);
  rest = dot == rest.npos ? std::string_view() : rest.substr(dot + 1);
  return word;
}

std::optional<ReadDirection> direction_of(std::string_view word) {
  for (const auto direction : {ReadDirection::kNewestFirst, ReadDirection::kOldestFirst, ReadDirection::kLive})
    if (word.size() == 1 && word[0] == static_cast<char>(direction)) return direction;
  return std::nullopt;
}

}  // namespace

std::string RecordCursor::text() const {
  std::string text = to_string(topic_id) + "." + static_cast<char>(direction);
  for (const auto& [partition, offset] : offsets) text += "." + to_string(partition) + "-" + to_string(offset);
  return text;
}

std::optional<RecordCursor> RecordCursor::of(std::string_view text) {
  if (text.ends_with('.')) return std::nullopt;
  const auto id = Uuid::parse(next_word(text));
  const auto direction = direction_of(next_word(text));
  if (!id || !direction) return std::nullopt;
  RecordCursor cursor{.topic_id = *id, .direction = *direction, .offsets = {}};
  while (!text.empty()) {
    const auto word = next_word(text);
    const auto dash = word.find('-');
    if (dash == word.npos) return std::nullopt;
    const auto partition = parse_number<std::int32_t>(word.substr(0, dash));
    const auto offset = parse_number<std::int64_t>(word.substr(dash + 1));
    if (!partition || !offset || *partition < 0 || *offset < 0) return std::nullopt;
    if (!cursor.offsets.emplace(PartitionId{*partition}, Offset{*offset}).second) return std::nullopt;
  }
  return cursor;
}

}  // namespace thalweg::console

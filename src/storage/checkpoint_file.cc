#include "storage/checkpoint_file.h"

#include <cstdint>
#include <optional>

#include "base/number.h"

namespace thalweg::storage {
namespace {

constexpr std::string_view kVersion = "0";

std::unexpected<Error> bad(std::string what) {
  return fail(ErrorCode::kKafkaStorageError, "checkpoint file " + std::move(what));
}

// Takes one line off `text`. A last line may lack its line feed; Windows line ends are taken too.
std::optional<std::string_view> take_line(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const auto end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// "topic partition offset"
std::optional<std::pair<TopicPartition, Offset>> parse_entry(std::string_view line) {
  const auto first = line.find(' ');
  const auto second = first == line.npos ? line.npos : line.find(' ', first + 1);
  if (second == line.npos || first == 0) return std::nullopt;
  const auto partition = parse_number<std::int32_t>(line.substr(first + 1, second - first - 1));
  const auto offset = parse_number<std::int64_t>(line.substr(second + 1));
  if (!partition || !offset || *partition < 0) return std::nullopt;
  return std::pair{TopicPartition{std::string(line.substr(0, first)), {*partition}}, Offset{*offset}};
}

}  // namespace

Result<std::vector<std::string_view>> parse_checkpoint(std::string_view text) {
  const auto version = take_line(text);
  if (!version) return bad("is empty");
  if (*version != kVersion) return bad("has the unknown version '" + std::string(*version) + "'");
  const auto count_line = take_line(text);
  const auto count = count_line ? parse_number<std::int32_t>(*count_line) : std::nullopt;
  if (!count || *count < 0) return bad("has no count of its lines");
  std::vector<std::string_view> lines;
  while (const auto line = take_line(text)) lines.push_back(*line);
  if (lines.size() != static_cast<std::size_t>(*count))
    return bad("has " + std::to_string(lines.size()) + " lines where it claims " + std::to_string(*count));
  return lines;
}

std::string print_checkpoint(const std::vector<std::string>& lines) {
  std::string text(kVersion);
  text += '\n';
  text += std::to_string(lines.size());
  text += '\n';
  for (const auto& line : lines) {
    text += line;
    text += '\n';
  }
  return text;
}

Result<OffsetCheckpoint> parse_offset_checkpoint(std::string_view text) {
  TRY(const auto lines, parse_checkpoint(text));
  OffsetCheckpoint offsets;
  for (const auto line : lines) {
    auto entry = parse_entry(line);
    if (!entry) return bad("has the line '" + std::string(line) + "'");
    offsets[std::move(entry->first)] = entry->second;
  }
  return offsets;
}

OffsetCheckpoint salvage_offset_checkpoint(std::string_view text) {
  OffsetCheckpoint offsets;
  text = text.substr(0, text.rfind('\n') + 1);  // a number at the end may lack its last digits
  if (take_line(text) != kVersion) return offsets;
  take_line(text);  // the count, which is wrong
  while (const auto line = take_line(text))
    if (auto entry = parse_entry(*line)) offsets[std::move(entry->first)] = entry->second;
  return offsets;
}

std::string print_offset_checkpoint(const OffsetCheckpoint& offsets) {
  std::vector<std::string> lines;
  lines.reserve(offsets.size());
  for (const auto& [partition, offset] : offsets)
    lines.push_back(partition.topic + " " + to_string(partition.partition) + " " + to_string(offset));
  return print_checkpoint(lines);
}

}  // namespace thalweg::storage

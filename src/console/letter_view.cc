#include "console/letter_view.h"

#include "base/number.h"
#include "letters/replay.h"

namespace thalweg::console {
namespace {

// Strangers may write anything where a number should be: then nothing is said.
template <class T>
std::optional<T> number_in(const std::optional<std::string>& text) {
  return text ? parse_number<T>(*text) : std::nullopt;
}

Letter as_letter(const UnpackedRecord& found, const RecordView& view, const SchemasById& schemas) {
  const auto headers = letter_headers(found.record);
  const auto said = letters::dead_letter_in(headers);
  auto cause = cause_of(letter_place(view.partition, found.record), headers);
  auto record = as_record(found, view, schemas);
  Letter letter{.partition = view.partition,
                .offset = record.offset,
                .timestamp = record.timestamp,
                .cause = std::move(cause.id),
                .family = cause.family,
                .origin = std::move(cause.origin),
                .origin_partition = number_in<std::int32_t>(said.partition),
                .origin_offset = number_in<std::int64_t>(said.offset),
                .group = std::move(cause.group),
                .attempts = number_in<std::int64_t>(said.attempts),
                .error = std::move(cause.error),
                .message = std::move(cause.message),
                .key = std::move(record.key),
                .value = std::move(record.value),
                .sent_before = false,
                .stays = {}};
  const auto way = letters::way_back(said, found.record.key.has_value(), found.record.value.has_value(), view.topic);
  if (!way) letter.stays = std::string(sentence(way.error()));
  return letter;
}

}  // namespace

std::vector<letters::HeaderBytes> letter_headers(const record::RecordView& record) {
  std::vector<letters::HeaderBytes> headers;
  auto walk = record.headers();
  for (auto header = walk.next(); header && *header; header = walk.next())
    headers.emplace_back((*header)->key, (*header)->value ? std::optional(as_text(*(*header)->value)) : std::nullopt);
  return headers;
}

LetterCensus::Place letter_place(std::int32_t partition, const record::RecordView& record) {
  return {partition, record.offset.value, record.timestamp};
}

std::vector<Letter> as_letters(const UnpackedRecords& found, const RecordView& view, const SchemasById& schemas) {
  std::vector<Letter> letters;
  for (const auto& one : found.records) letters.push_back(as_letter(one, view, schemas));
  return letters;
}

}  // namespace thalweg::console

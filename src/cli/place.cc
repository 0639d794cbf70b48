#include "cli/place.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "admin/offsets.h"
#include "cli/reset_offsets.h"

namespace thalweg::cli {
namespace {

constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}, {"w", 604'800'000}};

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// "90s" -> milliseconds
std::optional<std::int64_t> parse_ago(const std::string& text) {
  const auto digits = text.find_first_not_of("0123456789");
  const auto number = parse_integer(text.substr(0, digits));
  if (digits == text.npos || !number) return {};
  for (const auto& [unit, millis] : kUnits)
    if (text.substr(digits) == unit && *number <= INT64_MAX / millis) return *number * millis;
  return {};
}

Result<Timestamp> parse_place_time(const std::string& text) {
  return parse_date_time(text.contains('T') ? text : text + "T00:00:00");
}

}  // namespace

Result<Place> parse_place(const std::string& text, Timestamp now) {
  using enum Place::Kind;
  if (text == "start") return Place{kStart, 0};
  if (text == "end") return Place{kEnd, 0};
  const auto number = parse_integer(text);
  if (all_digits(text) && number) return Place{kOffset, *number};
  if (text.starts_with('@') && all_digits(text.substr(1)))
    if (const auto millis = parse_integer(text.substr(1))) return Place{kTime, *millis};
  if (text.starts_with('-') && all_digits(text.substr(1)) && number && *number < 0) return Place{kLast, -*number};
  if (text.starts_with('-'))
    if (const auto ago = parse_ago(text.substr(1))) return Place{kTime, std::max<Timestamp>(now - *ago, 0)};
  if (const auto time = parse_place_time(text); time && *time >= 0) return Place{kTime, *time};
  return invalid(
      fmt::format("'{}' is no place: there are start, end, an offset, -100 (the last 100), a time like "
                  "2026-01-31T12:00:00Z, -1h (an hour ago) and @1700000000000",
                  text));
}

Task<Result<std::map<TopicPartition, Extent>>> find_extents(admin::Client& client,
                                                            std::vector<TopicPartition> partitions) {
  std::map<TopicPartition, std::int64_t> latest, earliest;
  for (const auto& tp : partitions) latest[tp] = admin::kLatest, earliest[tp] = admin::kEarliest;
  CO_TRY(const auto ends, co_await admin::list_offsets(client, std::move(latest)));
  CO_TRY(const auto begins, co_await admin::list_offsets(client, std::move(earliest)));
  std::map<TopicPartition, Extent> extents;
  for (const auto& tp : partitions) {
    CO_TRY(const auto begin, begins.at(tp));
    CO_TRY(const auto end, ends.at(tp));
    extents[tp] = {begin.offset, end.offset};
  }
  co_return extents;
}

Task<Result<std::map<TopicPartition, Offset>>> find_place(admin::Client& client,
                                                          std::map<TopicPartition, Extent> extents, Place place) {
  std::map<TopicPartition, Result<admin::OffsetAt>> by_time;
  if (place.kind == Place::Kind::kTime) {
    std::map<TopicPartition, std::int64_t> at;
    for (const auto& [tp, extent] : extents) at[tp] = place.number;
    CO_TRY(by_time, co_await admin::list_offsets(client, std::move(at)));
  }
  std::map<TopicPartition, Offset> offsets;
  for (const auto& [tp, extent] : extents) {
    Offset& offset = offsets[tp];
    switch (place.kind) {
      case Place::Kind::kStart:
        offset = extent.begin;
        break;
      case Place::Kind::kEnd:
        offset = extent.end;
        break;
      case Place::Kind::kOffset:
        offset = std::clamp(Offset{place.number}, extent.begin, std::max(extent.begin, extent.end));
        break;
      case Place::Kind::kLast:
        offset = std::max(extent.begin, Offset{std::max<std::int64_t>(extent.end.value - place.number, 0)});
        break;
      case Place::Kind::kTime: {
        CO_TRY(const auto found, by_time.at(tp));
        offset = found.offset.value < 0 ? extent.end : found.offset;
        break;
      }
    }
  }
  co_return offsets;
}

}  // namespace thalweg::cli

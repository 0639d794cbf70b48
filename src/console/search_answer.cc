#include "console/search_answer.h"

#include <algorithm>

#include "base/base64.h"
#include "base/utf8.h"
#include "broker/broker_shard.h"
#include "console/columns.h"
#include "search/cursor.h"

namespace thalweg::console {
namespace {

// A cut may go through a character.
std::string_view without_half_character(const search::Side& side) {
  std::string_view text = side.bytes;
  for (int i = 0; side.is_cut() && i < 3 && !is_utf8(text); ++i)
    text.remove_suffix(std::min<std::size_t>(1, text.size()));
  return is_utf8(text) ? text : std::string_view(side.bytes);
}

std::optional<FoundSide> as_side(const std::optional<search::Side>& side) {
  if (!side) return std::nullopt;
  FoundSide out{.bytes = std::int64_t(side->size), .cut = side->is_cut(), .text = {}, .base64 = {}, .read = {}};
  const std::string_view shown = without_half_character(*side);
  if (is_utf8(shown))
    out.text = shown;
  else
    out.base64 = base64(shown);
  if (side->read) {
    const auto& read = *side->read;
    out.read = FoundReading{.schema = read.schema_id, .json = read.json, .cut = read.is_cut, .problem = {}};
    if (!read.problem.empty()) out.read->problem = read.problem;
  }
  return out;
}

bool has_more(const BegunSearch& begun) {
  const auto has_more = [](const search::Part& part) { return part.left() > 0; };
  return !begun.unreached.empty() || std::ranges::any_of(begun.search.plan().parts(), has_more);
}

std::string problem_in_words(const Error& error) { return std::string(name(error.code)) + ": " + error.message; }

}  // namespace

FoundRecord as_found(const search::Match& match) {
  FoundRecord out{.partition = match.partition.value,
                  .offset = match.offset.value,
                  .timestamp = {},
                  .key = as_side(match.key),
                  .value = as_side(match.value),
                  .headers = {},
                  .header_count = std::int32_t(match.header_count),
                  .bytes = std::int64_t(match.size),
                  .columns = {}};
  if (match.timestamp != kNoTimestamp) out.timestamp = match.timestamp;
  for (const auto& column : match.columns) out.columns.push_back(as_column(column));
  for (const auto& [name, value] : match.headers) out.headers.push_back({.name = name, .value = as_side(value)});
  return out;
}

SearchProgress progress_of(const search::Plan& plan) {
  const auto& counts = plan.counts();
  return {.records = std::int64_t(counts.records),
          .bytes = std::int64_t(counts.bytes),
          .matches = std::int64_t(counts.matches),
          .troubled = std::int64_t(counts.troubled),
          .unreadable = std::int64_t(counts.unreadable),
          .offsets = plan.offsets_passed(),
          .of_offsets = plan.offsets(),
          .frontier = plan.frontier()};
}

std::vector<SearchPartition> partitions_of(const BegunSearch& begun) {
  std::vector<SearchPartition> rows;
  for (const auto& part : begun.search.plan().parts()) {
    auto& row = rows.emplace_back(SearchPartition{.partition = part.partition.value,
                                                  .begin = part.begin.value,
                                                  .end = part.end.value,
                                                  .offsets = part.all() - part.left(),
                                                  .of_offsets = part.all(),
                                                  .problem = {}});
    if (part.failed) row.problem = problem_in_words(*part.failed);
  }
  for (const auto& [partition, why] : begun.unreached)
    rows.push_back({.partition = partition,
                    .begin = 0,
                    .end = 0,
                    .offsets = 0,
                    .of_offsets = 0,
                    .problem = problem_in_words(why)});
  std::ranges::sort(rows, {}, &SearchPartition::partition);
  return rows;
}

std::vector<std::int32_t> unreached_in(const BegunSearch& begun) {
  std::vector<std::int32_t> numbers;
  for (const auto& [partition, why] : begun.unreached) numbers.push_back(partition);
  return numbers;
}

Task<std::optional<SearchEnd>> look_on_until(const Call& call, BegunSearch& begun, std::size_t matches_max,
                                             Instant deadline, std::vector<FoundRecord>& found) {
  auto& clock = call.broker().shard0().clock;
  for (;;) {
    if (begun.search.is_done()) co_return has_more(begun) ? SearchEnd::kProblem : SearchEnd::kEnd;
    if (found.size() >= matches_max) co_return SearchEnd::kMatches;
    if (call.shared.searches.is_stopping()) co_return SearchEnd::kStopped;
    auto& searches = call.shared.searches;
    const bool beside_clients = co_await searches.pace().clients_are_served();
    const std::size_t bytes = begun.window.bytes(beside_clients);
    const Instant began = clock.now();
    for (const auto& match : co_await begun.search.look_on(matches_max - found.size(), bytes))
      found.push_back(as_found(match));
    if (beside_clients) {
      const Instant took = clock.now() - began;
      begun.window.took(took);
      co_await clock.sleep_for(rest_after(took, searches.running()));
    }
    if (clock.now() >= deadline && !begun.search.is_done() && found.size() < matches_max) co_return std::nullopt;
  }
}

SearchAnswer answer_of(const BegunSearch& begun, SearchEnd why) {
  const auto& plan = begun.search.plan();
  SearchAnswer answer{.progress = progress_of(plan),
                      .partitions = partitions_of(begun),
                      .elsewhere = unreached_in(begun),
                      .troubles = {},
                      .why = why,
                      .cursor = {},
                      .items = {}};
  for (const auto& trouble : begun.search.troubles())
    answer.troubles.push_back(
        {.partition = trouble.partition.value, .offset = trouble.offset.value, .why = trouble.why});
  if (has_more(begun)) answer.cursor = search::encode(begun.search.cursor());
  return answer;
}

}  // namespace thalweg::console

#include "console/search_request.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

#include "base/number.h"
#include "console/columns.h"
#include "console/problem.h"
#include "console/record_places.h"
#include "filter/time_text.h"

namespace thalweg::console {
namespace {

constexpr std::int32_t kWaitMsMax = 10'000;

Outcome<> check_numbers(const GetTopicSearch& asked) {
  const auto within = [](std::int32_t number, std::int64_t least, std::int64_t most) {
    return number >= least && number <= most;
  };
  if (!within(asked.limit, 1, search::kMatchesMax)) return std::unexpected(invalid("limit", "a number from 1 to 500"));
  if (!within(asked.preview, 0, search::kPreviewMax))
    return std::unexpected(invalid("preview", "a number from 0 to 65536"));
  if (asked.offset && *asked.offset < 0) return std::unexpected(invalid("offset", "0 or more"));
  if (!within(asked.wait_ms, 0, kWaitMsMax)) return std::unexpected(invalid("wait_ms", "a number from 0 to 10000"));
  return {};
}

Outcome<std::optional<Timestamp>> time_of(const std::string& name, const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  if (const auto ms = parse_number<std::int64_t>(*text); ms && *ms >= 0) return ms;
  if (const auto ms = filter::parse_timestamp(*text); ms && *ms >= 0) return ms;
  return std::unexpected(invalid(name, "a time: milliseconds since 1970, or like 2026-01-31T12:00:00Z"));
}

// "0,3,5-7"
Outcome<std::set<std::int32_t>> numbers_of(std::string_view text) {
  const auto wrong = [] {
    return std::unexpected(invalid("partitions", "numbers like 0,3,5-7, of at most 256 partitions"));
  };
  std::set<std::int32_t> numbers;
  while (!text.empty()) {
    const std::string_view range = text.substr(0, text.find(','));
    text.remove_prefix(std::min(range.size() + 1, text.size()));
    const auto dash = range.find('-');
    const auto first = parse_number<std::int32_t>(range.substr(0, dash));
    const auto last = dash == range.npos ? first : parse_number<std::int32_t>(range.substr(dash + 1));
    if (!first || !last || *first < 0 || *last < *first || *last - *first >= std::int32_t(search::kPartitionsMax))
      return wrong();
    for (std::int32_t number = *first; number <= *last; ++number) numbers.insert(number);
    if (numbers.size() > search::kPartitionsMax) return wrong();
  }
  return numbers;
}

// Those that are asked for, and that the filter allows.
Outcome<std::vector<PartitionId>> chosen_partitions(const metadata::Topic& topic, const std::string& asked,
                                                    const filter::Facts& facts) {
  TRY(const auto numbers, numbers_of(asked));
  const auto count = std::int32_t(topic.partitions.size());
  if (!numbers.empty() && *numbers.rbegin() >= count)
    return std::unexpected(problem_of(ErrorCode::kUnknownTopicOrPartition,
                                      "There is no partition " + std::to_string(*numbers.rbegin()),
                                      "the last one is " + std::to_string(count - 1)));
  std::vector<PartitionId> partitions;
  for (std::int32_t number = 0; number < count; ++number)
    if ((numbers.empty() || numbers.contains(number)) && facts.allows({number})) partitions.push_back({number});
  if (partitions.size() > search::kPartitionsMax)
    return std::unexpected(
        invalid("partitions", "some of them: the topic has " + std::to_string(count) + ", and one search takes 256"));
  return partitions;
}

// Those of which nobody said where they begin when the search began.
std::vector<PartitionId> left_out(const std::vector<PartitionId>& chosen, const std::vector<search::Part>& parts) {
  std::vector<PartitionId> missing;
  for (const auto partition : chosen)
    if (std::ranges::find(parts, partition, &search::Part::partition) == parts.end()) missing.push_back(partition);
  return missing;
}

Outcome<search::Cursor> cursor_of(const std::string& text, const metadata::Topic& topic, const GetTopicSearch& asked,
                                  search::Order order) {
  auto cursor = search::decode_cursor(text);
  if (!cursor) return std::unexpected(invalid("cursor", "that of an answer before, as it is"));
  if (cursor->topic_id != topic.id)
    return std::unexpected(
        problem_of(ErrorCode::kUnknownTopicId, "The topic was deleted and made again", "search without the cursor"));
  if (cursor->wish != search::wish_hash(asked.where, order, !asked.uncommitted))
    return std::unexpected(invalid("cursor", "used with the where, order and uncommitted that it came of"));
  for (const auto& part : cursor->parts)
    if (part.partition.value >= std::int32_t(topic.partitions.size()))
      return std::unexpected(invalid("cursor", "that of an answer before, as it is"));
  return *std::move(cursor);
}

Task<decode::SchemaOf> schema_of(Call call, std::int32_t id) {
  const auto known = co_await call.shared.schemas.of(call, {id});
  const auto found = known.find(id);
  co_return found == known.end() ? decode::SchemaOf{.id = id, .schema = {}, .problem = {}} : found->second.found;
}

search::Search::SchemaOf schemas_for(const Call& call) {
  return [call](std::int32_t id) { return schema_of(call, id); };
}

// Here where a replica is, and else at who leads the partition.
Task<Result<search::Looked>> look_anywhere(Searches* searches, LeaderReader* leaders, search::ReadWish wish) {
  auto& reader = searches->reader_of(wish.key);
  auto looked = co_await reader.shard().call(reader, &search::ShardReader::look, wish);
  const bool is_not_here = !looked && (looked.error().code == ErrorCode::kNotLeaderOrFollower ||
                                       looked.error().code == ErrorCode::kKafkaStorageError);
  if (is_not_here) co_return co_await leaders->look(std::move(wish));
  co_return looked;
}

}  // namespace

Outcome<filter::Filter> compile_filter(const std::string& where, Timestamp now) {
  if (where.empty()) return filter::Filter::any();
  auto filter = filter::Filter::compile(where, now);
  if (filter) return *std::move(filter);
  const auto& mistake = filter.error();
  Problem problem =
      problem_of(ErrorCode::kInvalidRequest, "where, at " + std::to_string(mistake.at) + ": " + mistake.message,
                 mistake.nearest.empty() ? "" : mistake.nearest + " is the nearest name");
  problem.fields = {{"where", mistake.message}};
  return std::unexpected(std::move(problem));
}

Task<Outcome<std::unique_ptr<BegunSearch>>> begin_search(const Call& call, const GetTopicSearch& asked) {
  CO_TRY_VOID(check_numbers(asked));
  CO_TRY(const auto topic, find_readable_topic(call, asked.topic));
  const auto order = asked.order == SearchOrder::kOldest ? search::Order::kOldestFirst : search::Order::kNewestFirst;
  std::optional<search::Cursor> cursor;
  if (asked.cursor) {
    CO_TRY(cursor, cursor_of(*asked.cursor, *topic, asked, order));
  }
  const Timestamp now = cursor ? cursor->now : call.now;
  CO_TRY(auto compiled, compile_filter(asked.where, now));
  CO_TRY(auto columns, columns_of(asked.columns, now));
  auto slot = call.shared.searches.begin();
  if (!slot)
    co_return std::unexpected(problem_of(ErrorCode::kThrottlingQuotaExceeded, "Eight searches run here already",
                                         "end one, or ask again in a moment"));
  SearchBounds bounds{.order = order, .committed = !asked.uncommitted, .first = Offset{asked.offset.value_or(0)}};
  CO_TRY(bounds.from, time_of("from", asked.from));
  CO_TRY(bounds.until, time_of("until", asked.until));
  CO_TRY(auto partitions, chosen_partitions(*topic, asked.partitions, compiled.facts()));
  if (cursor) partitions = left_out(partitions, cursor->parts);
  auto leaders = std::make_unique<LeaderReader>(call, topic->id, slot->number());
  auto ranges = co_await find_ranges(call, topic->id, std::move(partitions), compiled.facts(), bounds, *leaders);
  if (cursor) std::ranges::move(cursor->parts, std::back_inserter(ranges.parts));
  std::ranges::sort(ranges.parts, {}, &search::Part::partition);
  search::Plan plan(order, std::move(ranges.parts));
  if (cursor) plan.add(cursor->counts);
  search::Wish wish{.topic_id = topic->id,
                    .filter = std::make_shared<const filter::Filter>(std::move(compiled)),
                    .now = now,
                    .committed = !asked.uncommitted,
                    .preview = std::size_t(asked.preview),
                    .columns = std::move(columns)};
  auto look = [searches = &call.shared.searches, leaders = leaders.get()](search::ReadWish of) {
    return look_anywhere(searches, leaders, std::move(of));
  };
  search::Search search(std::move(wish), std::move(plan), std::move(look), schemas_for(call));
  co_return std::make_unique<BegunSearch>(*std::move(slot), std::move(leaders), std::move(search),
                                          std::size_t(asked.limit), std::move(ranges.unreached));
}

}  // namespace thalweg::console

#include "console/search_request.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/number.h"
#include "broker/broker_shard.h"
#include "console/columns.h"
#include "console/figures.h"
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

search::Part part_of(PartitionId partition, Offset begin, Offset end) {
  end = std::max(begin, end);
  return {.partition = partition,
          .first_begin = begin,
          .first_end = end,
          .begin = begin,
          .end = end,
          .frontier = {},
          .failed = {}};
}

// What a new search begins with.
class Ranges {
 public:
  Ranges(const Call& call, const metadata::Topic& topic, const filter::Facts& facts, search::Order order,
         bool committed, Offset first)
      : call_(call), topic_(topic), facts_(facts), order_(order), committed_(committed), first_(first) {}

  std::vector<search::Part> parts;
  std::vector<std::int32_t> elsewhere;

  Task<Outcome<>> find(std::vector<PartitionId> partitions, std::optional<Timestamp> from,
                       std::optional<Timestamp> until) {
    std::vector<replica::PartitionKey> keys;
    for (const auto partition : partitions) keys.push_back({topic_.id, partition});
    const auto figures = co_await figures_here(call_.broker(), keys);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (!figures[i] || figures[i]->offline)
        elsewhere.push_back(keys[i].partition.value);
      else
        CO_TRY_VOID(co_await add(keys[i], *figures[i], from, until));
    }
    co_return Outcome<>();
  }

 private:
  Task<Outcome<>> add(replica::PartitionKey key, const Figures& figures, std::optional<Timestamp> from,
                      std::optional<Timestamp> until) {
    Offset begin = figures.offsets.start,
           end = committed_ ? figures.offsets.last_stable : figures.offsets.high_watermark;
    begin = std::max({begin, Offset{facts_.first_offset}, first_});
    if (Offset{facts_.last_offset} < end) end = Offset{facts_.last_offset} + 1;
    // What the filter says itself only saves work, so it may fail: nobody looks for times but the leader.
    if (facts_.not_before && *facts_.not_before > 0)
      if (const auto at = co_await offset_at(key, *facts_.not_before)) begin = std::max(begin, at->value_or(end));
    if (from) {
      CO_TRY(const auto at, told(co_await offset_at(key, *from)));
      begin = std::max(begin, at.value_or(end));
    }
    if (until) {
      CO_TRY(const auto at, told(co_await offset_at(key, *until)));
      end = std::min(end, at.value_or(end));
    }
    parts.push_back(part_of(key.partition, begin, end));
    co_await note_time(key, parts.back());
    co_return Outcome<>();
  }

  // So that the partition that has the newest records goes first. Where that fails, so will the search of it, and says
  // why.
  Task<> note_time(replica::PartitionKey key, search::Part& part) const {
    if (part.is_done()) co_return;
    auto& reader = call_.shared.searches.reader_of(key);
    search::EdgeWish wish{.key = key, .order = order_, .isolation = isolation(), .begin = part.begin, .end = part.end};
    if (const auto time = co_await reader.shard().call(reader, &search::ShardReader::edge_time, wish))
      part.frontier = *time;
  }
  replica::Isolation isolation() const {
    return committed_ ? replica::Isolation::kLastStable : replica::Isolation::kHighWatermark;
  }

  // Of the first record of that time or later; nothing: there is none.
  Task<Result<std::optional<Offset>>> offset_at(replica::PartitionKey key, Timestamp time) const {
    auto& owner = call_.broker().owner_of(key);
    const replica::OffsetQuery query{.kind = replica::OffsetQuery::Kind::kTimestamp, .timestamp = time};
    CO_TRY(const auto found,
           co_await owner.shard.call(owner.partitions, &replica::Partitions::find_offset, key, query));
    co_return found.offset == kNoOffset ? std::nullopt : std::optional(found.offset);
  }

  const Call& call_;
  const metadata::Topic& topic_;
  const filter::Facts& facts_;
  const search::Order order_;
  const bool committed_;
  const Offset first_;
};

// Those that a search with a cursor never had: no replica of them was here when it began.
std::vector<std::int32_t> left_out(const std::vector<PartitionId>& chosen, const std::vector<search::Part>& parts) {
  std::vector<std::int32_t> missing;
  for (const auto partition : chosen)
    if (std::ranges::find(parts, partition, &search::Part::partition) == parts.end())
      missing.push_back(partition.value);
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
  Ranges ranges(call, *topic, compiled.facts(), order, !asked.uncommitted, Offset{asked.offset.value_or(0)});
  CO_TRY(auto partitions, chosen_partitions(*topic, asked.partitions, compiled.facts()));
  if (cursor) {
    ranges.parts = std::move(cursor->parts);
    ranges.elsewhere = left_out(partitions, ranges.parts);
  } else {
    CO_TRY(const auto from, time_of("from", asked.from));
    CO_TRY(const auto until, time_of("until", asked.until));
    CO_TRY_VOID(co_await ranges.find(std::move(partitions), from, until));
  }
  search::Plan plan(order, std::move(ranges.parts));
  if (cursor) plan.add(cursor->counts);
  search::Wish wish{.topic_id = topic->id,
                    .filter = std::make_shared<const filter::Filter>(std::move(compiled)),
                    .now = now,
                    .committed = !asked.uncommitted,
                    .preview = std::size_t(asked.preview),
                    .columns = std::move(columns)};
  const auto reader_of = [&searches = call.shared.searches](const replica::PartitionKey& key) -> search::ShardReader& {
    return searches.reader_of(key);
  };
  co_return std::make_unique<BegunSearch>(
      *std::move(slot), search::Search(std::move(wish), std::move(plan), reader_of, schemas_for(call)),
      std::size_t(asked.limit), std::move(ranges.elsewhere));
}

}  // namespace thalweg::console

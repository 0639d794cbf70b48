// /topics/{topic}/records: a page of records of several partitions, in order of time.
#include <algorithm>
#include <map>

#include "console/listing.h"
#include "console/record_order.h"
#include "console/record_places.h"
#include "console/record_reading.h"
#include "console/routes.h"

namespace thalweg::console {
namespace {

ReadIsolation isolation_of(const GetTopicRecords& asked) {
  return asked.isolation == RecordIsolation::kAll ? ReadIsolation::kUncommitted : ReadIsolation::kCommitted;
}

ReadDirection direction_of(RecordsFrom from) {
  switch (from) {
    case RecordsFrom::kNewest:
      return ReadDirection::kNewestFirst;
    case RecordsFrom::kLive:
      return ReadDirection::kLive;
    case RecordsFrom::kOldest:
    case RecordsFrom::kTime:
    case RecordsFrom::kOffset:
      break;
  }
  return ReadDirection::kOldestFirst;
}

Outcome<> check_asked(const GetTopicRecords& asked) {
  TRY_VOID(check_page(0, asked.limit));
  if (asked.cursor) return {};
  if (asked.from == RecordsFrom::kOffset && asked.offset.value_or(-1) < 0)
    return std::unexpected(invalid("offset", "an offset, from 0, with from=offset"));
  if (asked.from == RecordsFrom::kTime && asked.time.value_or(-1) < 0)
    return std::unexpected(invalid("time", "milliseconds since 1970, with from=time"));
  return {};
}

// What a request comes to: which partitions, which way, and where each begins unless it is at an end.
struct Begin {
  ReadDirection direction;
  std::vector<PartitionPlace> places;
  std::optional<RecordCursor> cursor;
};

Outcome<Begin> begin_of(const metadata::Topic& topic, const GetTopicRecords& asked) {
  TRY_VOID(check_asked(asked));
  if (!asked.cursor) {
    TRY(auto places, places_in(topic, asked.partitions));
    return Begin{direction_of(asked.from), std::move(places), std::nullopt};
  }
  auto cursor = RecordCursor::of(*asked.cursor);
  if (!cursor || cursor->offsets.empty() || cursor->offsets.size() > kPartitionsMax)
    return std::unexpected(invalid("cursor", "what the page before said"));
  if (cursor->topic_id != topic.id) {
    Problem problem = invalid("cursor", "of this topic");
    problem.hint = "the topic was deleted and made again: begin anew";
    return std::unexpected(std::move(problem));
  }
  Begin begin{cursor->direction, {}, std::nullopt};
  for (const auto& [partition, offset] : cursor->offsets) {
    if (std::size_t(partition.value) >= topic.partitions.size())
      return std::unexpected(invalid("cursor", "of partitions that are there"));
    begin.places.push_back(place_in(topic, partition));
  }
  begin.cursor = std::move(cursor);
  return begin;
}

// Where the page begins in that partition; kNoOffset: nowhere in particular.
Offset position_of(const Begin& begin, PartitionId partition, const GetTopicRecords& asked, const LogEdges& edges) {
  if (begin.cursor) return begin.cursor->offsets.at(partition);
  if (asked.from == RecordsFrom::kOffset) return Offset{*asked.offset};
  return asked.from == RecordsFrom::kTime ? edges.at_time : kNoOffset;
}

// `said` is where to begin; kNoOffset: nowhere in particular.
ReadLane lane_of(PartitionPlace place, ReadDirection direction, Offset start, Offset end, Offset said, bool by_time) {
  ReadLane lane{.place = std::move(place),
                .log_start = start,
                .start = start,
                .end = end,
                .position = end,
                .problem = {},
                .ready = {}};
  if (direction == ReadDirection::kOldestFirst) {
    const bool none_so_late = by_time && said == kNoOffset;
    lane.position = none_so_late ? end : std::max(start, said);
  } else if (direction == ReadDirection::kNewestFirst) {
    lane.position = said == kNoOffset ? end : std::min(end, said);
  } else {
    lane.start = said == kNoOffset ? end : std::clamp(said, start, std::max(start, end));
  }
  return lane;
}

Task<std::vector<ReadLane>> lanes_of(const Call& call, const Begin& begin, const GetTopicRecords& asked) {
  const bool by_time = !begin.cursor && asked.from == RecordsFrom::kTime;
  std::vector<thalweg::TopicPartition> partitions;
  for (const auto& place : begin.places) partitions.push_back({place.topic, place.partition});
  const auto edges =
      co_await edges_of(call, std::move(partitions), by_time ? asked.time : std::nullopt, isolation_of(asked));
  std::vector<ReadLane> lanes;
  for (std::size_t i = 0; i < begin.places.size(); ++i) {
    if (edges[i]) {
      const Offset said = position_of(begin, begin.places[i].partition, asked, *edges[i]);
      lanes.push_back(lane_of(begin.places[i], begin.direction, edges[i]->start, edges[i]->end, said, by_time));
      continue;
    }
    lanes.push_back({.place = begin.places[i],
                     .log_start = kNoOffset,
                     .start = kNoOffset,
                     .end = kNoOffset,
                     .position = kNoOffset,
                     .problem = edges[i].error().message,
                     .ready = {},
                     .failed = true});
  }
  co_return lanes;
}

// The chosen records with what is in them, in the order in which they were chosen.
Task<Outcome<>> add_items(const Call& call, const RecordOrder& order, const GetTopicRecords& asked,
                          const std::vector<filter::Column>& columns, RecordPage& page) {
  std::map<std::size_t, std::vector<Offset>> by_lane;
  std::map<std::pair<std::int32_t, std::int64_t>, std::size_t> places;
  for (const auto& [lane, offset] : order.chosen()) {
    by_lane[lane].push_back(offset);
    places.emplace(std::pair(order.lanes()[lane].place.partition.value, offset.value), places.size());
  }
  std::vector<std::optional<Record>> items(places.size());
  for (auto& [lane, offsets] : by_lane) {
    std::ranges::sort(offsets);
    const auto& place = order.lanes()[lane].place;
    RecordView view{.topic = asked.topic,
                    .partition = place.partition.value,
                    .last_stable = {},
                    .key = asked.key,
                    .value = asked.value,
                    .columns = columns};
    auto records = co_await read_records(call, place, std::move(offsets), isolation_of(asked), std::move(view));
    if (!records) {
      page.partitions[lane].problem = records.error().message;
      continue;
    }
    for (auto& record : *records) items[places.at({record.partition, record.offset})] = std::move(record);
  }
  for (auto& item : items)
    if (item) page.items.push_back(*std::move(item));
  co_return Outcome<>();
}

// What is new next time begins where this page has looked to, whatever of it was chosen.
void go_on_live(const RecordOrder& order, const Begin& begin, const std::vector<Offset>& started, RecordPage& page) {
  RecordCursor cursor{.topic_id = begin.places.front().topic_id, .direction = ReadDirection::kLive, .offsets = {}};
  std::int64_t came = 0;
  for (std::size_t i = 0; i < order.lanes().size(); ++i) {
    const auto& lane = order.lanes()[i];
    const bool unknown = lane.end == kNoOffset;
    if (unknown && !begin.cursor) continue;
    cursor.offsets.emplace(lane.place.partition,
                           unknown ? begin.cursor->offsets.at(lane.place.partition) : std::max(lane.end, started[i]));
    if (!unknown && started[i] != kNoOffset) came += std::max<std::int64_t>(0, lane.end - started[i]);
  }
  page.cursor = cursor.text();
  page.skipped = std::max<std::int64_t>(0, came - std::int64_t(order.chosen().size()));
}

RecordsOfPartition as_partition(const ReadLane& lane) {
  RecordsOfPartition out{
      .partition = lane.place.partition.value, .start = lane.log_start.value, .end = lane.end.value, .problem = {}};
  if (!lane.problem.empty()) out.problem = lane.problem;
  return out;
}

Task<Outcome<RecordPage>> records(const Call& call, GetTopicRecords asked) {
  CO_TRY(const auto topic, find_readable_topic(call, asked.topic));
  CO_TRY(const auto begin, begin_of(*topic, asked));
  CO_TRY(const auto columns, columns_of(asked.columns, call.now));
  auto lanes = co_await lanes_of(call, begin, asked);
  std::vector<Offset> started;
  for (const auto& lane : lanes) started.push_back(lane.start);
  RecordOrder order(call, begin.direction, isolation_of(asked), std::move(lanes));
  co_await order.choose(std::size_t(asked.limit));
  RecordPage page{.as_of = call.now, .end = order.why(), .cursor = {}, .skipped = 0, .partitions = {}, .items = {}};
  for (const auto& lane : order.lanes()) page.partitions.push_back(as_partition(lane));
  CO_TRY_VOID(co_await add_items(call, order, asked, columns, page));
  if (begin.direction == ReadDirection::kLive)
    go_on_live(order, begin, started, page);
  else if (const auto next = order.next())
    page.cursor = next->text();
  co_return page;
}

}  // namespace

void add_records(Routes& routes) { routes.add<GetTopicRecords, records>(); }

}  // namespace thalweg::console

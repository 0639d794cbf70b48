// /dead-letters: which topics have some, and why the newest of them died.
#include <algorithm>

#include "console/letter_census.h"
#include "console/record_order.h"
#include "console/record_places.h"
#include "console/record_reading.h"
#include "console/routes.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

constexpr std::size_t kLettersLookedAt = 2000, kQueuesTold = 500;
constexpr std::size_t kTopicsLookedAtOnce = 2000;
constexpr ReadIsolation kOfCommitted = ReadIsolation::kCommitted;

Task<std::vector<metadata::TopicPtr>> queues_in(const Call& call) {
  std::vector<metadata::TopicPtr> queues;
  Pace pace(kTopicsLookedAtOnce);
  for (const auto& [name, topic] : call.image->topics()) {
    if (pace.due()) co_await give_way();
    if (letters::is_queue_name(name) && call.allows(broker::Operation::kDescribe, broker::topic_resource(name)))
      queues.push_back(topic);
  }
  std::ranges::sort(queues, {}, [](const auto& topic) -> const std::string& { return topic->name; });
  co_return queues;
}

// One request for all of them.
Task<> add_counts(const Call& call, const std::vector<metadata::TopicPtr>& queues, DeadLetterTopics& list) {
  std::vector<thalweg::TopicPartition> partitions;
  for (const auto& topic : queues)
    for (std::size_t i = 0; i < topic->partitions.size(); ++i)
      partitions.push_back({topic->name, PartitionId{std::int32_t(i)}});
  const auto extents = co_await extents_of(call, std::move(partitions));
  auto extent = extents.begin();
  for (std::size_t i = 0; i < queues.size(); ++i) {
    std::optional<std::int64_t> records = 0;
    for (std::size_t p = 0; p < queues[i]->partitions.size(); ++p, ++extent)
      records = records && *extent ? std::optional(*records + ((*extent)->end - (*extent)->start)) : std::nullopt;
    list.items[i].records = records;
  }
}

Task<Outcome<DeadLetterTopics>> dead_letter_topics(const Call& call, GetDeadLetters) {
  auto queues = co_await queues_in(call);
  DeadLetterTopics list{.total = std::int32_t(queues.size()), .as_of = call.now, .items = {}};
  if (queues.size() > kQueuesTold) queues.resize(kQueuesTold);
  for (const auto& topic : queues)
    list.items.push_back(
        {.name = topic->name, .partitions = std::int32_t(topic->partitions.size()), .records = std::nullopt});
  co_await add_counts(call, queues, list);
  co_return list;
}

// ---- causes

Task<std::vector<ReadLane>> lanes_to_their_ends(const Call& call, std::vector<PartitionPlace> places) {
  std::vector<thalweg::TopicPartition> partitions;
  for (const auto& place : places) partitions.push_back({place.topic, place.partition});
  const auto edges = co_await edges_of(call, std::move(partitions), {}, kOfCommitted);
  std::vector<ReadLane> lanes;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Offset start = edges[i] ? edges[i]->start : kNoOffset, end = edges[i] ? edges[i]->end : kNoOffset;
    lanes.push_back({.place = std::move(places[i]),
                     .log_start = start,
                     .start = start,
                     .end = end,
                     .position = end,
                     .problem = edges[i] ? std::string() : edges[i].error().message,
                     .ready = {},
                     .failed = !edges[i]});
  }
  co_return lanes;
}

void count_letters(LetterCensus& census, std::int32_t partition, const UnpackedRecords& found) {
  for (const auto& [record, batch] : found.records) {
    std::vector<letters::HeaderBytes> headers;
    auto walk = record.headers();
    for (auto header = walk.next(); header && *header; header = walk.next())
      headers.emplace_back((*header)->key, (*header)->value ? std::optional(as_text(*(*header)->value)) : std::nullopt);
    census.count({partition, record.offset.value, record.timestamp}, headers);
  }
}

// The newest over all partitions, each partition in its own order. What could not be read is said in `problem`.
Task<std::shared_ptr<LetterCensus>> census_of(const Call& call, const RecordOrder& order,
                                              std::optional<std::string>& problem) {
  const auto census = std::make_shared<LetterCensus>();
  std::map<std::size_t, std::vector<Offset>> by_lane;
  for (const auto& [lane, offset] : order.chosen()) by_lane[lane].push_back(offset);
  for (auto& [lane, offsets] : by_lane) {
    std::ranges::sort(offsets);
    const auto& place = order.lanes()[lane].place;
    const auto read = co_await read_unpacked(call, place, std::move(offsets), kOfCommitted,
                                             [census, partition = place.partition.value](const UnpackedRecords& found) {
                                               count_letters(*census, partition, found);
                                             });
    if (!read) problem = read.error().message;
  }
  co_return census;
}

Task<Outcome<LetterCauses>> letter_causes(const Call& call, GetDeadLetterCauses asked) {
  CO_TRY(const auto topic, find_readable_topic(call, asked.topic));
  CO_TRY(auto places, places_in(*topic, std::nullopt));
  RecordOrder order(call, ReadDirection::kNewestFirst, kOfCommitted,
                    co_await lanes_to_their_ends(call, std::move(places)));
  co_await order.choose(kLettersLookedAt);
  LetterCauses answer{.topic = asked.topic,
                      .looked_at = 0,
                      .complete = order.why() == RecordsEnd::kEnd,
                      .others = 0,
                      .problem = {},
                      .as_of = call.now,
                      .items = {}};
  for (const auto& lane : order.lanes())
    if (!lane.problem.empty()) answer.problem = lane.problem;
  const auto census = co_await census_of(call, order, answer.problem);
  answer.looked_at = census->looked_at();
  answer.others = census->others();
  answer.items = census->causes();
  answer.complete = answer.complete && !answer.problem;
  co_return answer;
}

}  // namespace

void add_dead_letters(Routes& routes) {
  routes.add<GetDeadLetters, dead_letter_topics>();
  routes.add<GetDeadLetterCauses, letter_causes>();
}

}  // namespace thalweg::console

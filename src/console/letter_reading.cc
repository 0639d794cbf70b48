#include "console/letter_reading.h"

#include <algorithm>

#include "console/letter_view.h"
#include "console/record_order.h"
#include "console/record_places.h"

namespace thalweg::console {
namespace {

// From one end of each partition to the other, or of what a stretch says is left.
Task<std::vector<ReadLane>> lanes_of(const Call& call, std::vector<PartitionPlace> places, ReadDirection direction,
                                     std::optional<LetterStretch> stretch) {
  std::vector<thalweg::TopicPartition> partitions;
  for (const auto& place : places) partitions.push_back({place.topic, place.partition});
  const auto edges = co_await edges_of(call, std::move(partitions), {}, ReadIsolation::kCommitted);
  std::vector<ReadLane> lanes;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Offset log_start = edges[i] ? edges[i]->start : kNoOffset;
    Offset start = log_start, end = edges[i] ? edges[i]->end : kNoOffset;
    if (stretch && edges[i]) {
      start = std::max(start, stretch->from.offsets.at(places[i].partition));
      end = std::min(end, stretch->to.offsets.at(places[i].partition));
    }
    lanes.push_back({.place = std::move(places[i]),
                     .log_start = log_start,
                     .start = start,
                     .end = end,
                     .position = direction == ReadDirection::kOldestFirst ? start : end,
                     .problem = edges[i] ? std::string() : edges[i].error().message,
                     .ready = {},
                     .failed = !edges[i]});
  }
  co_return lanes;
}

// What the lanes still have to give, if it is anything.
std::optional<LetterStretch> left_of(const RecordOrder& order) {
  auto from = order.next();
  if (!from) return std::nullopt;
  LetterStretch left{.from = *std::move(from)};
  left.to.topic_id = left.from.topic_id;
  for (const auto& lane : order.lanes())
    if (left.from.offsets.contains(lane.place.partition)) left.to.offsets.emplace(lane.place.partition, lane.end);
  return left;
}

void use_each(const UseLetter& use, std::int32_t partition, const UnpackedRecords& found) {
  for (const auto& [record, batch] : found.records)
    use(letter_place(partition, record), record, letter_headers(record));
}

// `order` outlives it.
Task<LettersLookedAt> look_at_chosen(const Call& call, metadata::TopicPtr queue, const RecordOrder& order,
                                     UseLetter use) {
  std::map<PartitionId, std::vector<Offset>> chosen;
  for (const auto& [lane, offset] : order.chosen()) chosen[order.lanes()[lane].place.partition].push_back(offset);
  for (auto& [partition, offsets] : chosen) std::ranges::sort(offsets);
  auto looked = co_await look_at_letters(call, std::move(queue), std::move(chosen), std::move(use));
  looked.count = order.chosen().size();
  for (const auto& lane : order.lanes())
    if (!lane.problem.empty()) looked.problem = lane.problem;
  looked.complete = order.why() == RecordsEnd::kEnd && !looked.problem;
  co_return looked;
}

}  // namespace

Task<Outcome<LettersLookedAt>> look_at_newest(const Call& call, metadata::TopicPtr queue, UseLetter use) {
  CO_TRY(auto places, places_in(*queue, std::nullopt));
  RecordOrder order(call, ReadDirection::kNewestFirst, ReadIsolation::kCommitted,
                    co_await lanes_of(call, std::move(places), ReadDirection::kNewestFirst, {}));
  co_await order.choose(kLettersLookedAt);
  co_return co_await look_at_chosen(call, std::move(queue), order, std::move(use));
}

Task<Outcome<LettersLookedAt>> look_on(const Call& call, metadata::TopicPtr queue, std::optional<LetterStretch> stretch,
                                       UseLetter use) {
  CO_TRY(auto places, places_in(*queue, std::nullopt));
  if (stretch)
    std::erase_if(places, [&](const auto& place) { return !stretch->from.offsets.contains(place.partition); });
  constexpr auto kOldestFirst = ReadDirection::kOldestFirst;
  RecordOrder order(call, kOldestFirst, ReadIsolation::kCommitted,
                    co_await lanes_of(call, std::move(places), kOldestFirst, std::move(stretch)));
  auto began = left_of(order).value_or(LetterStretch());
  co_await order.choose(kLettersLookedAt);
  auto rest = left_of(order);
  auto looked = co_await look_at_chosen(call, std::move(queue), order, std::move(use));
  looked.began = std::move(began);
  looked.rest = std::move(rest);
  co_return looked;
}

Task<LettersLookedAt> look_at_letters(const Call& call, metadata::TopicPtr queue,
                                      std::map<PartitionId, std::vector<Offset>> letters, UseLetter use) {
  LettersLookedAt looked;
  for (auto& [partition, offsets] : letters) {
    const auto read = co_await read_unpacked(
        call, place_in(*queue, partition), std::move(offsets), ReadIsolation::kCommitted,
        [use, number = partition.value](const UnpackedRecords& found) { use_each(use, number, found); });
    if (!read) looked.problem = read.error().message;
  }
  looked.complete = !looked.problem;
  co_return looked;
}

}  // namespace thalweg::console

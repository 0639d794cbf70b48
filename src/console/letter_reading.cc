#include "console/letter_reading.h"

#include <algorithm>

#include "console/letter_view.h"
#include "console/record_order.h"
#include "console/record_places.h"

namespace thalweg::console {
namespace {

Task<std::vector<ReadLane>> lanes_to_their_ends(const Call& call, std::vector<PartitionPlace> places) {
  std::vector<thalweg::TopicPartition> partitions;
  for (const auto& place : places) partitions.push_back({place.topic, place.partition});
  const auto edges = co_await edges_of(call, std::move(partitions), {}, ReadIsolation::kCommitted);
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

void use_each(const UseLetter& use, std::int32_t partition, const UnpackedRecords& found) {
  for (const auto& [record, batch] : found.records)
    use(letter_place(partition, record), record, letter_headers(record));
}

}  // namespace

Task<Outcome<LettersLookedAt>> look_at_newest(const Call& call, metadata::TopicPtr queue, UseLetter use) {
  CO_TRY(auto places, places_in(*queue, std::nullopt));
  RecordOrder order(call, ReadDirection::kNewestFirst, ReadIsolation::kCommitted,
                    co_await lanes_to_their_ends(call, std::move(places)));
  co_await order.choose(kLettersLookedAt);
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

#include "console/leader_reader.h"

#include <algorithm>

#include "broker/broker_shard.h"
#include "console/record_places.h"

namespace thalweg::console {
namespace {

ReadIsolation isolation_of(replica::Isolation isolation) {
  return isolation == replica::Isolation::kLastStable ? ReadIsolation::kCommitted : ReadIsolation::kUncommitted;
}

bool says_that_nobody_answers(ErrorCode code) {
  return code == ErrorCode::kRequestTimedOut || code == ErrorCode::kNetworkException ||
         code == ErrorCode::kBrokerNotAvailable;
}

std::unexpected<Error> not_asked(BrokerId leader, PartitionId partition) {
  return fail(ErrorCode::kBrokerNotAvailable, "broker " + to_string(leader) + ", which leads partition " +
                                                  to_string(partition) +
                                                  ", did not answer before; go on, and it is asked again");
}

}  // namespace

Result<search::Batches> batches_before(FetchedRecords fetched, Offset to) {
  search::Batches batches{.records = {}, .log_start = fetched.start, .end = fetched.end, .aborted = {}};
  for (const auto& one : fetched.aborted)
    batches.aborted.push_back(
        {.producer_id = one.producer, .first_offset = one.first, .last_offset = {}, .last_stable_offset = {}});
  record::BatchReader reader(fetched.bytes.view());
  for (;;) {
    TRY(const auto batch, reader.next());
    if (!batch) break;
    if (batch->base_offset() >= to) {  // what is between them compaction has taken
      batches.next = std::max(batches.next, to);
      break;
    }
    if (batches.bytes == 0) batches.first = batch->base_offset();
    batches.next = batch->next_offset();
    batches.bytes = reader.position();
  }
  if (batches.bytes > 0) batches.records.emplace_back(fetched.bytes.slice(0, batches.bytes));
  return batches;
}

Call LeaderReader::call_now() const {
  Call now = call_;
  now.image = call_.broker().shards().front()->image();
  return now;
}

Result<PartitionPlace> LeaderReader::place_of(const Call& call, PartitionId partition) const {
  const auto topic = call.image->topic(topic_id_);
  if (!topic || std::size_t(partition.value) >= topic->partitions.size())
    return fail(ErrorCode::kUnknownTopicOrPartition, "the partition was deleted meanwhile");
  auto place = place_in(*topic, partition);
  if (place.leader == kNoBroker) return std::unexpected(nobody_leads(partition));
  if (away_.contains(place.leader)) return not_asked(place.leader, partition);
  return place;
}

void LeaderReader::note(BrokerId leader, const Error& error) {
  if (leader != call_.self() && says_that_nobody_answers(error.code)) away_.insert(leader);
}

Task<Result<FetchedRecords>> LeaderReader::fetch(PartitionId partition, Offset from, std::size_t bytes_max,
                                                 ReadIsolation isolation) {
  const Call call = call_now();
  CO_TRY(const auto place, place_of(call, partition));
  auto fetched = co_await fetch_records(call, place, from, bytes_max, isolation, options());
  if (!fetched) note(place.leader, fetched.error());
  co_return fetched;
}

Task<std::vector<Result<LogEdges>>> LeaderReader::edges(std::vector<PartitionId> partitions,
                                                        std::optional<Timestamp> time, ReadIsolation isolation) {
  const Call call = call_now();
  std::vector<Result<LogEdges>> all(partitions.size(), LogEdges{});
  std::vector<thalweg::TopicPartition> asked;
  std::vector<BrokerId> leaders;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    auto place = place_of(call, partitions[i]);
    if (!place) {
      all[i] = std::unexpected(std::move(place.error()));
      continue;
    }
    asked.push_back({std::move(place->topic), partitions[i]});
    leaders.push_back(place->leader);
    places.push_back(i);
  }
  auto answers = co_await edges_of(call, std::move(asked), time, isolation, options());
  for (std::size_t n = 0; n < answers.size(); ++n) {
    if (!answers[n]) note(leaders[n], answers[n].error());
    all[places[n]] = std::move(answers[n]);
  }
  co_return all;
}

Task<Result<search::Batches>> LeaderReader::read(search::ReadWish wish, Offset from) {
  CO_TRY(auto fetched, co_await fetch(wish.key.partition, from, wish.window.bytes, isolation_of(wish.isolation)));
  co_return batches_before(std::move(fetched), wish.window.to);
}

// Retention may have gone on since the search began, or another broker leads that has less.
Task<Result<search::Looked>> LeaderReader::look(search::ReadWish wish) {
  auto& memory = call_.broker().shards().front()->memory;
  for (bool again = false;; again = true) {
    Charge charge = co_await memory.admit(search::memory_of(wish.window));
    auto reading = [this, wish](Offset from, Offset) { return read(wish, from); };
    auto looked = co_await search::look_at_window(wish, std::move(reading), call_.shared.workers, std::move(charge));
    if (looked || looked.error().code != ErrorCode::kOffsetOutOfRange || again) co_return looked;
    const auto now = co_await edges({wish.key.partition}, {}, isolation_of(wish.isolation));
    if (!now.front()) co_return std::unexpected(now.front().error());
    const Offset log_start = now.front()->start;
    if (!search::begin_at(wish.window, log_start))
      co_return search::Looked{.scanned = {.begin = wish.window.from, .end = wish.window.to}, .log_start = log_start};
  }
}

Task<Result<std::optional<Timestamp>>> LeaderReader::edge_time(search::EdgeWish wish) {
  const bool newest_first = wish.order == search::Order::kNewestFirst;
  const Offset at = newest_first ? wish.end - 1 : wish.begin;
  CO_TRY(const auto fetched, co_await fetch(wish.key.partition, at, 1, isolation_of(wish.isolation)));
  record::BatchReader reader(fetched.bytes.view());
  CO_TRY(const auto batch, reader.next());
  if (!batch) co_return std::nullopt;
  const Timestamp time = newest_first ? batch->max_timestamp() : batch->base_timestamp();
  co_return time == kNoTimestamp ? std::nullopt : std::optional(time);
}

}  // namespace thalweg::console

#include "console/partition_reads.h"

#include <map>

#include "console/ask.h"
#include "protocol/fetch_request.h"
#include "protocol/fetch_response.h"
#include "protocol/list_offsets_request.h"
#include "protocol/list_offsets_response.h"
#include "storage/pieces.h"

namespace thalweg::console {
namespace {

using FetchAnswer = protocol::FetchResponse::PartitionData;

protocol::FetchRequest fetch_request(const PartitionPlace& place, Offset from, std::size_t bytes_max,
                                     ReadIsolation isolation) {
  protocol::FetchRequest request;
  request.max_bytes = std::int32_t(bytes_max);
  request.isolation_level = std::int8_t(isolation);
  auto& topic = request.topics.emplace_back();
  topic.topic_id = place.topic_id;
  auto& partition = topic.partitions.emplace_back();
  partition.partition = place.partition;
  partition.fetch_offset = from;
  partition.partition_max_bytes = std::int32_t(bytes_max);
  return request;
}

Error error_in(ErrorCode code, const PartitionPlace& place) {
  return {code, "partition " + to_string(place.partition) + " at broker " + to_string(place.leader) + ": " +
                    std::string(describe(code))};
}

Error nobody_leads(const PartitionPlace& place) {
  return {ErrorCode::kLeaderNotAvailable, "nobody leads partition " + to_string(place.partition) + " at the moment"};
}

using ByLeader = std::map<BrokerId, std::vector<std::size_t>>;

protocol::ListOffsetsRequest offsets_request(const std::vector<PartitionPlace>& places,
                                             const std::vector<std::size_t>& of, Timestamp time,
                                             ReadIsolation isolation) {
  protocol::ListOffsetsRequest request;
  request.replica_id = kNoBroker;
  request.isolation_level = std::int8_t(isolation);
  auto& topic = request.topics.emplace_back();
  topic.name = places.at(of.front()).topic;
  for (const auto place : of) {
    auto& partition = topic.partitions.emplace_back();
    partition.partition_index = places[place].partition;
    partition.timestamp = time;
  }
  return request;
}

}  // namespace

Task<Result<FetchedRecords>> fetch_records(const Call& call, PartitionPlace place, Offset from, std::size_t bytes_max,
                                           ReadIsolation isolation) {
  if (place.leader == kNoBroker) co_return std::unexpected(nobody_leads(place));
  CO_TRY(auto response, co_await ask_broker<protocol::FetchResponse>(call, place.leader,
                                                                     fetch_request(place, from, bytes_max, isolation)));
  if (response.error_code != ErrorCode::kNone) co_return std::unexpected(error_in(response.error_code, place));
  if (response.responses.size() != 1 || response.responses[0].partitions.size() != 1)
    co_return fail(ErrorCode::kUnknownServerError, "the answer to Fetch has not the partition that was asked for");
  FetchAnswer& answer = response.responses[0].partitions[0];
  if (answer.error_code != ErrorCode::kNone) co_return std::unexpected(error_in(answer.error_code, place));
  const bool committed = isolation == ReadIsolation::kCommitted;
  FetchedRecords fetched{.bytes = {},
                         .start = answer.log_start_offset,
                         .end = committed ? answer.last_stable_offset : answer.high_watermark,
                         .last_stable = answer.last_stable_offset,
                         .aborted = {}};
  if (answer.records) {
    CO_TRY(fetched.bytes, co_await storage::gather(*std::move(answer.records)));
  }
  if (answer.aborted_transactions)
    for (const auto& aborted : *answer.aborted_transactions)
      fetched.aborted.push_back({aborted.producer_id, aborted.first_offset});
  co_return fetched;
}

Task<std::vector<Result<Offset>>> offsets_at(const Call& call, const std::vector<PartitionPlace>& places,
                                             Timestamp time, ReadIsolation isolation) {
  std::vector<Result<Offset>> all(places.size(), kNoOffset);
  ByLeader by_leader;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i].leader == kNoBroker)
      all[i] = std::unexpected(nobody_leads(places[i]));
    else
      by_leader[places[i].leader].push_back(i);
  }
  for (const auto& [leader, of] : by_leader) {
    const auto response =
        co_await ask_broker<protocol::ListOffsetsResponse>(call, leader, offsets_request(places, of, time, isolation));
    for (std::size_t i = 0; i < of.size(); ++i) {
      auto& into = all[of[i]];
      if (!response)
        into = std::unexpected(response.error());
      else if (response->topics.size() != 1 || response->topics[0].partitions.size() != of.size())
        into =
            fail(ErrorCode::kUnknownServerError, "the answer to ListOffsets has other partitions than were asked for");
      else if (const auto& one = response->topics[0].partitions[i]; one.error_code != ErrorCode::kNone)
        into = std::unexpected(error_in(one.error_code, places[of[i]]));
      else
        into = one.offset;
    }
  }
  co_return all;
}

}  // namespace thalweg::console

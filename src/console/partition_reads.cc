#include "console/partition_reads.h"

#include "protocol/fetch_request.h"
#include "protocol/fetch_response.h"
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

}  // namespace

Task<Result<FetchedRecords>> fetch_records(const Call& call, PartitionPlace place, Offset from, std::size_t bytes_max,
                                           ReadIsolation isolation, AskOptions options) {
  if (place.leader == kNoBroker) co_return std::unexpected(nobody_leads(place.partition));
  CO_TRY(auto response, co_await ask_broker<protocol::FetchResponse>(
                            call, place.leader, fetch_request(place, from, bytes_max, isolation), options));
  if (response.error_code != ErrorCode::kNone)
    co_return std::unexpected(error_at(place.leader, place.partition, response.error_code));
  if (response.responses.size() != 1 || response.responses[0].partitions.size() != 1)
    co_return fail(ErrorCode::kUnknownServerError, "the answer to Fetch has not the partition that was asked for");
  FetchAnswer& answer = response.responses[0].partitions[0];
  if (answer.error_code != ErrorCode::kNone)
    co_return std::unexpected(error_at(place.leader, place.partition, answer.error_code));
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

}  // namespace thalweg::console

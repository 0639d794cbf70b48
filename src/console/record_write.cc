#include "console/record_write.h"

#include "console/ask.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"

namespace thalweg::console {
namespace {

constexpr std::int32_t kWrittenWithinMs = 5'000;  // by all replicas in sync

protocol::ProduceRequest produce_request(const PartitionPlace& place, SharedBytes batch) {
  protocol::ProduceRequest request;
  request.acks = -1;
  request.timeout_ms = kWrittenWithinMs;
  auto& topic = request.topic_data.emplace_back();
  topic.topic_id = place.topic_id;
  topic.partition_data.push_back({place.partition, std::move(batch)});
  return request;
}

Result<WrittenBatch> written_batch(const protocol::ProduceResponse& response) {
  if (response.responses.size() != 1 || response.responses[0].partition_responses.size() != 1)
    return fail(ErrorCode::kUnknownServerError, "the answer to Produce has not the partition that was written");
  const auto& answer = response.responses[0].partition_responses[0];
  if (answer.error_code == ErrorCode::kNone) return WrittenBatch{answer.base_offset, answer.log_append_time_ms};
  std::string message = answer.error_message.value_or("");
  for (const auto& error : answer.record_errors)
    if (error.batch_index_error_message) message = *error.batch_index_error_message;
  return fail(answer.error_code, message.empty() ? std::string(describe(answer.error_code)) : std::move(message));
}

}  // namespace

Task<Result<WrittenBatch>> write_batch(const Call& call, PartitionPlace place, SharedBytes batch) {
  CO_TRY(const auto response,
         co_await ask_broker<protocol::ProduceResponse>(call, place.leader, produce_request(place, std::move(batch))));
  co_return written_batch(response);
}

bool is_unknown_outcome(ErrorCode code) {
  return code == ErrorCode::kRequestTimedOut || code == ErrorCode::kNotEnoughReplicasAfterAppend ||
         code == ErrorCode::kNetworkException;
}

}  // namespace thalweg::console

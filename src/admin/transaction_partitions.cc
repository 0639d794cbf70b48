// The partitions' side of transactions.h: who writes to them, and a marker for one that hangs.
#include <set>
#include <utility>

#include "admin/transactions.h"
#include "protocol/describe_producers_request.h"
#include "protocol/write_txn_markers_request.h"
#include "protocol/write_txn_markers_response.h"

namespace thalweg::admin {
namespace {
using namespace protocol;

using PartitionsOfBrokers = std::map<BrokerId, std::vector<TopicPartition>>;

// Those without a leader get their error into `answers`.
Task<Result<PartitionsOfBrokers>> leaders_of(Client& client, std::vector<TopicPartition> partitions,
                                             ActiveProducers& answers, Instant deadline) {
  std::set<std::string> names;
  for (const auto& tp : partitions) names.insert(tp.topic);
  CO_TRY(const auto metadata,
         co_await client.metadata(std::vector<std::string>(names.begin(), names.end()), false, deadline));
  std::map<TopicPartition, BrokerId> leaders;
  for (const auto& topic : metadata.topics)
    for (const auto& p : topic.partitions) leaders[{topic.name.value_or(""), p.partition_index}] = p.leader_id;
  PartitionsOfBrokers split;
  for (auto& tp : partitions) {
    const auto at = leaders.find(tp);
    if (at == leaders.end())
      answers.insert_or_assign(tp, std::unexpected(error_of(ErrorCode::kUnknownTopicOrPartition)));
    else if (at->second == kNoBroker)
      answers.insert_or_assign(tp, std::unexpected(error_of(ErrorCode::kLeaderNotAvailable)));
    else
      split[at->second].push_back(std::move(tp));
  }
  co_return split;
}

Task<Result<>> ask_broker(Client& client, BrokerId broker, std::vector<TopicPartition> partitions,
                          ActiveProducers& answers, Instant deadline) {
  CO_TRY(const auto channel, co_await client.to(broker, deadline));
  std::map<std::string, std::vector<PartitionId>> by_topic;
  for (auto& tp : partitions) by_topic[std::move(tp.topic)].push_back(tp.partition);
  DescribeProducersRequest request;
  for (auto& [topic, ids] : by_topic) request.topics.push_back({topic, std::move(ids)});
  CO_TRY(auto response,
         co_await send<DescribeProducersResponse>(channel, std::move(request), client.request_deadline(deadline)));
  for (auto& topic : response.topics)
    for (auto& p : topic.partitions) {
      const TopicPartition tp{topic.name, p.partition_index};
      if (p.error_code == ErrorCode::kNone)
        answers.insert_or_assign(tp, std::move(p.active_producers));
      else
        answers.insert_or_assign(tp, std::unexpected(error_of(p.error_code, p.error_message)));
    }
  co_return Result<>();
}

// What may pass is asked again, all else is answered.
std::vector<TopicPartition> left_to_ask(const std::vector<TopicPartition>& asked, const ActiveProducers& answers,
                                        Error& error) {
  std::vector<TopicPartition> left;
  for (const auto& tp : asked) {
    const auto at = answers.find(tp);
    if (at != answers.end() && (at->second || !is_retriable(at->second.error().code))) continue;
    if (at != answers.end()) error = at->second.error();
    left.push_back(tp);
  }
  return left;
}

Task<Result<>> describe_producers_once(Client& client, std::vector<TopicPartition> partitions,
                                       std::optional<BrokerId> replica, ActiveProducers& answers, Instant deadline) {
  PartitionsOfBrokers split;
  if (replica) {
    split[*replica] = std::move(partitions);
  } else {
    CO_TRY(split, co_await leaders_of(client, std::move(partitions), answers, deadline));
  }
  for (auto& [broker, asked] : split)
    CO_TRY_VOID(co_await ask_broker(client, broker, std::move(asked), answers, deadline));
  co_return Result<>();
}

Task<Result<>> abort_once(Client& client, AbortSpec spec, Instant deadline) {
  ActiveProducers errors;
  CO_TRY(const auto leaders, co_await leaders_of(client, {spec.partition}, errors, deadline));
  if (leaders.empty()) co_return std::unexpected(errors.begin()->second.error());
  CO_TRY(const auto channel, co_await client.to(leaders.begin()->first, deadline));
  WriteTxnMarkersRequest request;
  auto& marker = request.markers.emplace_back();
  marker.producer_id = spec.producer_id;
  marker.producer_epoch = spec.producer_epoch;
  marker.coordinator_epoch = spec.coordinator_epoch;
  marker.transaction_result = false;
  marker.topics.push_back({spec.partition.topic, {spec.partition.partition}});
  CO_TRY(const auto response, co_await send<protocol::WriteTxnMarkersResponse>(channel, std::move(request),
                                                                               client.request_deadline(deadline)));
  if (response.markers.size() != 1 || response.markers[0].topics.size() != 1 ||
      response.markers[0].topics[0].partitions.size() != 1)
    co_return fail(ErrorCode::kUnknownServerError, "WriteTxnMarkers answered for another number of partitions");
  const auto code = response.markers[0].topics[0].partitions[0].error_code;
  if (code != ErrorCode::kNone) co_return std::unexpected(error_of(code));
  co_return Result<>();
}

}  // namespace

Task<Result<ActiveProducers>> describe_producers(Client& client, std::vector<TopicPartition> partitions,
                                                 std::optional<BrokerId> replica) {
  const Instant deadline = client.api_deadline();
  ActiveProducers answers;
  std::vector<TopicPartition> left = partitions;
  for (Retry retry(client, deadline); !left.empty();) {
    const auto asked = co_await describe_producers_once(client, left, replica, answers, deadline);
    Error error =
        asked ? Error{ErrorCode::kUnknownServerError, "DescribeProducers left a partition out"} : asked.error();
    left = left_to_ask(left, answers, error);
    if (left.empty() || co_await retry.again(error)) continue;
    if (!asked) co_return std::unexpected(error);
    for (const auto& tp : left) answers.try_emplace(tp, std::unexpected(error));
    break;
  }
  co_return answers;
}

Task<Result<>> abort_transaction(Client& client, AbortSpec spec) {
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto aborted = co_await abort_once(client, spec, deadline);
    if (aborted || !co_await retry.again(aborted.error())) co_return aborted;
  }
}

}  // namespace thalweg::admin

#include "console/leaders.h"

#include "broker/broker_shard.h"
#include "protocol/list_offsets_request.h"
#include "protocol/list_offsets_response.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

using protocol::ListOffsetsRequest;
using protocol::ListOffsetsResponse;

constexpr std::size_t kPartitionsAtOnceHere = 2000;

// The partitions at these places are in order, so those of one topic come together.
ListOffsetsRequest request_for(const std::vector<thalweg::TopicPartition>& partitions,
                               const std::vector<std::size_t>& places, Timestamp at) {
  ListOffsetsRequest request;
  request.replica_id = kNoBroker;
  for (const auto place : places) {
    const auto& partition = partitions[place];
    if (request.topics.empty() || request.topics.back().name != partition.topic)
      request.topics.emplace_back().name = partition.topic;
    auto& asked = request.topics.back().partitions.emplace_back();
    asked.partition_index = partition.partition;
    asked.timestamp = at;
  }
  return request;
}

// Answers come in the order of the request.
void take(const Result<ListOffsetsResponse>& answer, const std::vector<std::size_t>& places,
          std::vector<Result<Offset>>& all) {
  std::size_t next = 0;
  if (answer)
    for (const auto& topic : answer->topics)
      for (const auto& partition : topic.partitions) {
        if (next == places.size()) return;
        auto& into = all[places[next++]];
        if (partition.error_code == ErrorCode::kNone)
          into = partition.offset;
        else
          into = fail(partition.error_code, "");
      }
  for (; next < places.size(); ++next)
    all[places[next]] =
        answer ? Result<Offset>(fail(ErrorCode::kUnknownServerError, "")) : std::unexpected(answer.error());
}

}  // namespace

ByLeader by_leader(const metadata::Image& image, const std::vector<thalweg::TopicPartition>& partitions) {
  ByLeader by;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const auto* state = image.partition(partitions[i].topic, partitions[i].partition);
    by[state ? state->leader : kNoBroker].push_back(i);
  }
  return by;
}

Task<std::vector<Result<Offset>>> offsets_at(const Call& call, std::vector<thalweg::TopicPartition> partitions,
                                             Timestamp at) {
  std::vector<Result<Offset>> all(partitions.size(), Result<Offset>(fail(ErrorCode::kLeaderNotAvailable, "")));
  for (const auto& [leader, places] : by_leader(*call.image, partitions)) {
    if (leader == kNoBroker) continue;
    for (std::size_t from = 0; from < places.size(); from += kPartitionsAtOnceHere) {
      const auto last = std::min(places.size(), from + kPartitionsAtOnceHere);
      const std::vector some(places.begin() + std::ptrdiff_t(from), places.begin() + std::ptrdiff_t(last));
      const auto answer = co_await ask_broker<ListOffsetsResponse>(call, leader, request_for(partitions, some, at));
      take(answer, some, all);
      co_await give_way();
    }
  }
  co_return all;
}

}  // namespace thalweg::console

#include "console/leaders.h"

#include <algorithm>

#include "broker/broker_shard.h"
#include "console/figures.h"
#include "protocol/list_offsets_request.h"
#include "protocol/list_offsets_response.h"
#include "runtime/gather.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

using protocol::ListOffsetsRequest;
using protocol::ListOffsetsResponse;

constexpr std::size_t kPartitionsAtOnceHere = 2000;
constexpr Timestamp kLogEnd = -1, kLogStart = -2;  // what ListOffsets is asked for beside times

// The partitions at these places are in order, so those of one topic come together.
ListOffsetsRequest request_for(const std::vector<thalweg::TopicPartition>& partitions,
                               const std::vector<std::size_t>& places, Timestamp at, ReadIsolation isolation) {
  ListOffsetsRequest request;
  request.replica_id = kNoBroker;
  request.isolation_level = std::int8_t(isolation);
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

// What leaders are asked of each partition.
struct Question {
  Timestamp at = kLogEnd;
  ReadIsolation isolation{};
  AskOptions options;
};

// What one leader says of the partitions at these places, in their order.
struct Said {
  std::vector<std::size_t> places;
  std::vector<Result<Offset>> offsets;
};

// Answers come in the order of the request.
void take(const Result<ListOffsetsResponse>& answer, BrokerId leader, std::size_t wanted, Said& said) {
  if (answer)
    for (const auto& topic : answer->topics)
      for (const auto& partition : topic.partitions) {
        if (said.offsets.size() == wanted) return;
        if (partition.error_code == ErrorCode::kNone)
          said.offsets.emplace_back(partition.offset);
        else
          said.offsets.emplace_back(std::unexpected(error_at(leader, partition.partition_index, partition.error_code)));
      }
  while (said.offsets.size() < wanted)
    said.offsets.push_back(answer ? fail(ErrorCode::kUnknownServerError,
                                         "the answer to ListOffsets has other partitions than were asked for")
                                  : std::unexpected(answer.error()));
}

// Who has not answered once is not asked for the rest.
Task<Said> ask_leader(const Call& call, const std::vector<thalweg::TopicPartition>& partitions, BrokerId leader,
                      std::vector<std::size_t> places, Question question) {
  Said said{.places = std::move(places), .offsets = {}};
  const std::size_t count = said.places.size();
  for (std::size_t from = 0; from < count; from = said.offsets.size()) {
    const auto last = std::min(count, from + kPartitionsAtOnceHere);
    const std::vector some(said.places.begin() + std::ptrdiff_t(from), said.places.begin() + std::ptrdiff_t(last));
    const auto answer = co_await ask_broker<ListOffsetsResponse>(
        call, leader, request_for(partitions, some, question.at, question.isolation), question.options);
    take(answer, leader, answer ? last : count, said);
    co_await give_way();
  }
  co_return said;
}

// All leaders at once, so the slowest of them says how long it takes.
Task<std::vector<Result<Offset>>> offsets_at(const Call& call, const std::vector<thalweg::TopicPartition>& partitions,
                                             Question question) {
  std::vector<Result<Offset>> all(partitions.size(), kNoOffset);
  std::vector<Task<Said>> asked;
  for (auto& [leader, places] : by_leader(*call.image, partitions)) {
    if (leader != kNoBroker)
      asked.push_back(ask_leader(call, partitions, leader, places, question));
    else
      for (const auto place : places) all[place] = std::unexpected(nobody_leads(partitions[place].partition));
  }
  for (auto& said : co_await gather(std::move(asked)))
    for (std::size_t i = 0; i < said.places.size(); ++i) all[said.places[i]] = std::move(said.offsets[i]);
  co_return all;
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

Error error_at(BrokerId leader, PartitionId partition, ErrorCode code) {
  return {code,
          "partition " + to_string(partition) + " at broker " + to_string(leader) + ": " + std::string(describe(code))};
}

Error nobody_leads(PartitionId partition) {
  return {ErrorCode::kLeaderNotAvailable, "nobody leads partition " + to_string(partition) + " at the moment"};
}

Task<std::vector<Result<LogEdges>>> edges_of(const Call& call, std::vector<thalweg::TopicPartition> partitions,
                                             std::optional<Timestamp> time, ReadIsolation isolation,
                                             AskOptions options) {
  std::vector<Task<std::vector<Result<Offset>>>> asked;
  asked.push_back(offsets_at(call, partitions, {kLogStart, isolation, options}));
  asked.push_back(offsets_at(call, partitions, {kLogEnd, isolation, options}));
  if (time) asked.push_back(offsets_at(call, partitions, {*time, isolation, options}));
  const auto answers = co_await gather(std::move(asked));
  const auto &starts = answers[0], &ends = answers[1], &times = answers.back();
  std::vector<Result<LogEdges>> all;
  all.reserve(partitions.size());
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    if (starts[i] && ends[i] && times[i])
      all.emplace_back(LogEdges{*starts[i], *ends[i], *times[i]});
    else
      all.emplace_back(std::unexpected(!starts[i] ? starts[i].error() : !ends[i] ? ends[i].error() : times[i].error()));
  }
  co_return all;
}

Task<std::vector<std::optional<LogExtent>>> extents_of(const Call& call,
                                                       std::vector<thalweg::TopicPartition> partitions) {
  std::vector<std::optional<LogExtent>> all(partitions.size());
  std::vector<replica::PartitionKey> keys;
  std::vector<thalweg::TopicPartition> others;
  std::vector<std::size_t> here, elsewhere;
  Pace pace(kPartitionsAtOnceHere);
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    if (pace.due()) co_await give_way();
    const auto* state = call.image->partition(partitions[i].topic, partitions[i].partition);
    if (!state || state->leader == kNoBroker) continue;
    if (state->leader == call.self()) {
      keys.push_back({call.image->topic(std::string_view(partitions[i].topic))->id, partitions[i].partition});
      here.push_back(i);
    } else {
      others.push_back(std::move(partitions[i]));
      elsewhere.push_back(i);
    }
  }
  const auto figures = co_await leaders_figures(call.broker(), std::move(keys));
  for (std::size_t n = 0; n < here.size(); ++n)
    if (figures[n]) all[here[n]] = {figures[n]->offsets.start, figures[n]->offsets.high_watermark};
  if (others.empty()) co_return all;
  const auto edges = co_await edges_of(call, std::move(others), {}, ReadIsolation::kUncommitted, kSoon);
  for (std::size_t n = 0; n < elsewhere.size(); ++n)
    if (edges[n]) all[elsewhere[n]] = {edges[n]->start, edges[n]->end};
  co_return all;
}

std::int64_t lag_of(const LogExtent& log, Offset committed) {
  return std::max<std::int64_t>(0, log.end - std::max(committed, log.start));
}

}  // namespace thalweg::console

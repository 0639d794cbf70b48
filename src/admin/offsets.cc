#include "admin/offsets.h"

#include <set>

#include "protocol/delete_records_request.h"
#include "protocol/delete_records_response.h"
#include "protocol/list_offsets_request.h"
#include "protocol/list_offsets_response.h"

namespace thalweg::admin {
namespace {
using namespace protocol;

template <class T>
using ByPartition = std::map<TopicPartition, Result<T>>;

// Splits what is asked by the leaders of the partitions. Partitions without one get their error into `answers`.
template <class Asked, class T>
Task<Result<std::map<BrokerId, std::map<TopicPartition, Asked>>>> by_leader(Client& client,
                                                                            std::map<TopicPartition, Asked> asked,
                                                                            ByPartition<T>& answers, Instant deadline) {
  std::set<std::string> names;
  for (const auto& [tp, what] : asked) names.insert(tp.topic);
  CO_TRY(const auto metadata,
         co_await client.metadata(std::vector<std::string>(names.begin(), names.end()), false, deadline));
  std::map<TopicPartition, BrokerId> leaders;
  std::map<std::string, ErrorCode> topic_errors;
  for (const auto& topic : metadata.topics) {
    topic_errors[topic.name.value_or("")] = topic.error_code;
    for (const auto& p : topic.partitions) leaders[{topic.name.value_or(""), p.partition_index}] = p.leader_id;
  }
  std::map<BrokerId, std::map<TopicPartition, Asked>> split;
  for (auto& [tp, what] : asked) {
    const auto leader = leaders.find(tp);
    ErrorCode error = topic_errors.contains(tp.topic) ? topic_errors[tp.topic] : ErrorCode::kUnknownTopicOrPartition;
    if (error == ErrorCode::kNone && leader == leaders.end()) error = ErrorCode::kUnknownTopicOrPartition;
    if (error == ErrorCode::kNone && leader->second == kNoBroker) error = ErrorCode::kLeaderNotAvailable;
    if (error != ErrorCode::kNone)
      answers.insert_or_assign(tp, std::unexpected(error_of(error)));
    else
      split[leader->second].emplace(tp, std::move(what));
  }
  co_return split;
}

// Removes from `asked` what has a final answer. A topic that does not exist is one: nothing here creates it.
template <class Asked, class T>
Error drop_answered(std::map<TopicPartition, Asked>& asked, const ByPartition<T>& answers) {
  Error passing{ErrorCode::kNone, {}};
  std::erase_if(asked, [&](const auto& entry) {
    const auto at = answers.find(entry.first);
    if (at == answers.end()) return false;
    if (at->second || at->second.error().code == ErrorCode::kUnknownTopicOrPartition) return true;
    if (!is_retriable(at->second.error().code)) return true;
    passing = at->second.error();
    return false;
  });
  return passing;
}

// What is asked of the leaders of partitions, and how: the messages of one API.
struct ListOffsets {
  using Request = ListOffsetsRequest;
  using Response = ListOffsetsResponse;
  using Asked = std::int64_t;  // a timestamp
  using Answer = OffsetAt;
  bool read_committed;

  Request request() const {
    Request request;
    request.replica_id = kNoBroker;
    request.isolation_level = read_committed ? 1 : 0;
    return request;
  }
  static void ask(Request::ListOffsetsPartition& partition, std::int64_t timestamp) { partition.timestamp = timestamp; }
  static OffsetAt answer(const Response::ListOffsetsPartitionResponse& p) {
    return {p.offset, p.timestamp, p.leader_epoch};
  }
};

struct DeleteRecords {
  using Request = DeleteRecordsRequest;
  using Response = DeleteRecordsResponse;
  using Asked = Offset;
  using Answer = Offset;

  Request request() const { return {}; }
  static void ask(Request::DeleteRecordsPartition& partition, Offset before) { partition.offset = before; }
  static Offset answer(const Response::DeleteRecordsPartitionResult& p) { return p.low_watermark; }
};

template <class Response, class Request>
Task<Result<Response>> send_to(Client& client, BrokerId broker, Request request, Instant deadline) {
  CO_TRY(const auto channel, co_await client.to(broker, deadline));
  co_return co_await send<Response>(channel, std::move(request), client.request_deadline(deadline));
}

template <class Api>
Task<> ask_leader(Client& client, BrokerId leader, Api api, std::map<TopicPartition, typename Api::Asked> asked,
                  ByPartition<typename Api::Answer>& answers, Instant deadline) {
  typename Api::Request request = api.request();
  request.timeout_ms = static_cast<std::int32_t>(client.options().request_timeout.count());
  for (const auto& [tp, what] : asked) {
    if (request.topics.empty() || request.topics.back().name != tp.topic) request.topics.emplace_back().name = tp.topic;
    auto& partition = request.topics.back().partitions.emplace_back();
    partition.partition_index = tp.partition;
    api.ask(partition, what);
  }
  const auto response = co_await send_to<typename Api::Response>(client, leader, std::move(request), deadline);
  if (!response) {
    for (const auto& [tp, what] : asked) answers.insert_or_assign(tp, std::unexpected(response.error()));
    co_return;
  }
  for (const auto& topic : response->topics)
    for (const auto& p : topic.partitions) {
      const TopicPartition tp{topic.name, p.partition_index};
      if (p.error_code == ErrorCode::kNone)
        answers.insert_or_assign(tp, api.answer(p));
      else
        answers.insert_or_assign(tp, std::unexpected(error_of(p.error_code)));
    }
}

// Again and again what has no final answer, until the time of the call, or the patience, is over.
template <class Api>
Task<Result<ByPartition<typename Api::Answer>>> ask_leaders(Client& client, Api api,
                                                            std::map<TopicPartition, typename Api::Asked> asked,
                                                            Millis patience = Millis::max()) {
  const Instant deadline = std::min(client.api_deadline(), later(client.shard().clock.now(), patience));
  ByPartition<typename Api::Answer> answers;
  for (Retry retry(client, deadline);;) {
    auto split = co_await by_leader(client, asked, answers, deadline);
    if (!split && !co_await retry.again(split.error())) co_return std::unexpected(split.error());
    if (!split) continue;
    for (auto& [leader, some] : *split) co_await ask_leader(client, leader, api, std::move(some), answers, deadline);
    const Error passing = drop_answered(asked, answers);
    if (passing.code == ErrorCode::kNone || !co_await retry.again(passing)) co_return answers;
  }
}

}  // namespace

Task<Result<std::map<TopicPartition, Result<OffsetAt>>>> list_offsets(Client& client,
                                                                      std::map<TopicPartition, std::int64_t> at,
                                                                      bool read_committed, Millis patience) {
  return ask_leaders(client, ListOffsets{read_committed}, std::move(at), patience);
}

Task<Result<std::map<TopicPartition, Result<Offset>>>> delete_records(Client& client,
                                                                      std::map<TopicPartition, Offset> before) {
  return ask_leaders(client, DeleteRecords{}, std::move(before));
}

}  // namespace thalweg::admin

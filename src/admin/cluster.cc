#include "admin/cluster.h"

#include <algorithm>
#include <utility>

#include "protocol/add_raft_voter_response.h"
#include "protocol/describe_cluster_request.h"
#include "protocol/describe_cluster_response.h"
#include "protocol/describe_log_dirs_request.h"
#include "protocol/describe_log_dirs_response.h"
#include "protocol/describe_quorum_request.h"
#include "protocol/remove_raft_voter_request.h"
#include "protocol/remove_raft_voter_response.h"
#include "protocol/unregister_broker_request.h"
#include "protocol/unregister_broker_response.h"

namespace thalweg::admin {
namespace {
using namespace protocol;

Task<Result<ClusterDescription>> describe_cluster_once(Client& client, Fenced fenced, Instant deadline) {
  CO_TRY(const auto channel, co_await client.any(deadline));
  constexpr std::int16_t kTellsOfFenced = 2;
  DescribeClusterRequest request;
  request.include_fenced_brokers =
      fenced == Fenced::kIncluded && channel->version_of(request.kKey, kTellsOfFenced, request.kMaxVersion);
  CO_TRY(auto response, co_await send<DescribeClusterResponse>(channel, request, client.request_deadline(deadline)));
  if (response.error_code == ErrorCode::kMismatchedEndpointType) {
    constexpr std::int8_t kControllers = 2;  // whom somebody reached who was given the controllers' addresses
    request.endpoint_type = kControllers;
    request.include_fenced_brokers = false;
    CO_TRY(response, co_await send<DescribeClusterResponse>(channel, request, client.request_deadline(deadline)));
  }
  if (response.error_code != ErrorCode::kNone)
    co_return std::unexpected(error_of(response.error_code, response.error_message));
  ClusterDescription cluster{.id = std::move(response.cluster_id), .controller = response.controller_id, .brokers = {}};
  for (auto& broker : response.brokers)
    cluster.brokers.push_back(
        {broker.broker_id, std::move(broker.host), broker.port, std::move(broker.rack), broker.is_fenced});
  std::ranges::sort(cluster.brokers, {}, &BrokerDescription::id);
  co_return cluster;
}

Task<Result<QuorumDescription>> describe_quorum_once(Client& client, Instant deadline) {
  CO_TRY(const auto channel, co_await client.any(deadline));
  DescribeQuorumRequest request;
  request.topics.push_back({"__cluster_metadata", {{PartitionId{0}}}});
  CO_TRY(auto response,
         co_await send<DescribeQuorumResponse>(channel, std::move(request), client.request_deadline(deadline)));
  if (response.error_code != ErrorCode::kNone)
    co_return std::unexpected(error_of(response.error_code, response.error_message));
  if (response.topics.size() != 1 || response.topics[0].partitions.size() != 1)
    co_return fail(ErrorCode::kUnknownServerError, "DescribeQuorum answered for another number of partitions");
  auto& partition = response.topics[0].partitions[0];
  if (partition.error_code != ErrorCode::kNone)
    co_return std::unexpected(error_of(partition.error_code, partition.error_message));
  QuorumDescription quorum{.leader = partition.leader_id,
                           .epoch = partition.leader_epoch,
                           .high_watermark = partition.high_watermark,
                           .voters = std::move(partition.current_voters),
                           .observers = std::move(partition.observers),
                           .listeners = {}};
  for (auto& node : response.nodes) quorum.listeners[node.node_id] = std::move(node.listeners);
  co_return quorum;
}

// Of whoever is there: it passes on what only the controller decides.
template <class Response, class Request>
Task<Result<Response>> ask_once(Client& client, Request request, Instant deadline) {
  CO_TRY(const auto channel, co_await client.any(deadline));
  co_return co_await send<Response>(channel, std::move(request), client.request_deadline(deadline));
}

template <class Response>
Result<> outcome_of(const Response& response) {
  if (response.error_code == ErrorCode::kNone) return {};
  return std::unexpected(error_of(response.error_code, response.error_message));
}

// What the quorum answers is final, also that a node does not follow closely yet: who asks is to know. As Java's Admin.
template <class Response, class Request>
Task<Result<>> change_voters(Client& client, Request request) {
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    const auto response = co_await ask_once<Response>(client, request, deadline);
    const auto outcome = response ? outcome_of(*response) : Result<>(std::unexpected(response.error()));
    const bool is_final = response && response->error_code != ErrorCode::kNotController;
    if (is_final || !co_await retry.again(outcome.error())) co_return outcome;
  }
}

Task<Result<std::vector<LogDirDescription>>> describe_log_dirs_once(Client& client, BrokerId broker,
                                                                    std::optional<std::vector<TopicPartition>> of,
                                                                    Instant deadline) {
  CO_TRY(const auto channel, co_await client.to(broker, deadline));
  DescribeLogDirsRequest request;
  request.topics.reset();
  if (of) {
    std::map<std::string, std::vector<PartitionId>> by_topic;
    for (auto& tp : *of) by_topic[tp.topic].push_back(tp.partition);
    request.topics.emplace();
    for (auto& [topic, partitions] : by_topic) request.topics->push_back({topic, std::move(partitions)});
  }
  CO_TRY(auto response,
         co_await send<DescribeLogDirsResponse>(channel, std::move(request), client.request_deadline(deadline)));
  if (response.error_code != ErrorCode::kNone) co_return std::unexpected(error_of(response.error_code));
  std::vector<LogDirDescription> directories;
  for (auto& result : response.results) {
    auto& directory = directories.emplace_back();
    directory.path = std::move(result.log_dir);
    directory.error = result.error_code;
    for (const auto& topic : result.topics)
      for (const auto& p : topic.partitions)
        directory.replicas.push_back(
            {{topic.name, p.partition_index}, p.partition_size, p.offset_lag, p.is_future_key});
  }
  co_return directories;
}

}  // namespace

Task<Result<ClusterDescription>> describe_cluster(Client& client, Fenced fenced) {
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto cluster = co_await describe_cluster_once(client, fenced, deadline);
    if (cluster || !co_await retry.again(cluster.error())) co_return cluster;
  }
}

Task<Result<QuorumDescription>> describe_quorum(Client& client, Millis patience) {
  const Instant deadline = std::min(client.api_deadline(), later(client.shard().clock.now(), patience));
  for (Retry retry(client, deadline);;) {
    auto quorum = co_await describe_quorum_once(client, deadline);
    if (quorum || !co_await retry.again(quorum.error())) co_return quorum;
  }
}

Task<Result<>> unregister_broker(Client& client, BrokerId id) {
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    const auto response =
        co_await ask_once<UnregisterBrokerResponse>(client, UnregisterBrokerRequest{.broker_id = id}, deadline);
    const auto outcome = response ? outcome_of(*response) : Result<>(std::unexpected(response.error()));
    if (outcome || !co_await retry.again(outcome.error())) co_return outcome;
  }
}

Task<Result<>> add_raft_voter(Client& client, BrokerId voter, Uuid directory,
                              std::vector<AddRaftVoterRequest::Listener> listeners) {
  AddRaftVoterRequest request;
  request.cluster_id.reset();  // whichever it is
  request.timeout_ms = std::int32_t(client.options().request_timeout.count());
  request.voter_id = voter;
  request.voter_directory_id = directory;
  request.listeners = std::move(listeners);
  return change_voters<AddRaftVoterResponse>(client, std::move(request));
}

Task<Result<>> remove_raft_voter(Client& client, BrokerId voter, Uuid directory) {
  RemoveRaftVoterRequest request;
  request.cluster_id.reset();
  request.voter_id = voter;
  request.voter_directory_id = directory;
  return change_voters<RemoveRaftVoterResponse>(client, std::move(request));
}

Task<Result<std::vector<LogDirDescription>>> describe_log_dirs(Client& client, BrokerId broker,
                                                               std::optional<std::vector<TopicPartition>> of) {
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto directories = co_await describe_log_dirs_once(client, broker, of, deadline);
    if (directories || !co_await retry.again(directories.error())) co_return directories;
  }
}

}  // namespace thalweg::admin

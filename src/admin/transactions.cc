#include "admin/transactions.h"

#include <algorithm>
#include <set>
#include <utility>

#include "admin/cluster.h"
#include "protocol/describe_transactions_request.h"
#include "protocol/describe_transactions_response.h"
#include "protocol/find_coordinator_request.h"
#include "protocol/find_coordinator_response.h"
#include "protocol/init_producer_id_request.h"
#include "protocol/init_producer_id_response.h"
#include "protocol/list_transactions_request.h"
#include "protocol/list_transactions_response.h"

namespace thalweg::admin {
namespace {
using namespace protocol;

Task<Result<std::vector<TransactionListing>>> list_of_broker(Client& client, BrokerId broker, TransactionFilter filter,
                                                             Instant deadline) {
  ListTransactionsRequest request;
  request.producer_id_filters = std::move(filter.producer_ids);
  if (filter.duration_ms >= 0) request.duration_filter = filter.duration_ms;
  request.transactional_id_pattern = std::move(filter.pattern);
  for (Retry retry(client, deadline);;) {
    Error error;
    if (const auto channel = co_await client.to(broker, deadline); !channel) {
      error = channel.error();
    } else if (const auto response =
                   co_await send<ListTransactionsResponse>(*channel, request, client.request_deadline(deadline));
               !response) {
      error = response.error();
    } else if (response->error_code != ErrorCode::kNone) {
      error = error_of(response->error_code);
    } else {
      std::vector<TransactionListing> listed;
      for (const auto& t : response->transaction_states)
        listed.push_back({t.transactional_id, broker, t.producer_id, t.transaction_state});
      co_return listed;
    }
    if (!co_await retry.again(error)) co_return std::unexpected(error);
  }
}

// The broker that coordinates a transactional id. One attempt.
Task<Result<BrokerId>> transaction_coordinator(Client& client, std::string id, Instant deadline) {
  CO_TRY(const auto channel, co_await client.any(deadline));
  FindCoordinatorRequest request;
  constexpr std::int8_t kTransaction = 1;  // (Source: FindCoordinatorRequest.CoordinatorType)
  constexpr std::int16_t kManyAtOnce = 4;
  request.key_type = kTransaction;
  CO_TRY(const auto version, channel->version_of(request.kKey, 1, request.kMaxVersion));
  if (version >= kManyAtOnce)
    request.coordinator_keys.push_back(std::move(id));
  else
    request.key = std::move(id);
  CO_TRY(const auto response, co_await channel->send<FindCoordinatorResponse>(std::move(request), version,
                                                                              client.request_deadline(deadline)));
  if (version < kManyAtOnce) {
    if (response.error_code == ErrorCode::kNone) co_return response.node_id;
    co_return std::unexpected(error_of(response.error_code, response.error_message));
  }
  if (response.coordinators.size() != 1)
    co_return fail(ErrorCode::kCoordinatorNotAvailable, "FindCoordinator answered for another number of ids");
  const auto& found = response.coordinators[0];
  if (found.error_code == ErrorCode::kNone) co_return found.node_id;
  co_return std::unexpected(error_of(found.error_code, found.error_message));
}

Task<Result<TransactionDescription>> describe_transaction_once(Client& client, std::string id, Instant deadline) {
  CO_TRY(const BrokerId coordinator, co_await transaction_coordinator(client, id, deadline));
  CO_TRY(const auto channel, co_await client.to(coordinator, deadline));
  DescribeTransactionsRequest request;
  request.transactional_ids = {id};
  CO_TRY(const auto response,
         co_await send<DescribeTransactionsResponse>(channel, std::move(request), client.request_deadline(deadline)));
  if (response.transaction_states.size() != 1)
    co_return fail(ErrorCode::kUnknownServerError, "DescribeTransactions answered for another number of ids");
  const auto& state = response.transaction_states[0];
  if (state.error_code != ErrorCode::kNone) co_return std::unexpected(error_of(state.error_code));
  TransactionDescription described{.id = std::move(id),
                                   .coordinator = coordinator,
                                   .state = state.transaction_state,
                                   .producer_id = state.producer_id,
                                   .producer_epoch = state.producer_epoch,
                                   .timeout_ms = state.transaction_timeout_ms,
                                   .started = {},
                                   .partitions = {}};
  if (state.transaction_start_time_ms >= 0) described.started = state.transaction_start_time_ms;
  for (const auto& topic : state.topics)
    for (const auto partition : topic.partitions) described.partitions.push_back({topic.topic, partition});
  co_return described;
}

Task<Result<>> fence_producer_once(Client& client, std::string id, Instant deadline) {
  CO_TRY(const BrokerId coordinator, co_await transaction_coordinator(client, id, deadline));
  CO_TRY(const auto channel, co_await client.to(coordinator, deadline));
  InitProducerIdRequest request;
  request.transactional_id = std::move(id);
  request.transaction_timeout_ms = static_cast<std::int32_t>(client.options().request_timeout.count());
  CO_TRY(const auto response, co_await send_up_to<InitProducerIdResponse>(channel, std::move(request), 5,
                                                                          client.request_deadline(deadline)));
  if (response.error_code != ErrorCode::kNone) co_return std::unexpected(error_of(response.error_code));
  co_return Result<>();
}

}  // namespace

Task<Result<std::vector<TransactionListing>>> list_transactions(Client& client, TransactionFilter filter) {
  const Instant deadline = client.api_deadline();
  CO_TRY(const auto cluster, co_await describe_cluster(client));
  std::vector<TransactionListing> all;
  for (const auto& broker : cluster.brokers) {
    CO_TRY(auto listed, co_await list_of_broker(client, broker.id, filter, deadline));
    std::ranges::move(listed, std::back_inserter(all));
  }
  std::ranges::sort(all, {}, &TransactionListing::id);
  co_return all;
}

Task<Result<TransactionDescription>> describe_transaction(Client& client, std::string id) {
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto described = co_await describe_transaction_once(client, id, deadline);
    if (described || !co_await retry.again(described.error())) co_return described;
  }
}

Task<Result<>> fence_producer(Client& client, std::string id) {
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto fenced = co_await fence_producer_once(client, id, deadline);
    if (fenced || !co_await retry.again(fenced.error())) co_return fenced;
  }
}

}  // namespace thalweg::admin

// FindCoordinator (10), versions 0-6. The internal topic is created by the first who asks, and the answer waits for it.
// Not done: share coordinators; who asks for one is refused.
#include <algorithm>

#include "broker/answer_bound.h"
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/topics.h"
#include "protocol/find_coordinator_request.h"
#include "protocol/find_coordinator_response.h"
#include "record/hash.h"
#include "runtime/yielding.h"

namespace thalweg::broker {
namespace {

using protocol::FindCoordinatorRequest;
using protocol::FindCoordinatorResponse;
using Coordinator = FindCoordinatorResponse::Coordinator;

enum KeyType : std::int8_t { kGroup = 0, kTransaction = 1, kShare = 2 };

Coordinator none(std::string key, ErrorCode code, std::string message) {
  Coordinator out;
  out.key = std::move(key);
  out.node_id = kNoBroker;
  out.port = -1;
  out.error_code = code;
  out.error_message = std::move(message);
  return out;
}

std::size_t size_of(const Coordinator& c) {
  return sizeof c + c.key.size() + c.host.size() + (c.error_message ? c.error_message->size() : 0);
}

// Of the group or the transactional id `key`, whose coordinators stand on the partitions of `internal`.
Task<Coordinator> find_on(std::string_view internal, RequestContext context, std::string key) {
  if (!context.image->topic(internal)) {
    const auto created = co_await create_internal_topic(context, std::string(internal));
    if (!created) co_return none(key, ErrorCode::kCoordinatorNotAvailable, created.error().message);
    context.image = context.here.image();
  }
  const auto topic = context.image->topic(internal);
  if (!topic) co_return none(key, ErrorCode::kCoordinatorNotAvailable, std::string(internal) + " is being created");
  const auto partition = record::coordinator_partition(key, std::int32_t(topic->partitions.size()));
  const auto* broker = context.image->broker(topic->partition(partition)->leader);
  const auto* endpoint = broker && !broker->fenced ? broker->endpoint(context.connection->listener) : nullptr;
  if (!endpoint) co_return none(key, ErrorCode::kCoordinatorNotAvailable, "the coordinator's broker is not available");
  Coordinator out;
  out.key = std::move(key);
  out.node_id = broker->id;
  out.host = endpoint->host;
  out.port = endpoint->port;
  co_return out;
}

Task<Coordinator> find_one(const RequestContext& context, std::int8_t type, std::string key) {
  if (type == kGroup) co_return co_await find_on(kOffsetsTopic, context, std::move(key));
  if (type == kTransaction) {
    if (!context.allows(Operation::kDescribe, transactional_id_resource(key)))
      co_return none(std::move(key), ErrorCode::kTransactionalIdAuthorizationFailed, "not authorized");
    co_return co_await find_on(kTransactionsTopic, context, std::move(key));
  }
  // An error that clients do not try again after: there will be no such coordinator however long they wait.
  co_return none(
      std::move(key), ErrorCode::kInvalidRequest,
      type == kShare ? "share groups are not supported yet" : "no coordinator of type " + std::to_string(type));
}

Task<FindCoordinatorResponse> find_coordinator(const RequestContext& asked, FindCoordinatorRequest request) {
  RequestContext context = asked;
  context.image = co_await image_without_lost_leaders(context);
  FindCoordinatorResponse response;
  if (context.version >= 4) {
    constexpr std::size_t kKeysAtOnce = 1000;
    Pace pace(kKeysAtOnce);
    AnswerBound bound(context);
    for (auto& key : request.coordinator_keys) {
      if (pace.due()) co_await give_way();
      auto found = co_await find_one(context, request.key_type, std::move(key));
      if (const auto room = bound.add(size_of(found)); !room) {
        // Clients ask for some tens. There is no room for an error of each that is left.
        response.coordinators = {none("", room.error().code, room.error().message)};
        break;
      }
      response.coordinators.push_back(std::move(found));
    }
    co_return response;
  }
  const auto found = co_await find_one(context, request.key_type, std::move(request.key));
  response.error_code = found.error_code;
  response.error_message = found.error_message;
  response.node_id = found.node_id;
  response.host = found.host;
  response.port = found.port;
  co_return response;
}

}  // namespace

extern const Api kFindCoordinator = serve<&find_coordinator>;

}  // namespace thalweg::broker

// Metadata (3), versions 0-13. Auto-creation (KIP-4) waits until the topic is in force, so that the first answer is
// usable. Topic ids from version 10 (KIP-516). Not done: authorised operations (no authoriser yet: everything is
// allowed).
#include <set>

#include "broker/api/api.h"
#include "broker/api/described_partition.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/topics.h"
#include "controller/topics.h"
#include "protocol/metadata_request.h"
#include "protocol/metadata_response.h"
#include "runtime/yielding.h"

namespace thalweg::broker {
namespace {
using protocol::MetadataRequest;
using protocol::MetadataResponse;

// What one takes in an answer, with the lists of three replicas.
constexpr std::size_t kPartitionBytes = sizeof(MetadataResponse::MetadataResponsePartition) + 96;
constexpr std::size_t kPartitionsBetweenOthers = 5000;

MetadataResponse::MetadataResponsePartition describe(const RequestContext& context,
                                                     const metadata::Partition& partition, std::int32_t index) {
  const auto& image = *context.image;
  auto out = described_partition<MetadataResponse::MetadataResponsePartition>(image, partition, PartitionId{index});
  if (out.leader_id != kNoBroker && !image.broker(out.leader_id)->endpoint(context.connection->listener)) {
    out.error_code = context.version >= 6 ? ErrorCode::kListenerNotFound : ErrorCode::kLeaderNotAvailable;
    out.leader_id = kNoBroker;
  }
  return out;
}

MetadataResponse::MetadataResponseTopic describe(const RequestContext& context, const MetadataRequest& request,
                                                 const metadata::Topic& topic) {
  MetadataResponse::MetadataResponseTopic out;
  out.name = topic.name;
  out.topic_id = topic.id;
  out.is_internal = is_internal_topic(topic.name);
  if (context.request.memory) context.request.memory->add(sizeof out + topic.partitions.size() * kPartitionBytes);
  out.partitions.reserve(topic.partitions.size());
  for (std::size_t i = 0; i < topic.partitions.size(); ++i)
    out.partitions.push_back(describe(context, topic.partitions[i], std::int32_t(i)));
  if (request.include_topic_authorized_operations)
    out.topic_authorized_operations = authorized_operations(*context.connection, topic_resource(topic.name));
  return out;
}

MetadataResponse::MetadataResponseTopic unknown(std::optional<std::string> name, Uuid id, ErrorCode error) {
  MetadataResponse::MetadataResponseTopic out;
  out.error_code = error;
  out.is_internal = name && is_internal_topic(*name);
  out.name = std::move(name);
  out.topic_id = id;
  return out;
}

// A topic that is asked for twice is answered once.
void leave_out_doubles(std::vector<MetadataRequest::MetadataRequestTopic>& topics) {
  std::set<std::pair<std::optional<std::string>, Uuid>> seen;
  std::erase_if(topics, [&](const auto& topic) { return !seen.emplace(topic.name, topic.topic_id).second; });
}

// Creates what is missing and may be created; answers the image in which it is there.
Task<metadata::ImagePtr> create_missing(const RequestContext& context, const MetadataRequest& request,
                                        std::map<std::string, ErrorCode>& refused) {
  std::set<std::string> missing;  // a client may name a topic twice
  for (const auto& topic : *request.topics) {
    if (!topic.name || !topic.topic_id.is_zero() || context.image->topic(*topic.name)) continue;
    if (controller::validate_topic_name(*topic.name))
      missing.insert(*topic.name);
    else
      refused[*topic.name] = ErrorCode::kInvalidTopicException;
  }
  const bool allowed = (context.version < 4 || request.allow_auto_topic_creation) &&
                       context.here.broker.config().auto_create_topics_enable;
  if (!allowed || missing.empty()) co_return context.image;
  for (auto& [name, error] : co_await auto_create_topics(context, {missing.begin(), missing.end()}))
    refused[name] = error;
  co_return context.here.image();
}

MetadataResponse::MetadataResponseTopic look_up(const RequestContext& context, const MetadataRequest& request,
                                                const MetadataRequest::MetadataRequestTopic& wanted,
                                                const std::map<std::string, ErrorCode>& refused) {
  const auto& image = *context.image;
  if (!wanted.topic_id.is_zero()) {
    if (context.version < 12) return unknown(wanted.name, wanted.topic_id, ErrorCode::kInvalidRequest);
    const auto topic = image.topic(wanted.topic_id);
    return topic ? describe(context, request, *topic) : unknown({}, wanted.topic_id, ErrorCode::kUnknownTopicId);
  }
  if (!wanted.name)
    return unknown(context.version >= 12 ? std::optional<std::string>() : "", {}, ErrorCode::kInvalidRequest);
  if (const auto topic = image.topic(*wanted.name)) return describe(context, request, *topic);
  const auto error = refused.find(*wanted.name);
  return unknown(*wanted.name, {}, error != refused.end() ? error->second : ErrorCode::kUnknownTopicOrPartition);
}

Task<MetadataResponse> answer_metadata(const RequestContext& asked, MetadataRequest request) {
  RequestContext context = asked;
  context.image = co_await image_without_lost_leaders(context);
  MetadataResponse response;
  Pace pace(kPartitionsBetweenOthers);
  // Version 0 has no null: an empty list means all topics.
  const bool all = !request.topics || (context.version == 0 && request.topics->empty());
  if (all) {
    for (const auto& [name, topic] : context.image->topics()) {
      if (pace.due(1 + topic->partitions.size())) co_await give_way();
      response.topics.push_back(describe(context, request, *topic));
    }
  } else {
    leave_out_doubles(*request.topics);
    std::map<std::string, ErrorCode> refused;
    context.image = co_await create_missing(context, request, refused);
    for (const auto& topic : *request.topics) {
      response.topics.push_back(look_up(context, request, topic, refused));
      if (pace.due(1 + response.topics.back().partitions.size())) co_await give_way();
    }
  }
  for (const auto& [id, broker] : context.image->brokers()) {
    const auto* endpoint = broker.endpoint(context.connection->listener);
    if (broker.fenced || !endpoint) continue;
    MetadataResponse::MetadataResponseBroker out;
    out.node_id = id;
    out.host = endpoint->host;
    out.port = endpoint->port;
    out.rack = broker.rack;
    response.brokers.push_back(std::move(out));
  }
  response.cluster_id = context.image->cluster_id();
  response.controller_id = any_live_broker(*context.image);
  if (request.include_cluster_authorized_operations)
    response.cluster_authorized_operations = authorized_operations(*context.connection, kCluster);
  co_return response;
}

}  // namespace

extern const Api kMetadata = serve<&answer_metadata>;

}  // namespace thalweg::broker

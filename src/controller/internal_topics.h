// The topics that the cluster makes for itself, as CreateTopics entries with the configs that Kafka gives them.
#pragma once

#include <optional>
#include <string_view>

#include "config/broker_config.h"
#include "metadata/image.h"
#include "protocol/create_topics_request.h"

namespace thalweg::controller {

inline constexpr std::string_view kOffsetsTopic = "__consumer_offsets";
inline constexpr std::string_view kTransactionsTopic = "__transaction_state";

// Written by coordinators: clients may read them, and only an admin client may write.
bool is_internal_topic(std::string_view name);

// Of an internal topic: what the configuration says.
std::int16_t wanted_replicas(std::string_view name, const config::BrokerConfig& config);
// As many replicas as are wanted, or as there are active brokers, but one at least.
std::int16_t possible_replicas(std::int16_t wanted, const metadata::Image& image);

// Nothing for a topic that is not internal. With fewer active brokers than the configured replication factor it has as
// many replicas as there are brokers: a single node works without any configuration.
std::optional<protocol::CreateTopicsRequest::CreatableTopic> internal_topic(std::string_view name,
                                                                            const config::BrokerConfig& config,
                                                                            const metadata::Image& image);

// What a client gets that names a topic which is not there, if auto.create.topics.enable allows.
protocol::CreateTopicsRequest::CreatableTopic default_topic(std::string_view name);

}  // namespace thalweg::controller

// The options of a topic, a group or a broker with every layer that says something, as DescribeConfigs answers.
#pragma once

#include <string>
#include <string_view>

#include "console/call.h"
#include "metadata/image.h"

namespace thalweg::console {

// What stands for all brokers in place of an id.
inline constexpr std::string_view kAllBrokers = "default";

// By Kafka's name of the resource: of all brokers that is empty.
Task<Outcome<Configuration>> configuration_of(const Call& call, metadata::ResourceType type, std::string name);

// Kafka's name of the broker whose options are asked for here by its id, or of all. 404, 422: only it knows them.
Outcome<std::string> broker_with_options(const Call& call, const std::string& id);

}  // namespace thalweg::console

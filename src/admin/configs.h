// Dynamic configuration of topics, brokers and groups.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "admin/client.h"
#include "protocol/describe_configs_response.h"

namespace thalweg::admin {

// Kafka's numbers. (Source: ConfigResource.Type)
enum class ResourceType : std::int8_t { kTopic = 2, kBroker = 4, kBrokerLogger = 8, kClientMetrics = 16, kGroup = 32 };
// Where a value comes from, Kafka's numbers. (Source: DescribeConfigsResponse.ConfigSource)
enum class ConfigSource : std::int8_t {
  kUnknown = 0,
  kTopic = 1,
  kDynamicBroker = 2,
  kDynamicDefaultBroker = 3,
  kStaticBroker = 4,
  kDefault = 5,
  kDynamicBrokerLogger = 6,
  kClientMetrics = 7,
  kGroup = 8,
};
// "DYNAMIC_TOPIC_CONFIG"
std::string_view name(ConfigSource source);

struct ConfigResource {
  ResourceType type = ResourceType::kTopic;
  std::string name;  // a broker's id; empty for the default of all brokers
};

using ConfigEntry = protocol::DescribeConfigsResponse::DescribeConfigsResourceResult;
struct ResourceConfigs {
  ConfigResource resource;
  std::vector<ConfigEntry> entries;  // as the broker orders them
};

enum class ConfigOperation : std::int8_t { kSet = 0, kDelete = 1, kAppend = 2, kSubtract = 3 };
struct ConfigChange {
  std::string name;
  ConfigOperation operation = ConfigOperation::kSet;
  std::optional<std::string> value;
};

// A single broker's configuration is asked of that broker. Fails with the first resource's error. `keys`: only these
// settings; all when empty.
Task<Result<std::vector<ResourceConfigs>>> describe_configs(Client& client, std::vector<ConfigResource> resources,
                                                            bool with_synonyms = false,
                                                            std::vector<std::string> keys = {});
Task<Result<>> alter_configs(Client& client, ConfigResource resource, std::vector<ConfigChange> changes);

}  // namespace thalweg::admin

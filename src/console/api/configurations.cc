// Options of topics, groups and brokers.
#include "console/configuration.h"
#include "console/routes.h"
#include "console/topic_rows.h"

namespace thalweg::console {
namespace {

using metadata::ResourceType;

Task<Outcome<Configuration>> of_topic(const Call& call, GetTopicConfig asked) {
  CO_TRY_VOID(find_topic(call, asked.topic));
  co_return co_await configuration_of(call, ResourceType::kTopic, std::move(asked.topic));
}

Task<Outcome<Configuration>> of_group(const Call& call, GetGroupConfig asked) {
  return configuration_of(call, ResourceType::kGroup, std::move(asked.group));
}

Task<Outcome<Configuration>> of_broker(const Call& call, GetBrokerConfig asked) {
  CO_TRY(auto name, broker_with_options(call, asked.id));
  co_return co_await configuration_of(call, ResourceType::kBroker, std::move(name));
}

}  // namespace

void add_configurations(Routes& routes) {
  routes.add<GetTopicConfig, of_topic>();
  routes.add<GetGroupConfig, of_group>();
  routes.add<GetBrokerConfig, of_broker>();
}

}  // namespace thalweg::console

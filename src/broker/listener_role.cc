#include "broker/listener_role.h"

#include <algorithm>

namespace thalweg::broker {
namespace {

// On Kafka's controllers this is how the quorum's members read the metadata log; what is served here under that key is
// the data of topics, which lies behind the other listeners.
bool is_for_controllers(const protocol::ApiInfo& api) {
  return api.on_controller && api.key != protocol::ApiKey::kFetch;
}

}  // namespace

bool ListenerRole::serves(protocol::ApiKey key) const {
  const auto& api = protocol::info(key);
  return (clients && api.on_broker) || (controllers && is_for_controllers(api));
}

bool ListenerRole::advertises(protocol::ApiKey key) const {
  if (static_cast<std::int16_t>(key) > protocol::kApiKeyMax) return false;  // ours
  const auto& api = protocol::info(key);
  return clients ? api.on_broker : controllers && is_for_controllers(api);
}

ListenerRole role_of(const config::BrokerConfig& config, std::string_view listener) {
  const auto& controllers = config.controller_listeners;
  if (std::ranges::find(controllers, listener) != controllers.end()) return {.clients = false, .controllers = true};
  return {.clients = true,
          .controllers = controllers.empty() && config.is_controller && listener == inter_broker_listener(config)};
}

bool is_for_nodes(const config::BrokerConfig& config, std::string_view listener) {
  if (!role_of(config, listener).clients) return true;
  const auto clients =
      std::ranges::count_if(config.listeners, [&](const auto& one) { return role_of(config, one.name).clients; });
  return clients > 1 && listener == inter_broker_listener(config);
}

std::string inter_broker_listener(const config::BrokerConfig& config) {
  const auto named = config.properties.find("inter.broker.listener.name");
  if (named != config.properties.end()) return named->second;
  const auto protocol = config.properties.find("security.inter.broker.protocol");
  const std::string wanted = protocol == config.properties.end() ? "PLAINTEXT" : protocol->second;
  const auto& told = config.advertised_listeners;
  const auto at = std::ranges::find_if(told, [&](const auto& one) { return config::name(one.protocol) == wanted; });
  if (at != told.end()) return at->name;
  return told.empty() ? "" : told.front().name;
}

}  // namespace thalweg::broker

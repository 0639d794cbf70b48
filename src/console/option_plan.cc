#include "console/option_plan.h"

#include <algorithm>

namespace thalweg::console {
namespace {

// A resource's own word goes before a broker's, that before all brokers', the file's and the default.
int rank(ConfigLayer layer) {
  switch (layer) {
    case ConfigLayer::kTopic:
    case ConfigLayer::kGroup:
    case ConfigLayer::kLogger:
      return 0;
    case ConfigLayer::kBroker:
      return 1;
    case ConfigLayer::kBrokers:
      return 2;
    case ConfigLayer::kFile:
      return 3;
    case ConfigLayer::kDefault:
      return 4;
  }
  return 4;
}

}  // namespace

OptionChange option_change(const ConfigOption* option, const std::string& name, ConfigLayer own,
                           const std::optional<std::string>& value) {
  OptionChange change{.name = name,
                      .from = {},
                      .from_layer = ConfigLayer::kDefault,
                      .to = {},
                      .to_layer = ConfigLayer::kDefault,
                      .unit = {}};
  std::vector<ConfigValue> layers;
  if (option) {
    change.from = option->value;
    change.from_layer = option->layer;
    change.unit = option->unit;
    layers = option->layers;
  }
  std::erase_if(layers, [&](const ConfigValue& one) { return one.layer == own && one.option == name; });
  if (value) {
    const auto at = std::ranges::find_if(layers, [&](const auto& one) { return rank(one.layer) >= rank(own); });
    layers.insert(at, {own, name, *value});
  }
  if (layers.empty()) return change;
  change.to_layer = layers.front().layer;
  change.to = layers.front().value;
  const bool is_secret = option && option->sensitive;
  if (is_secret) change.from = change.to = std::nullopt;
  return change;
}

bool changes_nothing(const OptionChange& change) {
  return change.from && change.from == change.to && change.from_layer == change.to_layer;
}

}  // namespace thalweg::console

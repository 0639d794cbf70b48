#include "config/describe.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/broker_config.h"

namespace thalweg::config {
namespace {

std::optional<std::string> shown(const Option* option, std::string_view value, bool sensitive) {
  if (sensitive) return std::nullopt;
  return option ? canonical(*option, value) : std::string(value);
}

// Every layer in which one of `names` has a value, most specific first. What stands before the first value of
// `own_name` is kept out, as Kafka does: a topic's retention.ms does not name log.retention.hours as its synonym.
std::vector<SynonymValue> broker_values(std::span<const std::string_view> names, std::string_view own_name,
                                        const BrokerLayers& layers) {
  std::vector<SynonymValue> values;
  const auto look = [&](const Properties& layer, Source source) {
    for (const auto name : names)
      if (const auto it = layer.find(name); it != layer.end()) {
        const Option* option = broker_options().find(name);
        values.push_back({std::string(name), shown(option, it->second, !option || option->sensitive()), source});
      }
  };
  look(layers.dynamic_broker, Source::kDynamicBroker);
  look(layers.dynamic_default, Source::kDynamicDefaultBroker);
  look(layers.file, Source::kStaticBroker);
  for (const auto name : names)
    if (const Option* option = broker_options().find(name); option && option->default_value != kNull)
      values.push_back(
          {std::string(name), shown(option, option->default_value, option->sensitive()), Source::kDefault});
  const auto own = std::ranges::find(values, own_name, &SynonymValue::name);
  values.erase(values.begin(), own);
  return values;
}

std::int64_t in_milliseconds(std::string_view broker_option, std::int64_t value) {
  if (value < 0)
    return broker_option.starts_with("log.retention.") && broker_option != "log.retention.bytes" ? -1 : value;
  if (broker_option.ends_with(".hours")) return value * 3'600'000;
  if (broker_option.ends_with(".minutes")) return value * 60'000;
  return value;
}

// The value that a topic inherits: the first broker option in order of precedence that is set in any layer, in the
// topic option's unit.
std::optional<std::string> inherited(const Option& topic_option, const BrokerLayers& layers) {
  for (const auto name : broker_synonyms(topic_option.name)) {
    const Option& option = *broker_options().find(name);
    std::optional<std::string> text;
    for (const Properties* layer : {&layers.dynamic_broker, &layers.dynamic_default, &layers.file})
      if (const auto it = layer->find(name); !text && it != layer->end()) text = it->second;
    if (!text && option.default_value != kNull) text = option.default_value;
    if (!text) continue;
    const auto value = parse(option, *text);
    if (!value) continue;
    if (const auto* number = std::get_if<std::int64_t>(&*value)) return std::to_string(in_milliseconds(name, *number));
    return to_string(*value);
  }
  return std::nullopt;
}

std::optional<std::string> default_of(const Option& option) {
  if (option.default_value == kNull) return std::nullopt;
  return shown(&option, option.default_value, option.sensitive());
}

Described row(const Option& option) {
  return {.name = std::string(option.name), .type = option.type, .sensitive = option.sensitive(), .doc = option.doc};
}

Described topic_row(const Option& option, const Properties& set, const BrokerLayers& layers) {
  Described described = row(option);
  const auto names = broker_synonyms(option.name);
  if (!names.empty()) described.synonyms = broker_values(names, names.front(), layers);
  if (const auto it = set.find(option.name); it != set.end()) {
    described.value = canonical(option, it->second);
    described.synonyms.insert(described.synonyms.begin(), {described.name, described.value, Source::kTopic});
  } else {
    described.value = inherited(option, layers);
    if (!described.value) described.value = default_of(option);
  }
  described.source = described.synonyms.empty() ? Source::kDefault : described.synonyms.front().source;
  return described;
}

// What a broker is set to, unknown options included: every name in a layer.
std::vector<std::string> names_set(const BrokerLayers& layers) {
  std::vector<std::string> names;
  for (const Properties* layer : {&layers.dynamic_broker, &layers.dynamic_default, &layers.file})
    for (const auto& [name, value] : *layer) names.push_back(name);
  for (const Option* option : broker_options().options())
    if (!option->internal) names.emplace_back(option->name);
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

Described broker_row(const std::string& name, const BrokerLayers& layers) {
  const Option* option = broker_options().find(name);
  Described described = option ? row(*option) : Described{.name = name, .sensitive = true};
  described.read_only = !option || option->update == Update::kReadOnly;
  described.synonyms = broker_values(option ? unit_synonyms(name) : std::vector<std::string_view>{name}, name, layers);
  if (!described.synonyms.empty()) {
    described.source = described.synonyms.front().source;
    described.value = described.synonyms.front().value;
  }
  return described;
}

Described inheriting_row(const Option& option, const Properties& set, Source source, std::string_view broker_option,
                         const BrokerLayers* layers) {
  Described described = row(option);
  if (layers && broker_options().find(broker_option))
    described.synonyms = broker_values({&broker_option, 1}, broker_option, *layers);
  if (const auto it = set.find(option.name); it != set.end())
    described.synonyms.insert(described.synonyms.begin(), {described.name, canonical(option, it->second), source});
  if (layers && !broker_options().find(broker_option))
    described.synonyms.push_back({described.name, default_of(option), Source::kDefault});
  if (described.synonyms.empty()) {
    described.value = default_of(option);
  } else {
    described.source = described.synonyms.front().source;
    described.value = described.synonyms.front().value;
  }
  return described;
}

Result<> validate(const Table& table, const Properties& set, std::string_view kind) {
  for (const auto& [name, value] : set) {
    const Option* option = table.find(name);
    if (!option) return fail(ErrorCode::kInvalidConfig, fmt::format("Unknown {} config name: {}", kind, name));
    TRY_VOID(parse(*option, value));
  }
  return {};
}

}  // namespace

std::vector<Described> describe_topic(const Properties& set, const BrokerLayers& layers) {
  std::vector<Described> all;
  for (const Option* option : topic_options().options())
    if (!option->internal || set.contains(option->name)) all.push_back(topic_row(*option, set, layers));
  return all;
}

std::vector<Described> describe_broker(const BrokerLayers& layers) {
  std::vector<Described> all;
  for (const auto& name : names_set(layers)) all.push_back(broker_row(name, layers));
  return all;
}

std::vector<Described> describe_broker_default(const Properties& dynamic_default) {
  const Properties none;
  std::vector<Described> all;
  for (const auto& [name, value] : dynamic_default) {
    all.push_back(broker_row(name, {none, dynamic_default, none}));
    std::erase_if(all.back().synonyms, [](const auto& s) { return s.source != Source::kDynamicDefaultBroker; });
  }
  return all;
}

std::vector<Described> describe_group(const Properties& set, const BrokerLayers& layers) {
  std::vector<Described> all;
  for (const Option* option : group_options().options())
    all.push_back(inheriting_row(*option, set, Source::kGroup, "group." + std::string(option->name), &layers));
  return all;
}

std::vector<Described> describe_client_metrics(const Properties& set) {
  std::vector<Described> all;
  for (const Option* option : client_metrics_options().options())
    all.push_back(inheriting_row(*option, set, Source::kClientMetrics, {}, nullptr));
  return all;
}

Properties effective_topic_config(const Properties& set, const BrokerLayers& layers) {
  Properties effective;
  for (const Option* option : topic_options().options()) {
    const auto it = set.find(option->name);
    auto value = it != set.end() ? canonical(*option, it->second) : inherited(*option, layers);
    if (!value) value = default_of(*option);
    if (value) effective.emplace(option->name, std::move(*value));
  }
  return effective;
}

Result<> validate_topic_config(const Properties& set) {
  TRY_VOID(validate(topic_options(), set, "topic"));
  const auto number = [&](std::string_view name) -> std::optional<std::int64_t> {
    const auto it = set.find(name);
    if (it == set.end()) return std::nullopt;
    return std::get<std::int64_t>(*parse(*topic_options().find(name), it->second));
  };
  const auto low = number("min.compaction.lag.ms"), high = number("max.compaction.lag.ms");
  if (low && high && *low > *high)
    return fail(
        ErrorCode::kInvalidConfig,
        fmt::format("min.compaction.lag.ms ({}) must not be greater than max.compaction.lag.ms ({})", *low, *high));
  if (const auto it = set.find("remote.storage.enable");
      it != set.end() && canonical(*topic_options().find(it->first), it->second) == "true")
    return fail(ErrorCode::kInvalidConfig, "remote.storage.enable: this cluster has no remote storage");
  return {};
}
namespace {

// The bound that brokers set for a group's option: "min" or "max" goes behind the kind of group.
std::string bound_of(std::string_view group_option, std::string_view which) {
  const auto dot = group_option.find('.');
  return fmt::format("group.{}.{}{}", group_option.substr(0, dot), which, group_option.substr(dot));
}

std::optional<std::int64_t> broker_number(const std::string& name, const BrokerLayers& layers) {
  const Option* option = broker_options().find(name);
  if (!option) return std::nullopt;
  const std::string_view own(name);
  const auto values = broker_values({&own, 1}, own, layers);
  if (values.empty()) return std::nullopt;
  const auto value = parse(*option, values.front().value.value_or(""));
  return value ? std::optional(std::get<std::int64_t>(*value)) : std::nullopt;
}

// KIP-714: what a client may be chosen by.
constexpr std::string_view kClientSelectors[] = {"client_instance_id",    "client_id",
                                                 "client_software_name",  "client_software_version",
                                                 "client_source_address", "client_source_port"};

Result<> check_client_match(const std::string& pattern) {
  const auto equals = pattern.find('=');
  const auto selector = pattern.substr(0, equals);
  if (equals == pattern.npos || std::ranges::find(kClientSelectors, selector) == std::end(kClientSelectors))
    return fail(ErrorCode::kInvalidConfig, "Illegal client matching pattern: " + pattern);
  return {};
}

// Key material of a running broker changes for one listener at a time: listener.name.x.ssl.keystore.location.
constexpr std::string_view kPerListener[] = {"ssl.key.password",
                                             "ssl.keystore.certificate.chain",
                                             "ssl.keystore.key",
                                             "ssl.keystore.location",
                                             "ssl.keystore.password",
                                             "ssl.keystore.type",
                                             "ssl.truststore.certificates",
                                             "ssl.truststore.location",
                                             "ssl.truststore.password",
                                             "ssl.truststore.type"};

}  // namespace

Result<> validate_group_config(const Properties& set, const BrokerLayers& layers) {
  TRY_VOID(validate(group_options(), set, "group"));
  for (const auto& [name, text] : set) {
    const auto value = parse(*group_options().find(name), text);
    const auto* number = std::get_if<std::int64_t>(&*value);
    if (!number) continue;
    const auto low = broker_number(bound_of(name, "min"), layers), high = broker_number(bound_of(name, "max"), layers);
    if (low && *number < *low)
      return fail(ErrorCode::kInvalidConfig,
                  fmt::format("{} must be greater than or equal to {}", name, bound_of(name, "min")));
    if (high && *number > *high)
      return fail(ErrorCode::kInvalidConfig,
                  fmt::format("{} must be less than or equal to {}", name, bound_of(name, "max")));
  }
  return {};
}

Result<> validate_client_metrics_config(const Properties& set) {
  for (const auto& [name, text] : set)
    if (!client_metrics_options().find(name))
      return fail(ErrorCode::kInvalidRequest, fmt::format("Unknown client metrics configuration: {}", name));
  TRY_VOID(validate(client_metrics_options(), set, "client metrics"));
  if (const auto it = set.find("interval.ms"); it != set.end()) {
    const auto value = parse(*client_metrics_options().find("interval.ms"), it->second);
    const auto interval = std::get<std::int64_t>(*value);
    if (interval < 100 || interval > 3'600'000)
      return fail(
          ErrorCode::kInvalidRequest,
          fmt::format("Invalid value {} for interval.ms, interval must be between 100 and 3600000 (1 hour)", interval));
  }
  if (const auto it = set.find("match"); it != set.end())
    for (const auto& pattern : split_list(it->second)) TRY_VOID(check_client_match(pattern));
  return {};
}

Result<> validate_dynamic_broker_config(const Properties& set, bool all_brokers, const Properties& file) {
  std::vector<std::string_view> fixed, per_broker, per_listener;
  for (const auto& [name, value] : set) {
    const Option* option = broker_options().find(name);
    if (!option) continue;  // a listener's own ("listener.name.x."), or of a plug-in
    if (option->update == Update::kReadOnly) fixed.push_back(name);
    if (option->update == Update::kPerBroker && all_brokers) per_broker.push_back(name);
    if (std::ranges::find(kPerListener, name) != std::end(kPerListener)) per_listener.push_back(name);
  }
  const auto refuse = [](std::string_view why, const std::vector<std::string_view>& names) {
    return fail(ErrorCode::kInvalidRequest, fmt::format("{}: [{}]", why, fmt::join(names, ", ")));
  };
  if (!fixed.empty()) return refuse("Cannot update these configs dynamically", fixed);
  if (!per_listener.empty())
    return refuse("These configs change for one listener at a time, with its prefix", per_listener);
  if (!per_broker.empty())
    return refuse("Cannot update these configs at default cluster level, but only per broker", per_broker);
  BrokerConfig scratch = in_force(BrokerConfig(), {}, file);
  for (const auto& [name, text] : set) {
    const Option* option = broker_options().find(name);
    if (!option) continue;
    const auto value = parse(*option, text);
    if (!value) return fail(ErrorCode::kInvalidRequest, value.error().message);
    if (!option->set) continue;
    if (const auto done = option->set(scratch, *value); !done)
      return fail(ErrorCode::kInvalidRequest,
                  fmt::format("Invalid value {} for configuration {}: {}", text, name, done.error().message));
  }
  if (scratch.max_connections_per_ip == 0 && scratch.max_connections_per_ip_overrides.empty())
    return fail(ErrorCode::kInvalidRequest,
                "max.connections.per.ip=0 leaves nobody in, also not to take it back; max.connections.per.ip.overrides "
                "has to name somebody then");
  return {};
}

}  // namespace thalweg::config

// What is in force for a resource and where it comes from: topic or group settings over dynamic broker settings over
// the file over the defaults (KIP-226). Feeds DescribeConfigs and the config echo of CreateTopics.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/option.h"

namespace thalweg::config {

// The numbers are those of DescribeConfigs.
enum class Source : std::int8_t {
  kUnknown = 0,
  kTopic = 1,
  kDynamicBroker = 2,
  kDynamicDefaultBroker = 3,
  kStaticBroker = 4,
  kDefault = 5,
  kBrokerLogger = 6,
  kClientMetrics = 7,
  kGroup = 8,
};

struct SynonymValue {
  std::string name;
  std::optional<std::string> value;  // null when sensitive
  Source source = Source::kUnknown;
  friend bool operator==(const SynonymValue&, const SynonymValue&) = default;
};

struct Described {
  std::string name;
  std::optional<std::string> value;  // null when sensitive, or when there is no value
  Type type = Type::kUnknown;
  Source source = Source::kDefault;
  bool read_only = false;
  bool sensitive = false;
  std::vector<SynonymValue> synonyms;  // in order of precedence; the first one is in force
  std::string_view doc;
};

// What a broker itself is configured with, lowest layer last.
struct BrokerLayers {
  const Properties& dynamic_broker;   // set for this broker
  const Properties& dynamic_default;  // set for all brokers
  const Properties& file;             // BrokerConfig::properties
};

// Every topic option, sorted by name. `set` is what was set for the topic.
std::vector<Described> describe_topic(const Properties& set, const BrokerLayers& layers);
// Every broker option and every unknown one in the file, sorted by name.
std::vector<Described> describe_broker(const BrokerLayers& layers);
// What is set for all brokers (the resource with the empty name); nothing else is known about it.
std::vector<Described> describe_broker_default(const Properties& dynamic_default);
std::vector<Described> describe_group(const Properties& set, const BrokerLayers& layers);
std::vector<Described> describe_client_metrics(const Properties& set);

// Name to value in force for every topic option; for building a log's config.
Properties effective_topic_config(const Properties& set, const BrokerLayers& layers);

// Checks what somebody wants to set for a topic: unknown names and invalid values (the first one, in Kafka's words).
Result<> validate_topic_config(const Properties& set);
// A group's settings also have to lie between the bounds that brokers set: group.consumer.min.session.timeout.ms and
// its like.
Result<> validate_group_config(const Properties& set, const BrokerLayers& layers);
Result<> validate_client_metrics_config(const Properties& set);
// Dynamic broker settings: also refuses options that a running broker cannot change. `all_brokers`: for the default
// resource. `file`: what the settings are laid over, for options that depend on each other.
Result<> validate_dynamic_broker_config(const Properties& set, bool all_brokers, const Properties& file = {});

}  // namespace thalweg::config

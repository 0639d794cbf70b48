// What the parts of the controller share: they are functions from the image and a request to records and a reply.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "config/broker_config.h"
#include "config/describe.h"
#include "controller/random.h"
#include "metadata/image.h"

namespace thalweg::controller {

using metadata::Record;

template <class Response>
struct Decision {
  std::vector<Record> records;  // one batch, all or nothing; often empty
  Response reply;
};

struct Options {
  BrokerId self{kNoBroker};                     // the node that this controller runs on
  std::int32_t num_partitions = 1;              // num.partitions
  std::int16_t default_replication_factor = 1;  // default.replication.factor
  bool delete_topic_enable = true;              // delete.topic.enable
  bool auto_leader_rebalance_enable = true;     // auto.leader.rebalance.enable
  Millis leader_imbalance_check_interval{300'000};
  Millis broker_session_timeout{9000};       // broker.session.timeout.ms
  Millis broker_silence{800};                // thalweg.broker.silence.ms
  config::Properties static_configs;         // this node's file: what topics inherit
  config::FeatureLevels feature_levels_max;  // thalweg.feature.levels.max

  static Options from(const config::BrokerConfig& config);
};

inline constexpr std::int32_t kProducerIdBlockSize = 1000;
// One change, as it goes into the metadata log: what a request asks beyond it is refused, what follows from a broker's
// coming or going is done in several.
inline constexpr std::size_t kMaxRecordsPerBatch = 10'000;
inline constexpr std::size_t kMaxBytesPerBatch = 8 << 20;
inline constexpr std::string_view kTooLargeABatch = "Unable to perform excessively large batch operation.";
inline constexpr std::string_view kTooManyPartitions = "Excessively large number of partitions per request.";

// What this controller knows of the layers below a topic: settings for all brokers and its own file.
inline config::BrokerLayers layers(const metadata::Image& image, const Options& options) {
  static const config::Properties kNone;
  return {kNone, image.configs({metadata::ResourceType::kBroker, ""}), options.static_configs};
}

// What is in force for an option that topic and broker have under the same name; nothing where it is the default.
const std::string* topic_value(const metadata::Image& image, const Options& options, std::string_view topic,
                               std::string_view option);

}  // namespace thalweg::controller

// Where settings come from: Java .properties files and the environment variables of Kafka's container images.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/option.h"

namespace thalweg::config {

// A .properties file as Java reads it: '#' and '!' comments, "key=value", "key:value" or "key value", backslash escapes
// (\t \n \r \f \uXXXX), lines continued by a backslash. The last of equal keys wins. Bytes are UTF-8.
Properties parse_properties(std::string_view text);
// The text that parse_properties() reads back; one line per property.
std::string format_properties(const Properties& properties);

struct EnvironmentSettings {
  Properties properties;
  std::vector<std::string> ignored;  // ZooKeeper settings of old compose files
};
// KAFKA_LOG_RETENTION_MS=1 is log.retention.ms=1, as in the official images: one '_' is a dot, "__" an underscore,
// "___" a dash. Variables that steer the images themselves (KAFKA_HEAP_OPTS, KAFKA_VERSION, ...) are none of the
// server's. THALWEG_X is thalweg.x by the same rule, and CLUSTER_ID, with which those images format their directories,
// is thalweg.cluster.id. KAFKA_CFG_LOG_RETENTION_MS and KAFKA_KRAFT_CLUSTER_ID, as Bitnami's images have them, say the
// same and are weaker: where both are set, the ones above win. `environment` has "NAME=value" entries.
//
// A compose file that only advertises listeners (Confluent's images allow it) listens on the same ports of every
// address.
EnvironmentSettings settings_from_environment(const std::vector<std::string>& environment);

}  // namespace thalweg::config

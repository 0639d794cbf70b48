// What options say about each other. Private to this module.
#pragma once

#include <string>
#include <vector>

#include "config/broker_config.h"

namespace thalweg::config {

// What a server does not start with, as Apache Kafka 4.3 does not: one sentence each.
std::vector<std::string> contradictions(const BrokerConfig& config, const Properties& given);
// What it starts with, and what will not do what it seems to: one sentence each.
std::vector<std::string> oddities(const Properties& given);

}  // namespace thalweg::config

// The rows of all options, one accessor per area; joined into tables by tables.cc. Private to this module.
#pragma once

#include <span>

#include "config/option.h"

namespace thalweg::config {

std::span<const Option> topic_option_rows();
std::span<const Option> group_option_rows();
std::span<const Option> client_metrics_option_rows();

std::span<const Option> broker_cluster_rows();
std::span<const Option> broker_network_rows();
std::span<const Option> broker_log_rows();
std::span<const Option> broker_coordinator_rows();
std::span<const Option> broker_security_rows();
std::span<const Option> broker_remote_rows();
std::span<const Option> broker_dynamic_only_rows();
std::span<const Option> thalweg_rows();

}  // namespace thalweg::config

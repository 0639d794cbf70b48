// Changing what is configured for topics, brokers, groups and client metrics. Each resource is changed whole or not at
// all.
#pragma once

#include "controller/decision.h"
#include "protocol/alter_configs_request.h"
#include "protocol/alter_configs_response.h"
#include "protocol/incremental_alter_configs_request.h"
#include "protocol/incremental_alter_configs_response.h"

namespace thalweg::controller {

// What a metadata record can keep of a name or a value, as in Kafka.
inline constexpr std::size_t kConfigStringMax = 32767;
Result<> check_config_size(const protocol::ConfigRecord& record);

// Replaces everything that was set: what a request leaves out returns to its default.
Decision<protocol::AlterConfigsResponse> alter_configs(const metadata::Image& image, const Options& options,
                                                       const protocol::AlterConfigsRequest& request);
Decision<protocol::IncrementalAlterConfigsResponse> incremental_alter_configs(
    const metadata::Image& image, const Options& options, const protocol::IncrementalAlterConfigsRequest& request);

}  // namespace thalweg::controller

// The broker's logger as a config resource (KIP-412): there is one, "root", and its level may change while it runs.
// Every node has its own.
#pragma once

#include <string>

#include "base/result.h"
#include "base/types.h"
#include "protocol/describe_configs_response.h"
#include "protocol/incremental_alter_configs_request.h"

namespace thalweg::broker {

// kInvalidRequest unless `name` is this node's id.
Result<> check_own_loggers(const std::string& name, BrokerId self);

protocol::DescribeConfigsResponse::DescribeConfigsResourceResult describe_root_logger();

// All changes or none.
Result<> alter_loggers(const protocol::IncrementalAlterConfigsRequest::AlterConfigsResource& wanted, BrokerId self,
                       bool validate_only);

}  // namespace thalweg::broker

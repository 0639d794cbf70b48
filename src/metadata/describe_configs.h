// The answer to DescribeConfigs: what is in force for topics, brokers, groups and client metrics, as the image and a
// broker's file say. Authorisation comes before, and broker loggers are the broker's own business.
#pragma once

#include <functional>
#include <string>

#include "base/types.h"
#include "config/option.h"
#include "metadata/image.h"
#include "protocol/describe_configs_request.h"
#include "protocol/describe_configs_response.h"

namespace thalweg::metadata {

// Who answers. A broker's own settings are known to itself alone.
struct Describer {
  BrokerId self;
  const config::Properties& file;  // config::BrokerConfig::properties
};

protocol::DescribeConfigsResponse::DescribeConfigsResult describe_configs(
    const protocol::DescribeConfigsRequest::DescribeConfigsResource& resource,
    const protocol::DescribeConfigsRequest& request, const Image& image, const Describer& describer);

// All resources of a request.
protocol::DescribeConfigsResponse describe_configs(const protocol::DescribeConfigsRequest& request, const Image& image,
                                                   const Describer& describer);

// What is in force for a topic on this broker; for its log's config and for checks of appends.
config::Properties effective_topic_config(const Image& image, const Describer& describer, const std::string& topic);

}  // namespace thalweg::metadata

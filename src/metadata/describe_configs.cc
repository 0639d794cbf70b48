#include "metadata/describe_configs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "config/describe.h"

namespace thalweg::metadata {
namespace {

using Request = protocol::DescribeConfigsRequest;
using Response = protocol::DescribeConfigsResponse;

config::BrokerLayers layers(const Image& image, const Describer& describer) {
  return {image.configs({ResourceType::kBroker, to_string(describer.self)}), image.configs({ResourceType::kBroker, ""}),
          describer.file};
}

Result<std::vector<config::Described>> describe_topic(const ConfigResource& resource, const Image& image,
                                                      const Describer& describer) {
  if (!image.topic(resource.name))
    return fail(ErrorCode::kUnknownTopicOrPartition, "This server does not host this topic-partition.");
  return config::describe_topic(image.topic_configs(resource.name), layers(image, describer));
}

Result<std::vector<config::Described>> describe_broker(const ConfigResource& resource, const Image& image,
                                                       const Describer& describer) {
  if (resource.name.empty()) return config::describe_broker_default(image.configs(resource));
  if (resource.name != to_string(describer.self))
    return fail(ErrorCode::kInvalidRequest,
                fmt::format("Unexpected broker id, expected {} or empty string, but received {}", describer.self.value,
                            resource.name));
  return config::describe_broker(layers(image, describer));
}

Result<std::vector<config::Described>> describe(const ConfigResource& resource, const Image& image,
                                                const Describer& describer) {
  switch (resource.type) {
    case ResourceType::kTopic:
      return describe_topic(resource, image, describer);
    case ResourceType::kBroker:
      return describe_broker(resource, image, describer);
    case ResourceType::kGroup:
      if (resource.name.empty()) return fail(ErrorCode::kInvalidRequest, "Group name must not be empty");
      return config::describe_group(image.configs(resource), layers(image, describer));
    case ResourceType::kClientMetrics:
      if (resource.name.empty())
        return fail(ErrorCode::kInvalidRequest, "Client metrics subscription name must not be empty");
      return config::describe_client_metrics(image.configs(resource));
    default:
      return fail(ErrorCode::kInvalidRequest,
                  fmt::format("Unsupported resource type {}", static_cast<int>(resource.type)));
  }
}

Response::DescribeConfigsResourceResult entry(config::Described row, const Request& request) {
  Response::DescribeConfigsResourceResult result;
  result.name = std::move(row.name);
  result.value = std::move(row.value);
  result.read_only = row.read_only;
  result.config_source = static_cast<std::int8_t>(row.source);
  result.is_sensitive = row.sensitive;
  result.config_type = static_cast<std::int8_t>(row.type);
  if (request.include_documentation) result.documentation = std::string(row.doc);
  if (request.include_synonyms)
    for (auto& synonym : row.synonyms)
      result.synonyms.push_back(
          {std::move(synonym.name), std::move(synonym.value), static_cast<std::int8_t>(synonym.source)});
  return result;
}

}  // namespace

Response::DescribeConfigsResult describe_configs(const Request::DescribeConfigsResource& resource,
                                                 const Request& request, const Image& image,
                                                 const Describer& describer) {
  Response::DescribeConfigsResult result;
  result.resource_type = resource.resource_type;
  result.resource_name = resource.resource_name;
  auto rows = describe({static_cast<ResourceType>(resource.resource_type), resource.resource_name}, image, describer);
  if (!rows) {
    result.error_code = rows.error().code;
    result.error_message = rows.error().message;
    return result;
  }
  const auto& keys = resource.configuration_keys;
  for (auto& row : *rows)
    if (!keys || std::ranges::find(*keys, row.name) != keys->end())
      result.configs.push_back(entry(std::move(row), request));
  return result;
}

Response describe_configs(const Request& request, const Image& image, const Describer& describer) {
  Response response;
  for (const auto& resource : request.resources)
    response.results.push_back(describe_configs(resource, request, image, describer));
  return response;
}

config::Properties effective_topic_config(const Image& image, const Describer& describer, const std::string& topic) {
  return config::effective_topic_config(image.topic_configs(topic), layers(image, describer));
}

}  // namespace thalweg::metadata

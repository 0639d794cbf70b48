// DescribeConfigs (32), versions 0-4: every known option with its value, source and synonyms (KIP-226), type and
// documentation (KIP-569); the level of this broker's logger (KIP-412).
#include <algorithm>
#include <charconv>

#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/loggers.h"
#include "config/describe.h"
#include "controller/topics.h"
#include "protocol/describe_configs_request.h"
#include "protocol/describe_configs_response.h"

namespace thalweg::broker {
namespace {

using metadata::ConfigResource;
using metadata::ResourceType;
using protocol::DescribeConfigsRequest;
using protocol::DescribeConfigsResponse;

std::string broker_name(BrokerId id) { return std::to_string(id.value); }

config::BrokerLayers layers(const RequestContext& context) {
  const auto& image = *context.image;
  const auto& broker = context.here.broker;
  return {image.configs({ResourceType::kBroker, broker_name(broker.config().node_id)}),
          image.configs({ResourceType::kBroker, ""}), broker.config().properties};
}

Result<std::vector<config::Described>> describe(const RequestContext& context, ResourceType type,
                                                const std::string& name) {
  const auto& image = *context.image;
  switch (type) {
    case ResourceType::kTopic:
      TRY_VOID(controller::validate_topic_name(name));
      if (!image.topic(std::string_view(name))) return fail(ErrorCode::kUnknownTopicOrPartition, "");
      return config::describe_topic(image.topic_configs(name), layers(context));
    case ResourceType::kBroker: {
      if (name.empty()) return config::describe_broker_default(image.configs({ResourceType::kBroker, ""}));
      const auto own = broker_name(context.here.broker.config().node_id);
      if (name != own) {
        std::int32_t id = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
        if (error != std::errc() || end != name.data() + name.size())
          return fail(ErrorCode::kInvalidRequest, "Broker id must be an integer, but it is: " + name);
        return fail(ErrorCode::kInvalidRequest,
                    "Unexpected broker id, expected " + own + " or empty string, but received " + name);
      }
      return config::describe_broker(layers(context));
    }
    case ResourceType::kClientMetrics:
      if (name.empty()) return fail(ErrorCode::kInvalidRequest, "The name of the client metrics resource is missing.");
      return config::describe_client_metrics(image.configs({type, name}));
    case ResourceType::kGroup:
      if (name.empty()) return fail(ErrorCode::kInvalidRequest, "The group's id is missing.");
      return config::describe_group(image.configs({type, name}), layers(context));
    default:
      return fail(ErrorCode::kInvalidRequest, "Unsupported resource type: " + std::to_string(int(type)));
  }
}

DescribeConfigsResponse::DescribeConfigsResourceResult row(const config::Described& option,
                                                           const DescribeConfigsRequest& request) {
  DescribeConfigsResponse::DescribeConfigsResourceResult out;
  out.name = option.name;
  out.value = option.value;
  out.read_only = option.read_only;
  out.is_default = option.source == config::Source::kDefault;
  out.config_source = static_cast<std::int8_t>(option.source);
  out.is_sensitive = option.sensitive;
  out.config_type = static_cast<std::int8_t>(option.type);
  out.documentation.reset();
  if (request.include_documentation && !option.doc.empty()) out.documentation = std::string(option.doc);
  if (!request.include_synonyms) return out;
  for (const auto& synonym : option.synonyms) {
    auto& to = out.synonyms.emplace_back();
    to.name = synonym.name;
    to.value = synonym.value;
    to.source = static_cast<std::int8_t>(synonym.source);
  }
  return out;
}

// No keys: every key.
bool wants(const DescribeConfigsRequest::DescribeConfigsResource& resource, const std::string& name) {
  const auto& keys = resource.configuration_keys;
  return !keys || keys->empty() || std::ranges::find(*keys, name) != keys->end();
}

void describe_loggers(const RequestContext& context, const DescribeConfigsRequest::DescribeConfigsResource& resource,
                      DescribeConfigsResponse::DescribeConfigsResult& out) {
  if (const auto own = check_own_loggers(resource.resource_name, context.here.broker.config().node_id); !own) {
    out.error_code = own.error().code;
    out.error_message = own.error().message;
    return;
  }
  auto root = describe_root_logger();
  if (wants(resource, root.name)) out.configs.push_back(std::move(root));
}

Task<DescribeConfigsResponse> describe_configs(const RequestContext& context, DescribeConfigsRequest request) {
  DescribeConfigsResponse response;
  for (const auto& resource : request.resources) {
    auto& out = response.results.emplace_back();
    out.resource_type = resource.resource_type;
    out.resource_name = resource.resource_name;
    if (static_cast<ResourceType>(resource.resource_type) == ResourceType::kBrokerLogger) {
      describe_loggers(context, resource, out);
      continue;
    }
    const auto options = describe(context, static_cast<ResourceType>(resource.resource_type), resource.resource_name);
    if (!options) {
      out.error_code = options.error().code;
      out.error_message =
          options.error().message.empty() ? std::string(describe(options.error().code)) : options.error().message;
      continue;
    }
    for (const auto& option : *options)
      if (wants(resource, option.name)) out.configs.push_back(row(option, request));
  }
  co_return response;
}

}  // namespace

extern const Api kDescribeConfigs = serve<&describe_configs>;

}  // namespace thalweg::broker

#include "admin/configs.h"

#include "base/number.h"
#include "protocol/describe_configs_request.h"
#include "protocol/incremental_alter_configs_request.h"
#include "protocol/incremental_alter_configs_response.h"

namespace thalweg::admin {
namespace {
using namespace protocol;

// Only the broker itself knows its static values; everything else any broker can tell.
std::optional<BrokerId> must_be_asked(const ConfigResource& resource) {
  if (resource.type != ResourceType::kBroker && resource.type != ResourceType::kBrokerLogger) return {};
  const auto id = parse_number<std::int32_t>(resource.name);
  return id ? std::optional(BrokerId{*id}) : std::nullopt;
}

Task<Result<ChannelPtr>> channel_for(Client& client, const ConfigResource& resource, Instant deadline) {
  if (const auto id = must_be_asked(resource)) co_return co_await client.to(*id, deadline);
  co_return co_await client.any(deadline);
}

Task<Result<>> describe_into(Client& client, ChannelPtr channel, DescribeConfigsRequest request,
                             std::vector<ResourceConfigs>& out, Instant deadline) {
  CO_TRY(auto response,
         co_await send<DescribeConfigsResponse>(channel, std::move(request), client.request_deadline(deadline)));
  for (auto& result : response.results) {
    if (result.error_code != ErrorCode::kNone)
      co_return std::unexpected(error_of(result.error_code, result.error_message));
    out.push_back({{static_cast<ResourceType>(result.resource_type), result.resource_name}, std::move(result.configs)});
  }
  co_return Result<>();
}

Task<Result<std::vector<ResourceConfigs>>> describe_once(Client& client, std::vector<ConfigResource> resources,
                                                         bool with_synonyms, std::vector<std::string> keys,
                                                         Instant deadline) {
  std::vector<ResourceConfigs> described;
  DescribeConfigsRequest shared;
  shared.include_synonyms = with_synonyms;
  for (const auto& resource : resources) {
    DescribeConfigsRequest::DescribeConfigsResource wanted;
    wanted.resource_type = static_cast<std::int8_t>(resource.type);
    wanted.resource_name = resource.name;
    wanted.configuration_keys.reset();
    if (!keys.empty()) wanted.configuration_keys = keys;
    if (!must_be_asked(resource)) {
      shared.resources.push_back(std::move(wanted));
      continue;
    }
    DescribeConfigsRequest own;
    own.include_synonyms = with_synonyms;
    own.resources.push_back(std::move(wanted));
    CO_TRY(const auto channel, co_await channel_for(client, resource, deadline));
    CO_TRY_VOID(co_await describe_into(client, channel, std::move(own), described, deadline));
  }
  if (!shared.resources.empty()) {
    CO_TRY(const auto channel, co_await client.any(deadline));
    CO_TRY_VOID(co_await describe_into(client, channel, std::move(shared), described, deadline));
  }
  co_return described;
}

Task<Result<>> alter_once(Client& client, ConfigResource resource, std::vector<ConfigChange> changes,
                          Instant deadline) {
  CO_TRY(const auto channel, co_await channel_for(client, resource, deadline));
  IncrementalAlterConfigsRequest request;
  auto& wanted = request.resources.emplace_back();
  wanted.resource_type = static_cast<std::int8_t>(resource.type);
  wanted.resource_name = resource.name;
  for (auto& change : changes)
    wanted.configs.push_back({change.name, static_cast<std::int8_t>(change.operation), std::move(change.value)});
  CO_TRY(const auto response, co_await send<IncrementalAlterConfigsResponse>(channel, std::move(request),
                                                                             client.request_deadline(deadline)));
  for (const auto& result : response.responses)
    if (result.error_code != ErrorCode::kNone)
      co_return std::unexpected(error_of(result.error_code, result.error_message));
  co_return Result<>();
}

}  // namespace

std::string_view name(ConfigSource source) {
  switch (source) {
    case ConfigSource::kTopic:
      return "DYNAMIC_TOPIC_CONFIG";
    case ConfigSource::kDynamicBroker:
      return "DYNAMIC_BROKER_CONFIG";
    case ConfigSource::kDynamicDefaultBroker:
      return "DYNAMIC_DEFAULT_BROKER_CONFIG";
    case ConfigSource::kStaticBroker:
      return "STATIC_BROKER_CONFIG";
    case ConfigSource::kDefault:
      return "DEFAULT_CONFIG";
    case ConfigSource::kDynamicBrokerLogger:
      return "DYNAMIC_BROKER_LOGGER_CONFIG";
    case ConfigSource::kClientMetrics:
      return "DYNAMIC_CLIENT_METRICS_CONFIG";
    case ConfigSource::kGroup:
      return "DYNAMIC_GROUP_CONFIG";
    case ConfigSource::kUnknown:
      break;
  }
  return "UNKNOWN";
}

Task<Result<std::vector<ResourceConfigs>>> describe_configs(Client& client, std::vector<ConfigResource> resources,
                                                            bool with_synonyms, std::vector<std::string> keys) {
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto described = co_await describe_once(client, resources, with_synonyms, keys, deadline);
    if (described || described.error().code == ErrorCode::kUnknownTopicOrPartition ||
        !co_await retry.again(described.error()))
      co_return described;
  }
}

Task<Result<>> alter_configs(Client& client, ConfigResource resource, std::vector<ConfigChange> changes) {
  const Instant deadline = client.api_deadline();
  for (Retry retry(client, deadline);;) {
    auto altered = co_await alter_once(client, resource, changes, deadline);
    if (altered || altered.error().code == ErrorCode::kUnknownTopicOrPartition ||
        !co_await retry.again(altered.error()))
      co_return altered;
  }
}

}  // namespace thalweg::admin

// DescribeConfigs (32), versions 0-4: every known option with its value, source and synonyms (KIP-226), type and
// documentation (KIP-569); the level of this broker's logger (KIP-412). A resource that is named twice is answered
// once: Kafka repeats it, and its clients keep one of each. One for which the answer has no room is answered with an
// error.
#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>

#include "base/number.h"
#include "broker/answer_bound.h"
#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/loggers.h"
#include "config/describe.h"
#include "controller/topics.h"
#include "protocol/describe_configs_request.h"
#include "protocol/describe_configs_response.h"
#include "runtime/yielding.h"

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
        if (!parse_number<std::int32_t>(name))
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

// Which of the options are asked for. No keys: every one. A client may give more keys than there are options, so that
// each is looked up once.
std::vector<bool> wanted(const DescribeConfigsRequest::DescribeConfigsResource& resource,
                         const std::vector<config::Described>& options) {
  const auto& keys = resource.configuration_keys;
  const bool all = !keys || keys->empty();
  std::vector<bool> wanted(options.size(), all);
  if (all) return wanted;
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < options.size(); ++i) places.emplace(options[i].name, i);
  for (const auto& key : *keys)
    if (const auto place = places.find(key); place != places.end()) wanted[place->second] = true;
  return wanted;
}

void describe_loggers(const RequestContext& context, const DescribeConfigsRequest::DescribeConfigsResource& resource,
                      DescribeConfigsResponse::DescribeConfigsResult& out) {
  if (const auto own = check_own_loggers(resource.resource_name, context.here.broker.config().node_id); !own) {
    out.error_code = own.error().code;
    out.error_message = own.error().message;
    return;
  }
  auto root = describe_root_logger();
  const auto& keys = resource.configuration_keys;
  if (!keys || keys->empty() || std::ranges::find(*keys, root.name) != keys->end())
    out.configs.push_back(std::move(root));
}

std::size_t size_of(const DescribeConfigsResponse::DescribeConfigsResourceResult& row) {
  std::size_t size = sizeof row + row.name.size();
  for (const auto* text : {&row.value, &row.documentation})
    if (*text) size += (*text)->size();
  for (const auto& synonym : row.synonyms)
    size += sizeof synonym + synonym.name.size() + (synonym.value ? synonym.value->size() : 0);
  return size;
}

// Only what goes into versions with short strings: there is no way to say a longer one there, and half of it would be a
// lie that a tool may write back.
Result<> check_length(const DescribeConfigsResponse::DescribeConfigsResourceResult& row, std::int16_t version) {
  constexpr std::size_t kShortMax = 32'767;
  if (version >= DescribeConfigsResponse::kFlexibleFrom || !row.value || row.value->size() <= kShortMax) return {};
  return fail(ErrorCode::kUnsupportedVersion, row.name + " has a value of " + std::to_string(row.value->size()) +
                                                  " bytes, which needs DescribeConfigs version " +
                                                  std::to_string(DescribeConfigsResponse::kFlexibleFrom));
}

Result<> describe_resource(const RequestContext& context, const DescribeConfigsRequest& request,
                           const DescribeConfigsRequest::DescribeConfigsResource& resource, AnswerBound& bound,
                           DescribeConfigsResponse::DescribeConfigsResult& out) {
  TRY_VOID(bound.add(sizeof out + out.resource_name.size()));
  TRY(const auto options, describe(context, static_cast<ResourceType>(resource.resource_type), resource.resource_name));
  const auto asked = wanted(resource, options);
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (!asked[i]) continue;
    auto described = row(options[i], request);
    TRY_VOID(check_length(described, context.version));
    TRY_VOID(bound.add(size_of(described)));
    out.configs.push_back(std::move(described));
  }
  return {};
}

Task<DescribeConfigsResponse> describe_configs(const RequestContext& context, DescribeConfigsRequest request) {
  DescribeConfigsResponse response;
  std::set<std::pair<std::int8_t, std::string>> seen;
  AnswerBound bound(context);
  constexpr std::size_t kRowsAtOnce = 4000;
  Pace pace(kRowsAtOnce);
  for (const auto& resource : request.resources) {
    if (!seen.emplace(resource.resource_type, resource.resource_name).second) continue;
    auto& out = response.results.emplace_back();
    out.resource_type = resource.resource_type;
    out.resource_name = resource.resource_name;
    if (static_cast<ResourceType>(resource.resource_type) == ResourceType::kBrokerLogger) {
      describe_loggers(context, resource, out);
      continue;
    }
    if (const auto done = describe_resource(context, request, resource, bound, out); !done) {
      out.configs.clear();
      out.error_code = done.error().code;
      out.error_message =
          done.error().message.empty() ? std::string(describe(done.error().code)) : done.error().message;
    }
    constexpr std::size_t kRowsOfNone = 40;  // an error takes its time, too
    const std::size_t keys = resource.configuration_keys ? resource.configuration_keys->size() : 0;
    if (pace.due(out.configs.size() + kRowsOfNone + keys)) co_await give_way();
  }
  co_return response;
}

}  // namespace

extern const Api kDescribeConfigs = serve<&describe_configs>;

}  // namespace thalweg::broker

#include "controller/configs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/number.h"
#include "controller/batch_limit.h"
#include "controller/features.h"
#include "controller/leader_election.h"
#include "controller/topics.h"
#include "metadata/image_builder.h"

namespace thalweg::controller {
namespace {

using config::Properties;
using metadata::ConfigResource;
using metadata::ResourceType;

constexpr std::string_view kMinIsr = "min.insync.replicas";

enum class Operation : std::int8_t { kSet = 0, kDelete = 1, kAppend = 2, kSubtract = 3 };

const config::Table* options_for(ResourceType type) {
  switch (type) {
    case ResourceType::kTopic:
      return &config::topic_options();
    case ResourceType::kBroker:
      return &config::broker_options();
    case ResourceType::kClientMetrics:
      return &config::client_metrics_options();
    case ResourceType::kGroup:
      return &config::group_options();
    default:
      return nullptr;
  }
}

Result<> check_broker(const metadata::Image& image, const std::string& name) {
  if (name.empty()) return {};
  const auto id = parse_number<std::int32_t>(name);
  if (!id) return fail(ErrorCode::kInvalidRequest, fmt::format("Invalid broker name {}", name));
  if (!image.broker(BrokerId{*id}))
    return fail(ErrorCode::kBrokerIdNotRegistered, fmt::format("No node with id {} found.", *id));
  return {};
}

Result<> check_resource(const metadata::Image& image, const ConfigResource& resource) {
  switch (resource.type) {
    case ResourceType::kTopic:
      if (resource.name.empty()) return fail(ErrorCode::kInvalidRequest, "There are no default settings for topics.");
      TRY_VOID(validate_topic_name(resource.name));
      if (image.topic(resource.name)) return {};
      return fail(ErrorCode::kUnknownTopicOrPartition, fmt::format("The topic '{}' does not exist.", resource.name));
    case ResourceType::kBroker:
      return check_broker(image, resource.name);
    case ResourceType::kGroup:
    case ResourceType::kClientMetrics:
      if (!resource.name.empty()) return {};
      return fail(ErrorCode::kInvalidRequest, "The resource needs a name.");
    default:
      return fail(ErrorCode::kInvalidRequest,
                  fmt::format("Unexpected resource type {}: the controller has nothing configured for it.",
                              static_cast<int>(resource.type)));
  }
}

Result<> validate(const ConfigResource& resource, const Properties& set, const config::BrokerLayers& layers) {
  switch (resource.type) {
    case ResourceType::kTopic:
      return config::validate_topic_config(set);
    case ResourceType::kGroup:
      return config::validate_group_config(set, layers);
    case ResourceType::kClientMetrics:
      return config::validate_client_metrics_config(set);
    default:
      return config::validate_dynamic_broker_config(set, resource.name.empty(), layers.file);
  }
}

// The records that turn one set of settings into another.
std::vector<Record> difference(const ConfigResource& resource, const Properties& from, const Properties& to) {
  std::vector<Record> records;
  const auto add = [&](const std::string& name, std::optional<std::string> value) {
    protocol::ConfigRecord record;
    record.resource_type = static_cast<std::int8_t>(resource.type);
    record.resource_name = resource.name;
    record.name = name;
    record.value = std::move(value);
    records.emplace_back(std::move(record));
  };
  for (const auto& [name, value] : to)
    if (const auto it = from.find(name); it == from.end() || it->second != value) add(name, value);
  for (const auto& [name, value] : from)
    if (!to.contains(name)) add(name, std::nullopt);
  return records;
}

template <class Entries>
Result<> check_entries(const Entries& entries) {
  std::set<std::string> names;
  for (const auto& entry : entries)
    if (!names.insert(entry.name).second) return fail(ErrorCode::kInvalidRequest, "Error due to duplicate config keys");
  return {};
}

std::string null_value(const std::string& name) { return fmt::format("Null value not supported for : {}", name); }

Result<Properties> replaced(const protocol::AlterConfigsRequest::AlterConfigsResource& wanted, const Properties&,
                            const config::Table&) {
  Properties set;
  for (const auto& entry : wanted.configs) {
    if (!entry.value) return fail(ErrorCode::kInvalidRequest, null_value(entry.name));
    set[entry.name] = *entry.value;
  }
  return set;
}

// Appends to, or takes out of, a list. What is not set starts from the default.
Result<> change_list(const config::Table& table, const std::string& name, const std::string& value, Operation operation,
                     Properties& set) {
  const auto* option = table.find(name);
  if (!option || option->type != config::Type::kList)
    return fail(ErrorCode::kInvalidConfig, fmt::format("Can't {} to key {} because its type is not LIST.",
                                                       operation == Operation::kAppend ? "APPEND" : "SUBTRACT", name));
  const auto it = set.find(name);
  auto list = config::split_list(it != set.end() ? it->second : option->default_value ? option->default_value : "");
  const auto before = list;
  for (const auto& element : config::split_list(value)) {
    const auto at = std::ranges::find(list, element);
    if (operation == Operation::kAppend && at == list.end()) list.push_back(element);
    if (operation == Operation::kSubtract && at != list.end()) list.erase(at);
  }
  if (list != before || it != set.end()) set[name] = fmt::format("{}", fmt::join(list, ","));
  return {};
}

Result<Properties> changed(const protocol::IncrementalAlterConfigsRequest::AlterConfigsResource& wanted,
                           const Properties& now, const config::Table& table) {
  Properties set = now;
  for (const auto& entry : wanted.configs) {
    const auto operation = static_cast<Operation>(entry.config_operation);
    if (operation != Operation::kDelete && !entry.value)
      return fail(ErrorCode::kInvalidRequest, null_value(entry.name));
    switch (operation) {
      case Operation::kSet:
        set[entry.name] = *entry.value;
        break;
      case Operation::kDelete:
        set.erase(entry.name);
        break;
      case Operation::kAppend:
      case Operation::kSubtract:
        TRY_VOID(change_list(table, entry.name, *entry.value, operation, set));
        break;
      default:
        return fail(ErrorCode::kInvalidRequest, fmt::format("Unknown config operation {}.", entry.config_operation));
    }
  }
  return set;
}

// With eligible leader replicas (KIP-966) the controller counts by min.insync.replicas who may lead without loss, so
// all brokers have to mean the same by it. The messages are Kafka's.
Result<> check_min_isr(const metadata::Image& image, const ConfigResource& resource, const Record& record) {
  const auto& config = std::get<protocol::ConfigRecord>(record);
  if (resource.type != ResourceType::kBroker || config.name != kMinIsr || image.feature(kElrFeature) == 0) return {};
  if (!resource.name.empty())
    return fail(ErrorCode::kInvalidConfig, "Broker-level min.insync.replicas cannot be altered while ELR is enabled.");
  if (!config.value)
    return fail(ErrorCode::kInvalidConfig, "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.");
  return {};
}

// Who left a set that was too small to acknowledge may lead; a set that may acknowledge by the new value must have no
// such replicas beside it, or one of them would be elected without what was acknowledged since. So they go in the batch
// that changes the value, and before it.
std::vector<Record> with_elr_cut(const metadata::Image& image, const Options& options, std::vector<Record> configs) {
  const bool concerned = std::ranges::any_of(
      configs, [](const Record& record) { return std::get<protocol::ConfigRecord>(record).name == kMinIsr; });
  if (!concerned || image.feature(kElrFeature) == 0) return configs;
  metadata::ImageBuilder next(std::make_shared<const metadata::Image>(image));
  CHECK(next.apply(configs));
  std::vector<Record> records;
  const Standing standing(image);
  for (const auto& [name, topic] : image.topics()) {
    const auto rules = rules_of(next.current(), options, name);
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
      const auto& partition = topic->partitions[i];
      if (partition.eligible_leader_replicas.empty()) continue;
      PartitionChange change(topic->id, PartitionId{static_cast<std::int32_t>(i)}, partition, standing, rules);
      if (auto record = change.build()) records.push_back(*std::move(record));
    }
  }
  std::ranges::move(configs, std::back_inserter(records));
  return records;
}

// One resource of either request; `next` works out its settings.
template <class Resource>
Result<std::vector<Record>> alter(const metadata::Image& image, const Options& options, const Resource& wanted,
                                  auto next) {
  const ConfigResource resource{static_cast<ResourceType>(wanted.resource_type), wanted.resource_name};
  TRY_VOID(check_entries(wanted.configs));
  TRY_VOID(check_resource(image, resource));
  const auto& now = image.configs(resource);
  TRY(const auto set, next(wanted, now, *options_for(resource.type)));
  // A topic's settings are checked together, since some only make sense together. Of the others only what the client
  // touches: a cluster keeps what another release thought valid.
  Properties touched;
  for (const auto& entry : wanted.configs)
    if (const auto it = set.find(entry.name); it != set.end()) touched.insert(*it);
  TRY_VOID(validate(resource, resource.type == ResourceType::kTopic ? set : touched, layers(image, options)));
  auto records = difference(resource, now, set);
  for (const auto& record : records) {
    TRY_VOID(check_min_isr(image, resource, record));
    TRY_VOID(check_config_size(std::get<protocol::ConfigRecord>(record)));
  }
  return records;
}

// Without a look at any of them: there may be millions.
template <class Response, class Request>
Decision<Response> all_refused(const Request& request) {
  Decision<Response> decision;
  for (const auto& resource : request.resources) {
    auto& result = decision.reply.responses.emplace_back();
    result.resource_type = resource.resource_type;
    result.resource_name = resource.resource_name;
  }
  refuse(decision.reply, {ErrorCode::kPolicyViolation, std::string(kTooLargeABatch)});
  return decision;
}

template <class Response, class Request>
Decision<Response> alter_all(const metadata::Image& image, const Options& options, const Request& request, auto next) {
  Decision<Response> decision;
  std::size_t entries = request.resources.size();
  for (const auto& resource : request.resources) entries += resource.configs.size();
  if (entries > 2 * kMaxRecordsPerBatch) return all_refused<Response>(request);
  std::map<ConfigResource, int> times;
  const auto key = [](const auto& r) {
    return ConfigResource{static_cast<ResourceType>(r.resource_type), r.resource_name};
  };
  for (const auto& resource : request.resources) ++times[key(resource)];
  std::set<ConfigResource> answered;
  for (const auto& resource : request.resources) {
    if (!answered.insert(key(resource)).second) continue;
    typename Response::AlterConfigsResourceResponse result;
    result.resource_type = resource.resource_type;
    result.resource_name = resource.resource_name;
    auto records = times[key(resource)] > 1 ? fail(ErrorCode::kInvalidRequest, "The resource is named twice.")
                                            : alter(image, options, resource, next);
    if (!records) {
      result.error_code = records.error().code;
      result.error_message = records.error().message;
    } else {
      result.error_message.reset();
      if (!request.validate_only) std::ranges::move(*records, std::back_inserter(decision.records));
    }
    decision.reply.responses.push_back(std::move(result));
  }
  decision.records = with_elr_cut(image, options, std::move(decision.records));
  return decision;
}

}  // namespace

Result<> check_config_size(const protocol::ConfigRecord& record) {
  if (record.name.size() > kConfigStringMax || (record.value && record.value->size() > kConfigStringMax))
    return fail(ErrorCode::kInvalidConfig,
                fmt::format("The configuration value cannot be added because it exceeds the maximum value size of {} "
                            "bytes.",
                            kConfigStringMax));
  return {};
}

Decision<protocol::AlterConfigsResponse> alter_configs(const metadata::Image& image, const Options& options,
                                                       const protocol::AlterConfigsRequest& request) {
  return alter_all<protocol::AlterConfigsResponse>(image, options, request, replaced);
}

Decision<protocol::IncrementalAlterConfigsResponse> incremental_alter_configs(
    const metadata::Image& image, const Options& options, const protocol::IncrementalAlterConfigsRequest& request) {
  return alter_all<protocol::IncrementalAlterConfigsResponse>(image, options, request, changed);
}

}  // namespace thalweg::controller

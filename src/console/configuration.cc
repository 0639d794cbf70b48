#include "console/configuration.h"

#include "base/number.h"
#include "config/describe.h"
#include "console/ask.h"
#include "console/problem.h"
#include "protocol/describe_configs_request.h"
#include "protocol/describe_configs_response.h"

namespace thalweg::console {
namespace {

using Row = protocol::DescribeConfigsResponse::DescribeConfigsResourceResult;

ConfigLayer layer_of(std::int8_t source) {
  switch (static_cast<config::Source>(source)) {
    case config::Source::kTopic:
      return ConfigLayer::kTopic;
    case config::Source::kGroup:
      return ConfigLayer::kGroup;
    case config::Source::kDynamicBroker:
      return ConfigLayer::kBroker;
    case config::Source::kDynamicDefaultBroker:
      return ConfigLayer::kBrokers;
    case config::Source::kStaticBroker:
      return ConfigLayer::kFile;
    case config::Source::kBrokerLogger:
      return ConfigLayer::kLogger;
    default:
      return ConfigLayer::kDefault;
  }
}

ConfigType type_of_option(std::int8_t type) {
  switch (static_cast<config::Type>(type)) {
    case config::Type::kBoolean:
      return ConfigType::kBoolean;
    case config::Type::kString:
      return ConfigType::kString;
    case config::Type::kInt:
    case config::Type::kShort:
      return ConfigType::kInt;
    case config::Type::kLong:
      return ConfigType::kLong;
    case config::Type::kDouble:
      return ConfigType::kDouble;
    case config::Type::kList:
      return ConfigType::kList;
    case config::Type::kClass:
      return ConfigType::kClass;
    case config::Type::kPassword:
      return ConfigType::kPassword;
    case config::Type::kUnknown:
      return ConfigType::kUnknown;
  }
  return ConfigType::kUnknown;
}

// Kafka's names say it: retention.ms, segment.bytes, offsets.retention.minutes. `ms` may stand in front of a bound.
std::optional<std::string> unit_of(std::string_view name, ConfigType type) {
  if (type != ConfigType::kInt && type != ConfigType::kLong) return std::nullopt;
  constexpr std::pair<std::string_view, std::string_view> kUnits[] = {
      {"ms", "ms"}, {"bytes", "bytes"}, {"seconds", "s"}, {"minutes", "min"}, {"hours", "h"}};
  for (const auto& [word, unit] : kUnits) {
    const std::string last = "." + std::string(word), inside = last + ".";
    if (name.ends_with(last) || name.contains(inside)) return std::string(unit);
  }
  return std::nullopt;
}

ConfigOption as_option(Row& row) {
  ConfigOption option{.name = row.name,
                      .value = std::move(row.value),
                      .layer = layer_of(row.config_source),
                      .type = type_of_option(row.config_type),
                      .unit = {},
                      .read_only = row.read_only,
                      .sensitive = row.is_sensitive,
                      .layers = {},
                      .sentence = std::move(row.documentation)};
  option.unit = unit_of(option.name, option.type);
  for (auto& synonym : row.synonyms)
    option.layers.push_back({layer_of(synonym.source), std::move(synonym.name), std::move(synonym.value)});
  return option;
}

}  // namespace

Task<Outcome<Configuration>> configuration_of(const Call& call, metadata::ResourceType type, std::string name) {
  protocol::DescribeConfigsRequest request;
  request.include_synonyms = request.include_documentation = true;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = std::int8_t(type);
  resource.resource_name = std::move(name);
  resource.configuration_keys = std::nullopt;
  CO_TRY(auto response, told(co_await ask<protocol::DescribeConfigsResponse>(call, std::move(request))));
  if (response.results.size() != 1) co_return std::unexpected(problem_of(ErrorCode::kUnknownServerError));
  auto& result = response.results.front();
  if (result.error_code != ErrorCode::kNone)
    co_return std::unexpected(problem_of(result.error_code, result.error_message.value_or("")));
  Configuration out{.total = std::int32_t(result.configs.size()), .set = 0, .items = {}};
  for (auto& row : result.configs) {
    out.items.push_back(as_option(row));
    out.set += out.items.back().layer != ConfigLayer::kDefault ? 1 : 0;
  }
  co_return out;
}

Outcome<std::string> broker_with_options(const Call& call, const std::string& id) {
  if (id == kAllBrokers) return std::string();
  const auto number = parse_number<std::int32_t>(id);
  if (!number || !call.image->broker(BrokerId{*number}))
    return std::unexpected(problem_of(ErrorCode::kBrokerIdNotRegistered, "There is no broker " + id));
  if (BrokerId{*number} == call.self()) return id;
  return std::unexpected(problem_of(ErrorCode::kInvalidConfig, "Only broker " + id + " knows its options",
                                    "ask its own console, or kafka-configs --entity-type brokers --entity-name " + id));
}

}  // namespace thalweg::console

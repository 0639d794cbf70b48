#include "broker/loggers.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "config/describe.h"

namespace thalweg::broker {
namespace {

constexpr std::string_view kRoot = "root";
constexpr std::int8_t kSet = 0;

// Kafka's names; the first one of a level is the one that is shown.
constexpr std::pair<std::string_view, log::Level> kLevels[] = {
    {"DEBUG", log::Level::kDebug}, {"TRACE", log::Level::kDebug}, {"INFO", log::Level::kInfo},
    {"WARN", log::Level::kWarn},   {"ERROR", log::Level::kError}, {"FATAL", log::Level::kError},
};

std::string_view current_level() {
  for (const auto& [name, level] : kLevels)
    if (log::enabled(level)) return name;
  return "OFF";
}

}  // namespace

Result<> check_own_loggers(const std::string& name, BrokerId self) {
  if (name == to_string(self)) return {};
  return fail(ErrorCode::kInvalidRequest,
              "Loggers are those of broker " + to_string(self) + ", but the request names '" + name + "'");
}

protocol::DescribeConfigsResponse::DescribeConfigsResourceResult describe_root_logger() {
  protocol::DescribeConfigsResponse::DescribeConfigsResourceResult out;
  out.name = kRoot;
  out.value = std::string(current_level());
  out.config_source = static_cast<std::int8_t>(config::Source::kBrokerLogger);
  out.documentation.reset();
  return out;
}

Result<> alter_loggers(const protocol::IncrementalAlterConfigsRequest::AlterConfigsResource& wanted, BrokerId self,
                       bool validate_only) {
  TRY_VOID(check_own_loggers(wanted.resource_name, self));
  std::optional<log::Level> level;
  for (const auto& entry : wanted.configs) {
    if (entry.name != kRoot)
      return fail(ErrorCode::kInvalidConfig, "There is no logger '" + entry.name + "', only 'root'");
    if (entry.config_operation != kSet)
      return fail(ErrorCode::kInvalidRequest, "The level of the root logger can be set, and nothing else");
    const auto found =
        std::ranges::find_if(kLevels, [&](const auto& known) { return known.first == entry.value.value_or(""); });
    if (found == std::end(kLevels))
      return fail(ErrorCode::kInvalidConfig, "'" + entry.value.value_or("") + "' is no level of a logger");
    level = found->second;
  }
  if (level && !validate_only) log::set_level(*level);
  return {};
}

}  // namespace thalweg::broker

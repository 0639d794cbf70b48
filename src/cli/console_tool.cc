#include "cli/console_tool.h"

#include <fmt/format.h>

#include "cli/java_errors.h"

namespace thalweg::cli {

std::string given_twice(const Options& options, std::span<const Renamed> renamed) {
  for (const auto& [old_name, name] : renamed)
    if (options.has(old_name) && options.has(name))
      return fmt::format("Options --{} and --{} cannot be specified together.", old_name, name);
  return "";
}

void warn_of_old_names(Terminal& terminal, const Options& options, std::span<const Renamed> renamed,
                       std::string_view what) {
  for (const auto& [old_name, name] : renamed)
    if (options.has(old_name))
      terminal.out(fmt::format("{} --{} is deprecated and will be removed in a future version. Use --{} instead.\n",
                               what, old_name, name));
}

std::optional<std::string> find(const Properties& properties, const std::string& name) {
  const auto at = properties.find(name);
  if (at == properties.end()) return {};
  return at->second;
}

std::unexpected<Error> invalid_setting(std::string_view name, std::string_view value, std::string_view why) {
  return fail(ErrorCode::kInvalidConfig, fmt::format("Invalid value {} for configuration {}: {}", value, name, why));
}

int fail_plainly(Terminal& terminal, const Error& error) {
  const std::string_view java = error.code == ErrorCode::kInvalidConfig
                                    ? "org.apache.kafka.common.config.ConfigException"
                                    : "org.apache.kafka.common.KafkaException";
  terminal.err(fmt::format("{}: {}\n", java, kafka_text(error)));
  return 1;
}

int fail_to_parse(Terminal& terminal, const OptionParser& parser, const Error& error) {
  if (error.code != ErrorCode::kInvalidConfig) return usage_error(terminal, parser, error.message);
  terminal.err(error.message + "\n");
  return 1;
}

}  // namespace thalweg::cli

// What the console producer and the console consumer share: options with an old and a new name, settings of a client by
// Kafka's names, and how both fail.
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cli/tool.h"

namespace thalweg::cli {

// Options that Kafka 4.2 renamed. The old ones work, with a warning.
struct Renamed {
  std::string_view old_name, name;
};
// What is wrong when an option is given under both names, or empty.
std::string given_twice(const Options& options, std::span<const Renamed> renamed);
// On standard output, as Kafka's tools do; `what` is the first word of the warning.
void warn_of_old_names(Terminal& terminal, const Options& options, std::span<const Renamed> renamed,
                       std::string_view what);

std::optional<std::string> find(const Properties& properties, const std::string& name);
// "Invalid value x for configuration acks: String must be one of: all, -1, 0, 1"
std::unexpected<Error> invalid_setting(std::string_view name, std::string_view value, std::string_view why);
// A number that is not negative into a field of whatever type it has; a setting that is not there leaves it.
template <class T>
Result<> take_number(const Properties& properties, const char* name, T& into) {
  const auto text = find(properties, name);
  if (!text) return {};
  const auto number = parse_integer(*text);
  if (!number || *number < 0) return invalid_setting(name, *text, "Not a number of at least 0");
  into = T(*number);
  return {};
}

// Writes the error as Java names it, without the options; returns the exit code 1.
int fail_plainly(Terminal& terminal, const Error& error);
// What the option parser found: Kafka's tools show the options unless an option is known and only its value is wrong.
int fail_to_parse(Terminal& terminal, const OptionParser& parser, const Error& error);

}  // namespace thalweg::cli

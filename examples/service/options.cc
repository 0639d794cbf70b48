#include "service/options.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace examples {

Options::Options(std::string about, std::string examples, std::vector<Option> options)
    : about_(std::move(about)), examples_(std::move(examples)), options_(std::move(options)) {}

Option* Options::find(std::string_view name) {
  const auto found = std::ranges::find(options_, name, &Option::name);
  return found == options_.end() ? nullptr : &*found;
}

void Options::parse(int argc, char** argv) {
  program_ = argv[0];
  program_ = program_.substr(program_.rfind('/') + 1);
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") help();
    const auto equals = argument.find('=');
    Option* const option = find(argument.substr(0, equals));
    if (!option) mistake("there is no option " + argument.substr(0, equals));
    if (option->value_name.empty()) {
      if (equals != std::string::npos) mistake(option->name + " takes no value");
      option->value = "yes";
    } else if (equals != std::string::npos) {
      option->value = argument.substr(equals + 1);
    } else if (i + 1 < argc) {
      option->value = argv[++i];
    } else {
      mistake(option->name + " needs a value: " + option->name + " " + option->value_name);
    }
  }
}

const std::string& Options::text(std::string_view name) const {
  return std::ranges::find(options_, name, &Option::name)->value;
}

long Options::number(std::string_view name, long least, long most) const {
  const std::string& value = text(name);
  long number = 0;
  const auto [end, wrong] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (wrong != std::errc() || end != value.data() + value.size() || number < least || number > most)
    mistake(std::string(name) + " is a number from " + std::to_string(least) + " to " + std::to_string(most) +
            ", not '" + value + "'");
  return number;
}

void Options::mistake(const std::string& what) const {
  std::fprintf(stderr, "%s: %s; %s --help shows what there is\n", program_.c_str(), what.c_str(), program_.c_str());
  std::exit(2);
}

void Options::help() const {
  std::printf("%s\n\nExamples\n%s\nOptions\n", about_.c_str(), examples_.c_str());
  for (const auto& option : options_) {
    const std::string left = option.name + (option.value_name.empty() ? "" : " " + option.value_name);
    const std::string fallback =
        option.value.empty() || option.value_name.empty() ? "" : " (default: " + option.value + ")";
    std::printf("  %-22s %s%s\n", left.c_str(), option.what.c_str(), fallback.c_str());
  }
  std::exit(0);
}

}  // namespace examples

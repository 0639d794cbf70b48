#include "cli/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "base/check.h"
#include "base/nearest.h"
#include "base/number.h"

namespace thalweg::cli {
namespace {

// No option begins with a digit, so "-5" and "-1h" are values.
bool looks_like_option(const std::string& argument) {
  return argument.starts_with("-") && argument.size() > 1 && !(argument[1] >= '0' && argument[1] <= '9');
}

// Why the value is refused, or empty.
std::string refusal(const std::string& name, const OptionParser::Spec& spec, const std::string& value) {
  if (!spec.words.empty() && std::ranges::find(spec.words, value) == spec.words.end())
    return fmt::format("--{} is {}, not '{}'", name, either(spec.words), value);
  if (!spec.range) return "";
  const auto [min, max] = *spec.range;
  const auto number = parse_integer(value);
  if (number && *number >= min && *number <= max && !value.starts_with('+')) return "";
  return max == INT64_MAX ? fmt::format("--{} is a number of at least {}, not '{}'", name, min, value)
                          : fmt::format("--{} is a number from {} to {}, not '{}'", name, min, max, value);
}

}  // namespace

const std::vector<std::string>& Options::values(std::string_view name) const {
  static const std::vector<std::string> kNone;
  const auto at = values_.find(std::string(name));
  return at == values_.end() ? kNone : at->second;
}

std::optional<std::string> Options::value(std::string_view name) const {
  const auto& all = values(name);
  if (all.empty()) return {};
  return all.front();
}

std::string Options::value_or(std::string_view name, std::string_view otherwise) const {
  return value(name).value_or(std::string(otherwise));
}

OptionParser& OptionParser::add(std::string name, Spec spec) {
  CHECK(specs_.emplace(std::move(name), std::move(spec)).second);
  return *this;
}
OptionParser& OptionParser::flag(std::string name, std::string help) {
  return add(std::move(name), {Spec::Kind::kFlag, "", std::move(help)});
}
OptionParser& OptionParser::value(std::string name, std::string argument, std::string help) {
  return add(std::move(name), {Spec::Kind::kValue, std::move(argument), std::move(help)});
}
OptionParser& OptionParser::values(std::string name, std::string argument, std::string help) {
  return add(std::move(name), {Spec::Kind::kValues, std::move(argument), std::move(help)});
}
OptionParser& OptionParser::integer(std::string name, std::string argument, std::string help) {
  return add(std::move(name), {Spec::Kind::kInteger, std::move(argument), std::move(help)});
}
OptionParser& OptionParser::optional_value(std::string name, std::string argument, std::string help) {
  return add(std::move(name), {Spec::Kind::kOptionalValue, std::move(argument), std::move(help)});
}
OptionParser& OptionParser::within(const std::string& name, std::int64_t min, std::int64_t max) {
  specs_.at(name).range = {min, max};
  return *this;
}
OptionParser& OptionParser::one_of(const std::string& name, std::vector<std::string> words) {
  specs_.at(name).words = std::move(words);
  return *this;
}
OptionParser& OptionParser::alias(std::string name, std::string meaning) {
  CHECK(specs_.contains(meaning));
  aliases_[std::move(name)] = std::move(meaning);
  return *this;
}

std::string OptionParser::resolve(const std::string& given) const {
  if (specs_.contains(given)) return given;
  if (const auto at = aliases_.find(given); at != aliases_.end()) return at->second;
  std::string only;
  for (auto at = specs_.lower_bound(given); at != specs_.end() && at->first.starts_with(given); ++at) {
    if (!only.empty()) return {};
    only = at->first;
  }
  return only;
}

OptionParser& OptionParser::suggest_names() {
  suggests_names_ = true;
  return *this;
}

std::string OptionParser::not_known(const std::string& given) const {
  const std::string text = given + " is not a recognized option";
  if (!suggests_names_) return text;
  std::vector<std::string> meant;
  for (const auto& [name, spec] : specs_)
    if (name.starts_with(given)) meant.push_back("--" + name);
  if (meant.size() > 1) return fmt::format("--{} is short for {}; say which", given, either(meant));
  const auto found = nearest(given, specs_ | std::views::keys);
  return found ? text + "; did you mean --" + *found + "?" : text;
}

Result<Options> OptionParser::parse(const std::vector<std::string>& arguments) const {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      options.positional_.insert(options.positional_.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                 arguments.end());
      break;
    }
    if (!looks_like_option(argument)) {
      options.positional_.push_back(argument);
      continue;
    }
    std::string given = argument.substr(argument.starts_with("--") ? 2 : 1);
    std::optional<std::string> inline_value;
    if (const auto equals = given.find('='); equals != given.npos) {
      inline_value = given.substr(equals + 1);
      given.resize(equals);
    }
    const std::string name = resolve(given);
    if (name.empty()) return invalid(not_known(given));
    const Spec& spec = specs_.at(name);
    auto& values = options.values_[name];
    if (spec.kind == Spec::Kind::kFlag) {
      if (inline_value) return invalid("Option " + name + " does not take an argument");
      continue;
    }
    if (!inline_value && i + 1 < arguments.size() && !looks_like_option(arguments[i + 1]))
      inline_value = arguments[++i];
    if (inline_value)
      values.push_back(std::move(*inline_value));
    else if (spec.kind != Spec::Kind::kOptionalValue)
      return invalid("Option " + name + " requires an argument");
  }
  TRY_VOID(check(options));
  return options;
}

Result<> OptionParser::check(const Options& options) const {
  for (const auto& [name, values] : options.values_) {
    const Spec& spec = specs_.at(name);
    if (spec.kind != Spec::Kind::kValues && values.size() > 1)
      return fail(ErrorCode::kInvalidConfig,
                  "Found multiple arguments for option " + name + ", but you asked for only one");
    for (const auto& value : values)
      if (const std::string text = refusal(name, spec, value); !text.empty()) return invalid(text);
    if (spec.kind == Spec::Kind::kInteger && !parse_integer(values.front()))
      return fail(ErrorCode::kInvalidConfig, "Cannot parse argument '" + values.front() + "' of option " + name);
  }
  return {};
}

std::string OptionParser::help(int width) const {
  const std::size_t left_width = static_cast<std::size_t>(width) / 2 + 1;
  const std::size_t right_width = static_cast<std::size_t>(width) - left_width - 1;
  std::string text =
      fmt::format("{:<{}}{}\n{:<{}}{}\n", "Option", left_width, "Description", "------", left_width, "-----------");
  for (const auto& [name, spec] : specs_) {
    std::string left = "--" + name;
    if (spec.kind == Spec::Kind::kOptionalValue)
      left += " [" + spec.argument + "]";
    else if (spec.kind != Spec::Kind::kFlag)
      left += " <" + spec.argument + ">";
    const auto lefts = wrap(left, left_width - 1);
    const auto rights = wrap(spec.help, right_width - 2);
    for (std::size_t i = 0; i < std::max(lefts.size(), rights.size()); ++i) {
      const std::string l = i < lefts.size() ? (i == 0 ? "" : "  ") + lefts[i] : "";
      const std::string r = i < rights.size() ? (i == 0 ? "" : "  ") + rights[i] : "";
      text += fmt::format("{:<{}}{}\n", l, left_width, r);
    }
  }
  return text;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    if (text.front() == '\n') {
      lines.emplace_back();
      text.remove_prefix(1);
      continue;
    }
    const auto end = std::min(text.find_first_of(" \n", 1), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(end);
    if (lines.back().size() + word.size() > width && !lines.back().empty()) {
      lines.emplace_back();
      if (word.starts_with(' ')) word.remove_prefix(1);
    }
    lines.back() += word;
  }
  return lines;
}

std::string either(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  return text;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return parse_number<std::int64_t>(text);
}

Result<std::vector<std::pair<std::string, std::string>>> parse_pairs(const std::vector<std::string>& pairs,
                                                                     bool value_may_miss) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == pair.npos && !value_may_miss) return invalid("Missing value for key " + pair);
    out.emplace_back(pair.substr(0, equals), equals == pair.npos ? "" : pair.substr(equals + 1));
  }
  return out;
}

}  // namespace thalweg::cli

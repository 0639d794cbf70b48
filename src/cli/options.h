// Command lines in the manner of Kafka's tools: --option value, --option=value, unambiguous abbreviations, options that
// repeat, options whose value may be missing. Plain values.
//
// Error texts are those that users of Kafka's tools know, since scripts look for them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace thalweg::cli {

// A mistake in what the user gave.
inline std::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::kInvalidRequest, std::move(message));
}

// What a command line gave. Names are the full ones, also for an abbreviation.
class Options {
 public:
  bool has(std::string_view name) const { return values_.contains(std::string(name)); }
  bool has_value(std::string_view name) const { return has(name) && !values(name).empty(); }
  // All values in the order given.
  const std::vector<std::string>& values(std::string_view name) const;
  std::optional<std::string> value(std::string_view name) const;
  std::string value_or(std::string_view name, std::string_view otherwise) const;
  const std::vector<std::string>& positional() const { return positional_; }

 private:
  friend class OptionParser;
  std::map<std::string, std::vector<std::string>> values_;
  std::vector<std::string> positional_;
};

class OptionParser {
 public:
  // Each option is declared once; `argument` is how help calls the value.
  OptionParser& flag(std::string name, std::string help);
  OptionParser& value(std::string name, std::string argument, std::string help);
  // May be repeated; value() may not.
  OptionParser& values(std::string name, std::string argument, std::string help);
  OptionParser& integer(std::string name, std::string argument, std::string help);
  // --name or --name value.
  OptionParser& optional_value(std::string name, std::string argument, std::string help);
  // What the values of a declared option may be: a whole number in [min, max], or one of some words. Others are
  // refused with kInvalidRequest, in words of our own.
  OptionParser& within(const std::string& name, std::int64_t min, std::int64_t max = INT64_MAX);
  OptionParser& one_of(const std::string& name, std::vector<std::string> words);
  // Another spelling of a declared option, not shown in help.
  OptionParser& alias(std::string name, std::string meaning);

  // Errors about an option that is not known name the nearest one that is, or those that a short form may mean; Kafka's
  // own tools do not.
  OptionParser& suggest_names();

  // With Kafka's wording: kInvalidRequest for an option that is not known or lacks its value, kInvalidConfig for one
  // whose value is no number or that has one too many, which Kafka's tools notice later, when they use it.
  Result<Options> parse(const std::vector<std::string>& arguments) const;
  // Two columns, `width` wide, by name.
  std::string help(int width = 80) const;

  struct Spec {
    enum class Kind { kFlag, kValue, kValues, kInteger, kOptionalValue };
    Kind kind = Kind::kFlag;
    std::string argument;
    std::string help;
    std::optional<std::pair<std::int64_t, std::int64_t>> range = {};
    std::vector<std::string> words = {};
  };
  const std::map<std::string, Spec>& specs() const { return specs_; }

 private:
  OptionParser& add(std::string name, Spec spec);
  // The declared name that `given` means, or empty.
  std::string resolve(const std::string& given) const;
  std::string not_known(const std::string& given) const;
  Result<> check(const Options& options) const;

  std::map<std::string, Spec> specs_;
  std::map<std::string, std::string> aliases_;
  bool suggests_names_ = false;
};

// Breaks text into lines of at most `width` characters at blanks; line ends in the text stay.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

// "a, b or c"
std::string either(const std::vector<std::string>& words);
std::optional<std::int64_t> parse_integer(std::string_view text);
// "key=value" pairs; a pair without '=' means an empty value when allowed, else kInvalidRequest.
Result<std::vector<std::pair<std::string, std::string>>> parse_pairs(const std::vector<std::string>& pairs,
                                                                     bool value_may_miss = true);

}  // namespace thalweg::cli

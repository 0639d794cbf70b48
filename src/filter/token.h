// The words of a filter's text. Source: the lexis of CEL's grammar (cel-spec, doc/langdef.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "filter/mistake.h"

namespace thalweg::filter {

struct Token {
  enum class Kind : std::uint8_t { kEnd, kInt, kUint, kDouble, kString, kBytes, kName, kSign };
  Kind kind = Kind::kEnd;
  std::size_t at = 0, length = 0;  // in the text
  std::string text = {};           // a name, a sign, or what a string says without its escapes
  std::uint64_t integer = 0;       // of an int it may be one more than an int holds, for what a minus makes of it
  double real = 0;

  bool is(std::string_view sign) const { return kind == Kind::kSign && text == sign; }
  bool is_name(std::string_view name) const { return kind == Kind::kName && text == name; }
};

// The last one is kEnd. REQUIRES: text.size() <= kTextMax
Checked<std::vector<Token>> tokens_of(std::string_view text);

}  // namespace thalweg::filter

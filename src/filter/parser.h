// Text to nodes, by CEL's grammar: names are looked up here, types are the checker's.
#pragma once

#include <string_view>

#include "filter/mistake.h"
#include "filter/program.h"

namespace thalweg::filter {

// The mistake names the place and what would be right there.
Checked<Program> parse(std::string_view text);

// Words without any operator mean "key, value or a header contains this".
bool is_plain_words(std::string_view text);
Program anywhere(std::string_view words);

}  // namespace thalweg::filter

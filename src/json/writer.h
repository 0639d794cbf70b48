// Writes JSON: UTF-8, with the escapes that Jackson writes, so that what Confluent's programs compare byte for byte
// (keys in _schemas) comes out alike: \" \\ \b \f \n \r \t, other control characters as \u001F, nothing else.
#pragma once

#include <string>
#include <string_view>

#include "json/value.h"

namespace thalweg::json {

// Without any white space. Parsing it again gives an equal value.
std::string write(const Value& value);
void append(std::string& out, const Value& value);

// A member or element a line, two spaces for each level, no line feed at the end.
std::string write_pretty(const Value& value);

// In quotes. Bytes that are not UTF-8 become U+FFFD.
void append_string(std::string& out, std::string_view text);
std::string quoted(std::string_view text);

}  // namespace thalweg::json

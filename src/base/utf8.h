// Text from others, a code point at a time.
#pragma once

#include <cstddef>
#include <string_view>

namespace thalweg {

struct CodePoint {
  char32_t value = 0;
  std::size_t size = 0;  // in bytes; 0: the text does not begin with well-formed UTF-8
};

// The one that `text` begins with. Overlong forms, surrogates and values beyond Unicode's are not well-formed.
CodePoint first_code_point(std::string_view text);

bool is_utf8(std::string_view text);

// What a terminal obeys or hides instead of showing it: control characters, line separators, marks that have no width
// or turn the direction of what follows.
bool is_invisible(char32_t value);

}  // namespace thalweg

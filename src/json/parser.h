// Reads JSON strictly after RFC 8259: one value, nothing after it but white space, no comments, no trailing commas, no
// byte order mark. Text that is not UTF-8 and escaped surrogates without their other half are errors.
//
// Memory is proportional to the text (at most some forty times of it, for an array of digits).
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace thalweg::json {

struct Limits {
  std::size_t bytes = 16u << 20;
  std::size_t depth = 256;  // of arrays and objects within each other
  bool duplicates = false;  // whether a key may occur twice in an object
};

// kInvalidRequest with what is wrong and where: "line 3, column 7: ...". Columns count characters, from 1.
Result<Value> parse(std::string_view text, const Limits& limits = {});

}  // namespace thalweg::json

// JSON as the commands print it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/base64.h"

namespace thalweg::cli {

// "key":"text", or for bytes that are not UTF-8 "key":"gA==","key_encoding":"base64", so that none is lost. What is
// absent is null.
std::string json_field(std::string_view key, const std::optional<std::string>& bytes);

}  // namespace thalweg::cli

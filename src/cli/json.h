// JSON as the commands print it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace thalweg::cli {

// Quoted and escaped. Bytes that are not UTF-8 become U+FFFD: for text that cannot have any.
std::string json_string(std::string_view text);
// "key":"text", or for bytes that are not UTF-8 "key":"gA==","key_encoding":"base64", so that none is lost. What is
// absent is null.
std::string json_field(std::string_view key, const std::optional<std::string>& bytes);

std::string base64(std::string_view bytes);

}  // namespace thalweg::cli

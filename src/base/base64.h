// Base64 with the alphabet of RFC 4648, section 4, padded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace thalweg {

std::string base64(std::string_view bytes);
// Nothing when it is none. Bits that pad may be anything.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace thalweg

// One string of JSON, for those who write little of it. Whoever writes more uses a module for it.
#pragma once

#include <string>
#include <string_view>

namespace thalweg::http {

// Quoted and escaped. Bytes that are not UTF-8 become U+FFFD.
std::string json_text(std::string_view text);

}  // namespace thalweg::http

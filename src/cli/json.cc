#include "cli/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/utf8.h"

namespace thalweg::cli {

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = first_code_point(text).size;
    const char c = text.front();
    if (length == 0)
      out += "\\ufffd";
    else if (length > 1)
      out += text.substr(0, length);
    else if (c == '"' || c == '\\')
      out += std::string("\\") + c;
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out += c;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out + "\"";
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t given = std::min<std::size_t>(bytes.size() - i, 3);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (j < given ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j) out += j <= given ? kDigits[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

std::string json_field(std::string_view key, const std::optional<std::string>& bytes) {
  if (!bytes) return fmt::format("\"{}\":null", key);
  if (is_utf8(*bytes)) return fmt::format("\"{}\":{}", key, json_string(*bytes));
  return fmt::format("\"{}\":\"{}\",\"{}_encoding\":\"base64\"", key, base64(*bytes), key);
}

}  // namespace thalweg::cli

#include "http/json_text.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace thalweg::http {
namespace {

constexpr unsigned char kFirstPlain = 0x20;  // below are control characters

void append_ascii(std::string& out, char c) {
  const auto code = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') out += '\\';
  if (code >= kFirstPlain)
    out += c;
  else
    out += fmt::format("\\u{:04x}", code);
}

}  // namespace

std::string json_text(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t size = first_code_point(text).size;
    if (size > 1)
      out += text.substr(0, size);
    else if (size == 1)
      append_ascii(out, text.front());
    else
      out += "\\ufffd";
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out += '"';
}

}  // namespace thalweg::http

#include "cli/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace thalweg::cli {
namespace {

// The length of the well-formed UTF-8 sequence at the beginning, or 0.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  if (length == 3 && ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f))) return 0;
  if (length == 4 && ((first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f))) return 0;
  return length;
}

std::string title_of(const std::string& key) {
  std::string title = key;
  for (char& c : title) c = c == '_' ? '-' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return title;
}

std::string json_list(std::string_view cells) {
  std::string out = "[";
  while (!cells.empty()) {
    const auto comma = std::min(cells.find(','), cells.size());
    out += (out.size() > 1 ? "," : "") + std::string(cells.substr(0, comma));
    cells.remove_prefix(std::min(comma + 1, cells.size()));
  }
  return out + "]";
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
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

std::string Report::text(OutputFormat format, bool bold) const {
  return format == OutputFormat::kJson ? json() : table(bold);
}

std::string Report::table(bool bold) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = columns_[i].key.size();
    for (const auto& row : rows_) width = std::max(width, row[i].size());
    widths.push_back(width);
  }
  constexpr std::string_view kGap = "  ";
  const auto line = [&](auto cell) {
    std::string out;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) out += kGap;
      const bool right = columns_[i].kind == Kind::kNumber;
      out += right ? fmt::format("{:>{}}", cell(i), widths[i]) : fmt::format("{:<{}}", cell(i), widths[i]);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
  };
  const std::string titles = line([&](std::size_t i) { return title_of(columns_[i].key); });
  std::string out = bold ? "\x1b[1m" + titles + "\x1b[0m\n" : titles + "\n";
  for (const auto& row : rows_) out += line([&](std::size_t i) { return row[i]; }) + "\n";
  return out;
}

std::string Report::json() const {
  std::string out = "[";
  for (const auto& row : rows_) {
    out += out.size() > 1 ? ",\n {" : "{";
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const bool missing = row[i] == "-" || row[i].empty();
      std::string value = json_string(row[i]);
      if (columns_[i].kind == Kind::kNumber) value = missing ? "null" : row[i];
      if (columns_[i].kind == Kind::kList) value = json_list(missing ? "" : row[i]);
      out += fmt::format("{}{}:{}", i > 0 ? "," : "", json_string(columns_[i].key), value);
    }
    out += "}";
  }
  return out + "]\n";
}

}  // namespace thalweg::cli

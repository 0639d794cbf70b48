#include "cli/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "cli/json.h"
#include "json/writer.h"

namespace thalweg::cli {
namespace {

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

std::string Report::text(OutputFormat format, bool bold) const {
  return format == OutputFormat::kJson ? json() : table(bold);
}

std::string Report::table(bool bold) const {
  const auto shown = [&](const std::vector<Cell>& row, std::size_t i) {
    const bool nothing = !row[i] || (columns_[i].kind == Kind::kList && row[i]->empty());
    return nothing ? std::string("-") : *row[i];
  };
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = columns_[i].key.size();
    for (const auto& row : rows_) width = std::max(width, shown(row, i).size());
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
  for (const auto& row : rows_) out += line([&](std::size_t i) { return shown(row, i); }) + "\n";
  return out;
}

std::string Report::json_line(const std::vector<Cell>& row) const {
  std::string out = "{";
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (i > 0) out += ",";
    const auto& [key, kind] = columns_[i];
    if (kind == Kind::kText || !row[i])
      out += json_field(key, row[i]);
    else
      out += fmt::format("{}:{}", json::quoted(key), kind == Kind::kNumber ? *row[i] : json_list(*row[i]));
  }
  return out + "}";
}

std::string Report::json() const {
  std::string out = "[";
  for (const auto& row : rows_) out += (out.size() > 1 ? ",\n " : "") + json_line(row);
  return out + "]\n";
}

}  // namespace thalweg::cli

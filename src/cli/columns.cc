#include "cli/columns.h"

#include <fmt/format.h>

#include <algorithm>

namespace thalweg::cli {

std::string Columns::text() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = columns_[i].width_min;
    if (width > 0 && columns_[i].grows)
      for (const auto& row : rows_) width = std::max(width, row[i].size());
    widths.push_back(width);
  }
  std::string out;
  const auto line = [&](auto cell) {
    for (std::size_t i = 0; i < columns_.size(); ++i)
      out += fmt::format("{}{:<{}}", i == 0 ? "" : " ", cell(i), widths[i]);
    out += '\n';
  };
  line([&](std::size_t i) { return columns_[i].title; });
  for (const auto& row : rows_) line([&](std::size_t i) { return row[i]; });
  return out;
}

std::string id_list(const std::vector<BrokerId>& brokers) {
  std::string text;
  for (const BrokerId id : brokers) text += (text.empty() ? "" : ",") + to_string(id);
  return text;
}

}  // namespace thalweg::cli

// What the thalweg commands show: a table for people, JSON for programs. Same content, one place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace thalweg::cli {

enum class OutputFormat { kTable, kJson };

class Report {
 public:
  enum class Kind { kText, kNumber, kList };  // kList: cells are joined by commas and become an array
  struct Column {
    std::string key;  // JSON; the table shows it in capitals with '-' for '_'
    Kind kind = Kind::kText;
  };
  explicit Report(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // REQUIRES: as many cells as columns
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  // A table with a line of titles, in bold when `bold`; or an array of objects.
  std::string text(OutputFormat format, bool bold) const;

 private:
  std::string table(bool bold) const;
  std::string json() const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Quoted and escaped. Bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

}  // namespace thalweg::cli

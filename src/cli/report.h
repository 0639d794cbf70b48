// What the thalweg commands show: a table for people, JSON for programs. Same content, one place.
#pragma once

#include <optional>
#include <string>
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
  // Nothing where there is nothing to say: "-" in the table, null in JSON. An empty list is "-" and [].
  using Cell = std::optional<std::string>;
  explicit Report(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // REQUIRES: as many cells as columns
  void add(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  // A table with a line of titles, in bold when `bold`; or an array of objects.
  std::string text(OutputFormat format, bool bold) const;
  // A row as a JSON object, without the end of a line. REQUIRES: there is such a row
  std::string row(std::size_t index) const { return json_line(rows_.at(index)); }

 private:
  std::string table(bool bold) const;
  std::string json() const;
  std::string json_line(const std::vector<Cell>& row) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace thalweg::cli

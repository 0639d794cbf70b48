// Tables of text.
#pragma once

#include <string>
#include <vector>

#include "base/types.h"

namespace thalweg::cli {

// Columns padded to a least width or the longest cell, and separated by one blank.
class Columns {
 public:
  // `width_min` 0: the last column, not padded.
  struct Column {
    std::string title;
    std::size_t width_min = 0;
    bool grows = true;  // with its longest cell; else a longer one pushes the rest of its line to the right
  };
  explicit Columns(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // REQUIRES: as many cells as columns
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  // A line of titles and one per row.
  std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// "1,2,3"
std::string id_list(const std::vector<BrokerId>& brokers);

}  // namespace thalweg::cli

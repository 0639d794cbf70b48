// What a path or another expression comes to for a record, as text for people: a column of a list of records.
//
// Bounded as filters are. Pure; a Column is a value that may be read by several threads, a ColumnRun is one thread's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filter/evaluation.h"
#include "filter/input.h"
#include "filter/mistake.h"

namespace thalweg::filter {

class Column {
 public:
  // `now` is what `now` stands for.
  static Checked<Column> compile(std::string_view text, Timestamp now);

  const std::string& text() const { return text_; }
  const std::shared_ptr<const Program>& program() const { return program_; }

 private:
  Column(std::string text, Program program)
      : text_(std::move(text)), program_(std::make_shared<const Program>(std::move(program))) {}

  std::string text_;
  std::shared_ptr<const Program> program_;
};

// The expressions of a list with commas between them; a comma in quotes, brackets or parentheses is a part of one.
std::vector<std::string_view> expressions_of(std::string_view list);

class ColumnRun {
 public:
  explicit ColumnRun(const Column& column) : program_(column.program()), evaluation_(*program_) {}
  ColumnRun(const ColumnRun&) = delete;

  // A number of JSON as it was written, a list or a map as JSON. Nothing: it is absent, or is not known. What it refers
  // to lives until the next call, and as long as the record.
  std::optional<std::string_view> text(const Input& input) { return evaluation_.text(input); }
  std::uint64_t work() const { return evaluation_.work(); }

 private:
  std::shared_ptr<const Program> program_;
  Evaluation evaluation_;
};

}  // namespace thalweg::filter

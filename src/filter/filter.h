// A condition on records, in a subset of CEL: compiled once, asked of one record after the other.
//
//   auto filter = Filter::compile("value.status == \"FAILED\" && timestamp > now - duration(\"1h\")", now);
//   FilterRun run(*filter);
//   run.test(input)…
//
// Total and bounded: there are no loops but those over a record's own lists, and limits.h bounds the text, the depth
// and what may be done to one record. Which names and functions there are: README.md. Pure; a Filter is a value that
// may be read by several threads, a FilterRun is one thread's.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "filter/evaluation.h"
#include "filter/facts.h"
#include "filter/input.h"
#include "filter/mistake.h"

namespace thalweg::filter {

class Filter {
 public:
  // Words without any operator mean "key, value or a header contains this". `now` is what `now` stands for.
  static Checked<Filter> compile(std::string_view text, Timestamp now);
  // Matches every record.
  static Filter any();

  const std::string& text() const { return text_; }
  const Facts& facts() const { return facts_; }
  const std::shared_ptr<const Program>& program() const { return program_; }
  bool matches_all() const { return text_.empty(); }

 private:
  Filter(std::string text, Program program);

  std::string text_;
  std::shared_ptr<const Program> program_;
  Facts facts_;
};

enum class Verdict : std::uint8_t { kNo, kYes, kUnknown };

class FilterRun {
 public:
  explicit FilterRun(const Filter& filter) : program_(filter.program()), evaluation_(*program_) {}
  FilterRun(const FilterRun&) = delete;

  Verdict test(const Input& input) {
    if (evaluation_.matches(input)) return Verdict::kYes;
    return evaluation_.trouble() == Trouble::kNone ? Verdict::kNo : Verdict::kUnknown;
  }
  // Why it is unknown.
  Trouble trouble() const { return evaluation_.trouble(); }
  // What the last record took, in steps.
  std::uint64_t work() const { return evaluation_.work(); }

 private:
  std::shared_ptr<const Program> program_;
  Evaluation evaluation_;
};

}  // namespace thalweg::filter

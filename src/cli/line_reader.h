// Lines of standard input as messages:  [headers<headers.delimiter>][key<key.separator>]value
// Plain values; the properties are those of kafka-console-producer's reader.
#pragma once

#include <optional>
#include <string>

#include "admin/producer.h"
#include "cli/tool.h"

namespace thalweg::cli {

class LineReader {
 public:
  // kInvalidRequest for properties that contradict each other.
  static Result<LineReader> create(const Properties& properties);
  // The message of the next line; an error names the line that has no separator. Topic and time are the caller's.
  Result<admin::Message> read(const std::string& line);

 private:
  Result<> read_headers(const std::string& text, admin::Message& message) const;
  std::optional<std::string> unless_null(std::string text) const;

  bool parse_key_ = false, parse_headers_ = false, ignore_error_ = false;
  std::string key_separator_ = "\t", headers_delimiter_ = "\t", headers_separator_ = ",", header_key_separator_ = ":";
  std::optional<std::string> null_marker_;
  std::size_t line_number_ = 0;
};

}  // namespace thalweg::cli

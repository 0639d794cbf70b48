// `consume --format`: how a record is printed, by a text with % where its parts go. The letters are kcat's; those of
// rpk that mean nothing else there are understood, too. Plain values.
//
//   %t topic  %p partition  %o offset  %T timestamp in ms  %k key  %s value  %h headers as a=1,b=2  %% a percent sign
//   %K %S lengths in bytes, -1 for null  %R length of the value as 4 bytes, big endian
//   rpk's: %v value  %V its length  %d timestamp in ms  %H number of headers  %e leader epoch  %i records so far
//   %k %s %v {base64} or {hex}  %h{%k=%v } for each header  %{ %} braces
//   \n \t \r \\ \0 \x1f
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "admin/consumer.h"

namespace thalweg::cli {

class RecordFormat {
 public:
  // kInvalidRequest names what is not understood.
  static Result<RecordFormat> parse(const std::string& text);
  // `count`: the how manieth record it is, from 1.
  std::string text_of(const admin::ConsumedRecord& record, std::int64_t count) const;

 private:
  enum class Encoding { kPlain, kBase64, kHex };
  // Either text as it is or, with a letter, a part of the record.
  struct Part {
    std::string text;
    char letter = 0;
    Encoding encoding = Encoding::kPlain;
    std::vector<Part> each_header = {};
  };
  class Parser;
  static std::string encoded(const std::optional<std::string>& bytes, Encoding encoding);
  static std::string part_text(const Part& part, const admin::ConsumedRecord& record, std::int64_t count);
  static std::string headers_text(const Part& headers, const admin::ConsumedRecord& record);

  std::vector<Part> parts_;
};

}  // namespace thalweg::cli

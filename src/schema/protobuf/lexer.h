// The words of a .proto file, without white space and comments.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace thalweg::schema::protobuf {

struct Token {
  enum class Kind { kEnd, kName, kNumber, kText, kSymbol };
  Kind kind = Kind::kEnd;
  std::string text;  // of a text what it means
  std::size_t at = 0;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  // kInvalidRequest with the place for what is no word: a text that does not end, an odd character.
  Result<Token> next();
  std::unexpected<Error> error(std::size_t at, std::string_view what) const;

 private:
  Result<> skip_blanks();
  Result<std::string> read_text(char quote);

  const std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace thalweg::schema::protobuf

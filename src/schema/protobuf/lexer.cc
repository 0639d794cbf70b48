#include "schema/protobuf/lexer.h"

#include <fmt/format.h>

#include <algorithm>

namespace thalweg::schema::protobuf {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

}  // namespace

std::unexpected<Error> Lexer::error(std::size_t at, std::string_view what) const {
  const auto before = text_.substr(0, std::min(at, text_.size()));
  const auto line = 1 + std::ranges::count(before, '\n');
  const auto column = before.size() - (before.rfind('\n') + 1) + 1;
  return fail(ErrorCode::kInvalidRequest, fmt::format("line {}, column {}: {}", line, column, what));
}

Result<> Lexer::skip_blanks() {
  while (at_ < text_.size()) {
    const auto rest = text_.substr(at_);
    if (rest.starts_with("//")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (rest.starts_with("/*")) {
      const auto end = text_.find("*/", at_ + 2);
      if (end == std::string_view::npos) return error(at_, "the comment does not end");
      at_ = end + 2;
    } else if (std::string_view(" \t\r\n\f\v").find(rest[0]) != std::string_view::npos) {
      ++at_;
    } else {
      break;
    }
  }
  return {};
}

Result<Token> Lexer::next() {
  TRY_VOID(skip_blanks());
  Token token{.kind = Token::Kind::kEnd, .text = {}, .at = at_};
  if (at_ == text_.size()) return token;
  const char c = text_[at_];
  const auto take_while = [&](auto accept) {
    while (at_ < text_.size() && accept(text_[at_])) token.text += text_[at_++];
  };
  if (is_letter(c)) {
    token.kind = Token::Kind::kName;
    take_while([](char x) { return is_letter(x) || is_digit(x); });
  } else if (is_digit(c) || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
    token.kind = Token::Kind::kNumber;
    take_while([&](char x) {
      const char last = token.text.empty() ? '\0' : token.text.back();
      const bool hex = token.text.starts_with("0x") || token.text.starts_with("0X");
      const bool sign = (x == '-' || x == '+') && (last == 'e' || last == 'E') && !hex;
      return is_letter(x) || is_digit(x) || x == '.' || sign;
    });
  } else if (c == '"' || c == '\'') {
    token.kind = Token::Kind::kText;
    // Texts side by side are one.
    while (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) {
      TRY(auto part, read_text(text_[at_]));
      token.text += part;
      TRY_VOID(skip_blanks());
    }
  } else if (std::string_view("{}[]()<>;,=.:-+/").find(c) != std::string_view::npos) {
    token.kind = Token::Kind::kSymbol;
    token.text = c;
    ++at_;
  } else {
    return error(at_, "an unexpected character");
  }
  return token;
}

Result<std::string> Lexer::read_text(char quote) {
  const std::size_t begin = at_++;
  std::string out;
  const auto number = [&](int base, std::size_t most) {
    std::uint32_t value = 0;
    for (std::size_t n = 0; n < most && at_ < text_.size(); ++n, ++at_) {
      const char c = text_[at_];
      const char lower = static_cast<char>(c | 0x20);
      int digit = is_digit(c) ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
      if (digit >= base) break;
      value = value * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit);
    }
    return value;
  };
  while (at_ < text_.size() && text_[at_] != quote) {
    const char c = text_[at_];
    if (c == '\n') break;
    ++at_;
    if (c != '\\' || at_ == text_.size()) {
      out += c;
      continue;
    }
    const char escaped = text_[at_];
    constexpr std::string_view kShort = "abfnrtv?\\'\"", kMeaning = "\a\b\f\n\r\t\v?\\'\"";
    if (const auto i = kShort.find(escaped); i != std::string_view::npos) {
      out += kMeaning[i];
      ++at_;
    } else if (escaped == 'x' || escaped == 'X') {
      ++at_;
      out += static_cast<char>(number(16, 2));
    } else if (escaped == 'u' || escaped == 'U') {
      ++at_;
      const auto value = number(16, escaped == 'u' ? 4 : 8);
      if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return error(begin, "no such character");
      append_utf8(out, value);
    } else if (escaped >= '0' && escaped <= '7') {
      out += static_cast<char>(number(8, 3));
    } else {
      return error(at_ - 1, "an unknown escape");
    }
  }
  if (at_ == text_.size() || text_[at_] != quote) return error(begin, "the text does not end");
  ++at_;
  return out;
}

}  // namespace thalweg::schema::protobuf

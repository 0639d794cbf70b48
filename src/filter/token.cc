#include "filter/token.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "base/utf8.h"

namespace thalweg::filter {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void append_code_point(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += char(c);
  } else if (c < 0x800) {
    out += char(0xc0 | c >> 6);
    out += char(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += char(0xe0 | c >> 12);
    out += char(0x80 | (c >> 6 & 0x3f));
    out += char(0x80 | (c & 0x3f));
  } else {
    out += char(0xf0 | c >> 18);
    out += char(0x80 | (c >> 12 & 0x3f));
    out += char(0x80 | (c >> 6 & 0x3f));
    out += char(0x80 | (c & 0x3f));
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Checked<Token> next() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    begin_ = at_;
    if (at_ == text_.size()) return token(Token::Kind::kEnd);
    const char c = text_[at_];
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (c == '"' || c == '\'') return string(/*raw=*/false, /*bytes=*/false);
    if (begins_name(c)) return name_or_string();
    return sign();
  }

 private:
  char peek(std::size_t ahead) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  Token token(Token::Kind kind) const { return {.kind = kind, .at = begin_, .length = at_ - begin_, .text = {}}; }
  std::unexpected<Mistake> wrong(std::string message) const {
    return std::unexpected(Mistake{begin_, std::max<std::size_t>(at_ - begin_, 1), std::move(message), {}});
  }

  // r"…" and b"…" are strings, and so are br and rb.
  Checked<Token> name_or_string() {
    std::size_t letters = 0;
    bool raw = false, bytes = false;
    for (; letters < 2; ++letters) {
      const char c = peek(letters);
      if ((c == 'r' || c == 'R') && !raw)
        raw = true;
      else if ((c == 'b' || c == 'B') && !bytes)
        bytes = true;
      else
        break;
    }
    if (letters > 0 && (peek(letters) == '"' || peek(letters) == '\'')) {
      at_ += letters;
      return string(raw, bytes);
    }
    while (at_ < text_.size() && (begins_name(text_[at_]) || is_digit(text_[at_]))) ++at_;
    Token found = token(Token::Kind::kName);
    found.text = text_.substr(begin_, at_ - begin_);
    return found;
  }

  Checked<Token> sign() {
    static constexpr std::string_view kTwo[] = {"==", "!=", "<=", ">=", "&&", "||"};
    static constexpr std::string_view kOne = "<>!+-*/%?:.,()[]";
    for (const auto two : kTwo)
      if (text_.substr(at_).starts_with(two)) return take_sign(2);
    if (kOne.find(text_[at_]) != kOne.npos) return take_sign(1);
    const std::size_t size = std::max<std::size_t>(first_code_point(text_.substr(at_)).size, 1);
    const char c = text_[at_];
    at_ += size;
    if (c == '=') return wrong("one = is nothing; == compares");
    if (c == '&' || c == '|') return wrong(std::string("one ") + c + " is nothing; " + c + c + " joins conditions");
    return wrong("this sign has no meaning here; text stands in quotes");
  }
  Token take_sign(std::size_t size) {
    at_ += size;
    Token found = token(Token::Kind::kSign);
    found.text = text_.substr(begin_, size);
    return found;
  }

  Checked<Token> number() {
    const bool hex = peek(0) == '0' && (peek(1) == 'x' || peek(1) == 'X');
    bool real = false;
    if (hex) {
      at_ += 2;
      while (std::isxdigit(static_cast<unsigned char>(peek(0)))) ++at_;
    } else {
      while (is_digit(peek(0))) ++at_;
      if (peek(0) == '.' && is_digit(peek(1))) {
        real = true;
        for (++at_; is_digit(peek(0));) ++at_;
      }
      const std::size_t sign = peek(1) == '+' || peek(1) == '-';
      if ((peek(0) == 'e' || peek(0) == 'E') && is_digit(peek(1 + sign))) {
        real = true;
        for (at_ += 1 + sign; is_digit(peek(0));) ++at_;
      }
    }
    const std::string_view digits = text_.substr(begin_, at_ - begin_);
    const bool is_unsigned = !real && (peek(0) == 'u' || peek(0) == 'U');
    if (is_unsigned) ++at_;
    if (begins_name(peek(0))) return wrong("a number and a name have to be apart");
    Token found = token(real ? Token::Kind::kDouble : is_unsigned ? Token::Kind::kUint : Token::Kind::kInt);
    return real ? read_double(digits, found) : read_integer(hex ? digits.substr(2) : digits, hex ? 16 : 10, found);
  }
  Checked<Token> read_integer(std::string_view digits, int base, Token found) const {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), found.integer, base);
    if (error != std::errc() || end != digits.data() + digits.size())
      return wrong("this number does not fit into 64 bits");
    if (found.kind == Token::Kind::kInt && found.integer > std::uint64_t{1} << 63)
      return wrong("an int ends at 9223372036854775807; write u behind the number for an unsigned one");
    return found;
  }
  Checked<Token> read_double(std::string_view digits, Token found) const {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), found.real);
    if (error != std::errc() || !std::isfinite(found.real)) return wrong("this number does not fit into a double");
    return found;
  }

  Checked<Token> string(bool raw, bool bytes) {
    const char quote = text_[at_++];
    std::string out;
    for (;;) {
      if (at_ == text_.size() || text_[at_] == '\n') return wrong("this string has no closing quote");
      const char c = text_[at_++];
      if (c == quote) break;
      if (c != '\\' || raw) {
        out += c;
      } else if (const auto escaped = escape(bytes, out); !escaped) {
        return std::unexpected(escaped.error());
      }
    }
    Token found = token(bytes ? Token::Kind::kBytes : Token::Kind::kString);
    found.text = std::move(out);
    return found;
  }
  // Behind the backslash.
  Checked<bool> escape(bool bytes, std::string& out) {
    static constexpr std::string_view kLetters = "abfnrtv\\\"'`?", kMeant = "\a\b\f\n\r\t\v\\\"'`?";
    const std::size_t begin = at_ - 1;
    const auto bad = [&](std::string message) {
      return std::unexpected(Mistake{begin, at_ - begin, std::move(message), {}});
    };
    const char c = peek(0);
    if (at_ < text_.size()) ++at_;
    if (const auto letter = kLetters.find(c); c != '\0' && letter != kLetters.npos) {
      out += kMeant[letter];
      return true;
    }
    const bool octal = c >= '0' && c <= '3';
    const std::size_t digits = c == 'x' || c == 'X' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : octal ? 3 : 0;
    if (octal) --at_;
    if (digits == 0) return bad("no such escape; a backslash itself is \\\\, and r\"…\" takes all as it is");
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const auto digit = digit_of(peek(0), octal ? 8 : 16);
      if (!digit) return bad("an escape of " + std::to_string(digits) + " digits");
      value = value * (octal ? 8 : 16) + *digit;
      ++at_;
    }
    if (bytes && digits > 3) return bad("bytes have no code points; write \\x and two digits");
    if (bytes) {
      out += char(value);
    } else if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) {
      return bad("there is no such code point");
    } else {
      append_code_point(out, value);
    }
    return true;
  }
  static std::optional<std::uint32_t> digit_of(char c, std::uint32_t base) {
    std::uint32_t digit = base;
    if (is_digit(c)) digit = std::uint32_t(c - '0');
    if (c >= 'a' && c <= 'f') digit = std::uint32_t(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') digit = std::uint32_t(c - 'A' + 10);
    return digit < base ? std::optional(digit) : std::nullopt;
  }

  const std::string_view text_;
  std::size_t at_ = 0, begin_ = 0;
};

}  // namespace

Checked<std::vector<Token>> tokens_of(std::string_view text) {
  std::vector<Token> all;
  Lexer lexer(text);
  for (;;) {
    auto token = lexer.next();
    if (!token) return std::unexpected(std::move(token.error()));
    all.push_back(*std::move(token));
    if (all.back().kind == Token::Kind::kEnd) return all;
  }
}

}  // namespace thalweg::filter

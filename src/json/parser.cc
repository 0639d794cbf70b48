#include "json/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/utf8.h"

namespace thalweg::json {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
  }
  put(0x80 | (c & 0x3f));
}

class Parser {
 public:
  Parser(std::string_view text, const Limits& limits) : text_(text), limits_(limits) {}

  Result<Value> whole() {
    Value value;
    skip_space();
    if (!read(value, 0)) return error();
    skip_space();
    if (at_ < text_.size()) return complain("something follows the value"), error();
    return value;
  }

 private:
  std::unexpected<Error> error() const {
    const std::string_view before = text_.substr(0, std::min(wrong_at_, text_.size()));
    const auto line = 1 + std::ranges::count(before, '\n');
    const auto start = before.rfind('\n') + 1;  // npos + 1 is 0
    const auto column = 1 + std::ranges::count_if(before.substr(start), [](char c) { return (c & 0xc0) != 0x80; });
    return fail(ErrorCode::kInvalidRequest, fmt::format("line {}, column {}: {}", line, column, wrong_));
  }
  bool complain(std::string what) { return complain_at(at_, std::move(what)); }
  bool complain_at(std::size_t at, std::string what) {
    wrong_at_ = at;
    wrong_ = std::move(what);
    return false;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }

  // Recursion is as deep as limits_.depth.
  bool read(Value& value, std::size_t depth) {
    if (at_ == text_.size()) return complain("the text ends where a value should begin");
    switch (peek()) {
      case '{':
        return read_object(value, depth);
      case '[':
        return read_array(value, depth);
      case '"': {
        std::string string;
        if (!read_string(string)) return false;
        value = std::move(string);
        return true;
      }
      case 't':
        return read_word("true", value, true);
      case 'f':
        return read_word("false", value, false);
      case 'n':
        return read_word("null", value, nullptr);
      default:
        return read_number(value);
    }
  }

  bool read_word(std::string_view word, Value& value, Value meaning) {
    if (!text_.substr(at_).starts_with(word)) return complain("not a JSON value");
    at_ += word.size();
    value = std::move(meaning);
    return true;
  }

  bool read_digits() {
    if (!is_digit(peek())) return complain("a digit is missing");
    while (is_digit(peek())) ++at_;
    return true;
  }
  bool read_number(Value& value) {
    const std::size_t begin = at_;
    if (peek() == '-') ++at_;
    if (!is_digit(peek())) return complain_at(begin, "not a JSON value");
    if (peek() == '0') {
      ++at_;
      if (is_digit(peek())) return complain("a number must not begin with 0");
    } else if (!read_digits()) {
      return false;
    }
    if (peek() == '.') {
      ++at_;
      if (!read_digits()) return false;
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!read_digits()) return false;
    }
    value = Number{std::string(text_.substr(begin, at_ - begin))};
    return true;
  }

  bool enter(std::size_t depth) {
    return depth < limits_.depth || complain(fmt::format("nested more than {} deep", limits_.depth));
  }

  bool read_array(Value& value, std::size_t depth) {
    if (!enter(depth)) return false;
    Array array;
    ++at_;
    skip_space();
    if (peek() == ']') return ++at_, value = std::move(array), true;
    for (;;) {
      if (!read(array.emplace_back(), depth + 1)) return false;
      skip_space();
      if (peek() == ']') break;
      if (peek() != ',') return complain("',' or ']' is missing");
      ++at_;
      skip_space();
    }
    ++at_;
    array.shrink_to_fit();
    value = std::move(array);
    return true;
  }

  bool read_object(Value& value, std::size_t depth) {
    if (!enter(depth)) return false;
    const std::size_t begin = at_;
    Object object;
    ++at_;
    skip_space();
    if (peek() == '}') return ++at_, value = std::move(object), true;
    for (;;) {
      if (peek() != '"') return complain("a key in quotes is missing");
      auto& member = object.members().emplace_back();
      if (!read_string(member.key)) return false;
      skip_space();
      if (peek() != ':') return complain("':' is missing");
      ++at_;
      skip_space();
      if (!read(member.value, depth + 1)) return false;
      skip_space();
      if (peek() == '}') break;
      if (peek() != ',') return complain("',' or '}' is missing");
      ++at_;
      skip_space();
    }
    ++at_;
    if (!limits_.duplicates)
      if (auto twice = object.duplicate())
        return complain_at(begin, fmt::format("the object has the key \"{}\" twice", *twice));
    object.members().shrink_to_fit();
    value = std::move(object);
    return true;
  }

  bool read_string(std::string& out) {
    ++at_;
    std::size_t plain = at_;  // from here to at_: not copied yet
    const auto take = [&] { out.append(text_.substr(plain, at_ - plain)); };
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        take();
        ++at_;
        return true;
      }
      if (c == '\\') {
        take();
        if (!read_escape(out)) return false;
        plain = at_;
      } else if (c < 0x20) {
        return complain("a control character in a string must be escaped");
      } else if (c < 0x80) {
        ++at_;
      } else {
        const auto size = first_code_point(text_.substr(at_)).size;
        if (size == 0) return complain("not well-formed UTF-8");
        at_ += size;
      }
    }
    return complain("the text ends within a string");
  }

  std::optional<char32_t> read_hex() {
    if (text_.size() - at_ < 4) return std::nullopt;
    char32_t value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = text_[at_];
      const char lower = static_cast<char>(c | 0x20);
      if (is_digit(c))
        value = value << 4 | static_cast<char32_t>(c - '0');
      else if (lower >= 'a' && lower <= 'f')
        value = value << 4 | static_cast<char32_t>(lower - 'a' + 10);
      else
        return std::nullopt;
    }
    return value;
  }

  bool read_escape(std::string& out) {
    const std::size_t begin = at_++;
    constexpr std::string_view kShort = "\"\\/bfnrt", kMeaning = "\"\\/\b\f\n\r\t";
    const char c = peek();
    if (c == '"' || c == '\\') {  // what a text in a text is full of
      out += c;
      ++at_;
      return true;
    }
    if (const auto i = kShort.find(c); c != '\0' && i != std::string_view::npos) {
      out += kMeaning[i];
      ++at_;
      return true;
    }
    if (c != 'u') return complain_at(begin, "not an escape of JSON");
    ++at_;
    auto value = read_hex();
    if (!value) return complain_at(begin, "\\u needs four hexadecimal digits");
    if (*value >= 0xdc00 && *value <= 0xdfff) return complain_at(begin, "half a surrogate pair");
    if (*value >= 0xd800 && *value <= 0xdbff) {
      if (!text_.substr(at_).starts_with("\\u")) return complain_at(begin, "half a surrogate pair");
      at_ += 2;
      const auto low = read_hex();
      if (!low || *low < 0xdc00 || *low > 0xdfff) return complain_at(begin, "half a surrogate pair");
      value = 0x10000 + ((*value - 0xd800) << 10) + (*low - 0xdc00);
    }
    append_utf8(out, *value);
    return true;
  }

  const std::string_view text_;
  const Limits& limits_;
  std::size_t at_ = 0;
  std::size_t wrong_at_ = 0;
  std::string wrong_;
};

}  // namespace

Result<Value> parse(std::string_view text, const Limits& limits) {
  if (text.size() > limits.bytes)
    return fail(ErrorCode::kInvalidRequest,
                fmt::format("line 1, column 1: {} bytes of JSON; at most {} are read", text.size(), limits.bytes));
  return Parser(text, limits).whole();
}

}  // namespace thalweg::json

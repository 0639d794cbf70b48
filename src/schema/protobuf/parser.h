// The parser of .proto files: a method for each rule of the grammar, in files by what they are about. For parser*.cc
// alone.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/protobuf/lexer.h"
#include "schema/protobuf/model.h"

namespace thalweg::schema::protobuf {

inline constexpr std::size_t kNestedMax = 64;  // messages in messages, braces in options

class Parser {
 public:
  Parser(std::string_view text, Validation validation) : lexer_(text), validation_(validation) {}

  Result<File> whole();

 private:
  // ---------------------------------------------------------------------------------------------- words

  Result<> advance() {
    TRY(token_, lexer_.next());
    return {};
  }
  std::unexpected<Error> wrong(std::string_view what) const { return lexer_.error(token_.at, what); }
  bool is(std::string_view text) const {
    return (token_.kind == Token::Kind::kSymbol || token_.kind == Token::Kind::kName) && token_.text == text;
  }
  // What follows may be no word at all; then the next thing that is asked for is missing.
  bool accept(std::string_view text) {
    if (!is(text)) return false;
    if (auto next = advance(); !next) {
      failed_ = std::unexpected(next.error());
      token_ = {};
    }
    return true;
  }
  Result<> expect(std::string_view text) {
    if (!is(text)) return failed_ ? *failed_ : wrong(fmt::format("'{}' is missing", text));
    return advance();
  }
  Result<std::string> name() {
    if (token_.kind != Token::Kind::kName) return failed_ ? *failed_ : wrong("a name is missing");
    std::string text = token_.text;
    TRY_VOID(advance());
    return text;
  }
  // With dots, and one before it perhaps.
  Result<std::string> full_name() {
    std::string text;
    if (accept(".")) text = ".";
    for (;;) {
      TRY(const auto part, name());
      text += part;
      if (!is(".")) return text;
      TRY_VOID(advance());
      text += '.';
    }
  }
  Result<std::string> quoted() {
    if (token_.kind != Token::Kind::kText) return failed_ ? *failed_ : wrong("a text in quotes is missing");
    std::string text = token_.text;
    TRY_VOID(advance());
    return text;
  }
  Result<std::int64_t> integer() {
    const bool negative = accept("-");
    if (token_.kind != Token::Kind::kNumber) return failed_ ? *failed_ : wrong("a number is missing");
    const std::string& text = token_.text;
    std::int64_t value = 0;
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    const char* begin = text.data() + (hex ? 2 : 0);
    const int base = hex ? 16 : text.size() > 1 && text[0] == '0' ? 8 : 10;
    const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size() || begin == end) return wrong("not a whole number");
    TRY_VOID(advance());
    return negative ? -value : value;
  }
  Result<std::int32_t> number_of_32_bits() {
    const auto at = token_.at;
    TRY(const auto value, integer());
    if (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::int32_t>::max())
      return lexer_.error(at, "a number beyond 32 bits");
    return static_cast<std::int32_t>(value);
  }

  // ---------------------------------------------------------------------------------------------- parser.cc

  Result<> statement(File& file);
  Result<std::string> option_name();
  Result<> option_statement(std::vector<Option>& options);
  Result<> option(Option& option);
  // "[a = 1, b = 2]", if there is one.
  Result<> option_list(std::vector<Option>& options);
  Result<> value(OptionValue& value, std::size_t depth);
  // The text format: { name: value name { ... } [ext.name]: value, ... }
  Result<> aggregate(OptionValue& value, std::size_t depth);

  // ---------------------------------------------------------------------------------------------- parser_messages.cc

  Result<> message(Message& message, std::size_t depth);
  Result<> body(Message& message, std::size_t depth);
  Result<> member(Message& message, std::size_t depth);
  Label label();
  Result<> field_or_group(std::vector<Field>& fields, std::vector<Group>* groups, std::size_t depth);
  Result<> map_types(Field& field);
  Result<> named_field(Field& field);
  Result<std::int32_t> field_number();
  Result<> oneof(Message& message, std::size_t depth);
  Result<> ranges(std::vector<Reserved>& all);
  Result<> reserved(std::vector<Reserved>& all);
  Result<> extensions(Extensions& extensions);
  Result<> extend(Extend& extend, Message* in, std::size_t depth);

  // ---------------------------------------------------------------------------------------------- parser_services.cc

  Result<> enumeration(Enum& enumeration);
  Result<> service(Service& service);
  Result<> method_type(std::string& type, bool& streams);
  Result<> method(Method& method);

  Lexer lexer_;
  const Validation validation_;
  Token token_;
  bool proto3_ = false;
  std::optional<std::unexpected<Error>> failed_;  // met by accept(), which does not return it
};

}  // namespace thalweg::schema::protobuf

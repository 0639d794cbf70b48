#include "schema/protobuf/parser.h"

namespace thalweg::schema::protobuf {

Result<File> Parser::whole() {
  TRY_VOID(advance());
  File file;
  while (token_.kind != Token::Kind::kEnd) {
    if (accept(";")) continue;
    if (failed_) return *failed_;
    TRY_VOID(statement(file));
  }
  if (failed_) return *failed_;
  return file;
}
Result<> Parser::statement(File& file) {
  if (is("syntax") || is("edition")) {
    const bool syntax = is("syntax");
    TRY_VOID(advance());
    TRY_VOID(expect("="));
    const auto at = token_.at;
    TRY(auto text, quoted());
    if (syntax && text != "proto2" && text != "proto3")
      return lexer_.error(at, "the syntax is \"proto2\" or \"proto3\"");
    (syntax ? file.syntax : file.edition) = std::move(text);
    proto3_ = file.is_proto3();
    return expect(";");
  }
  if (accept("package")) {
    TRY(file.package, full_name());
    return expect(";");
  }
  if (accept("import")) {
    Import import;
    if (is("public") || is("weak")) {
      TRY(import.kind, name());
    }
    TRY(import.path, quoted());
    file.imports.push_back(std::move(import));
    return expect(";");
  }
  if (accept("option")) return option_statement(file.options);
  if (accept("message")) return message(file.messages.emplace_back(), 0);
  if (accept("enum")) return enumeration(file.enums.emplace_back());
  if (accept("extend")) return extend(file.extends.emplace_back(), nullptr, 0);
  if (accept("service")) return service(file.services.emplace_back());
  return failed_ ? *failed_ : wrong("not a statement of a .proto file");
}
// ------------------------------------------------------------------------------------------------ options

Result<std::string> Parser::option_name() {
  std::string text;
  for (;;) {
    if (accept("(")) {
      TRY(const auto inner, full_name());
      text += "(" + inner + ")";
      TRY_VOID(expect(")"));
    } else {
      TRY(const auto part, name());
      text += part;
    }
    if (!accept(".")) return text;
    text += '.';
  }
}

Result<> Parser::option_statement(std::vector<Option>& options) {
  TRY_VOID(option(options.emplace_back()));
  return expect(";");
}

Result<> Parser::option(Option& option) {
  TRY(option.name, option_name());
  TRY_VOID(expect("="));
  return value(option.value, 0);
}

Result<> Parser::option_list(std::vector<Option>& options) {
  if (!accept("[")) return {};
  do {
    TRY_VOID(option(options.emplace_back()));
  } while (accept(","));
  return expect("]");
}

Result<> Parser::value(OptionValue& value, std::size_t depth) {
  if (depth > kNestedMax) return wrong("nested too deep");
  if (token_.kind == Token::Kind::kText) {
    value.kind = OptionValue::Kind::kText;
    TRY(value.text, quoted());
    return {};
  }
  if (is("{") || is("<")) return aggregate(value, depth);
  if (accept("[")) {
    value.kind = OptionValue::Kind::kList;
    if (accept("]")) return {};
    do {
      TRY_VOID(this->value(value.values.emplace_back(), depth + 1));
    } while (accept(","));
    return expect("]");
  }
  value.kind = OptionValue::Kind::kWord;
  if (is("-") || is("+")) {
    value.text = token_.text == "-" ? "-" : "";
    TRY_VOID(advance());
  }
  if (token_.kind == Token::Kind::kName) {
    TRY(const auto word, full_name());
    value.text += word;
    return {};
  }
  if (token_.kind != Token::Kind::kNumber) return failed_ ? *failed_ : wrong("a value is missing");
  value.text += token_.text;
  return advance();
}

Result<> Parser::aggregate(OptionValue& value, std::size_t depth) {
  value.kind = OptionValue::Kind::kMap;
  const std::string end = is("{") ? "}" : ">";
  TRY_VOID(advance());
  while (!is(end)) {
    std::string key;
    if (accept("[")) {
      TRY(key, full_name());
      if (accept("/")) {
        TRY(const auto type, full_name());
        key += "/" + type;
      }
      key = "[" + key + "]";
      TRY_VOID(expect("]"));
    } else {
      TRY(key, name());
    }
    if (!accept(":") && !is("{") && !is("<")) return failed_ ? *failed_ : wrong("':' is missing");
    value.names.push_back(std::move(key));
    TRY_VOID(this->value(value.values.emplace_back(), depth + 1));
    if (!accept(",")) (void)accept(";");
    if (failed_) return *failed_;
  }
  return expect(end);
}
Result<File> parse_text(std::string_view text, Validation validation) { return Parser(text, validation).whole(); }

}  // namespace thalweg::schema::protobuf

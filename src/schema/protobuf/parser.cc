#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "base/number.h"
#include "schema/limits.h"
#include "schema/protobuf/lexer.h"
#include "schema/protobuf/model.h"

namespace thalweg::schema::protobuf {
namespace {

constexpr std::size_t kNestedMax = 64;  // messages in messages, braces in options
constexpr std::array<std::string_view, 12> kKeyTypes = {"int32",    "int64",    "uint32",  "uint64",
                                                        "sint32",   "sint64",   "fixed32", "fixed64",
                                                        "sfixed32", "sfixed64", "bool",    "string"};

class Parser {
 public:
  Parser(std::string_view text, Validation validation) : lexer_(text), validation_(validation) {}

  Result<File> whole() {
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

  // ---------------------------------------------------------------------------------------------- file

  Result<> statement(File& file) {
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

  // ---------------------------------------------------------------------------------------------- options

  Result<std::string> option_name() {
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
  Result<> option_statement(std::vector<Option>& options) {
    TRY_VOID(option(options.emplace_back()));
    return expect(";");
  }
  Result<> option(Option& option) {
    TRY(option.name, option_name());
    TRY_VOID(expect("="));
    return value(option.value, 0);
  }
  // "[a = 1, b = 2]", if there is one.
  Result<> option_list(std::vector<Option>& options) {
    if (!accept("[")) return {};
    do {
      TRY_VOID(option(options.emplace_back()));
    } while (accept(","));
    return expect("]");
  }
  Result<> value(OptionValue& value, std::size_t depth) {
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
  // The text format: { name: value name { ... } [ext.name]: value, ... }
  Result<> aggregate(OptionValue& value, std::size_t depth) {
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

  // ---------------------------------------------------------------------------------------------- messages

  Result<> message(Message& message, std::size_t depth) {
    TRY(message.name, name());
    return body(message, depth);
  }
  Result<> body(Message& message, std::size_t depth) {
    if (depth > kNestedMax) return wrong("nested too deep");
    const auto at = token_.at;
    TRY_VOID(expect("{"));
    while (!is("}")) {
      if (accept(";")) continue;
      if (failed_) return *failed_;
      TRY_VOID(member(message, depth));
    }
    TRY_VOID(expect("}"));
    if (validation_ == Validation::kNew) return check(message, at);
    return {};
  }
  Result<> member(Message& message, std::size_t depth) {
    if (is("message") || is("enum") || is("extend") || is("oneof") || is("option") || is("reserved") ||
        is("extensions")) {
      const std::string word = token_.text;
      TRY_VOID(advance());
      // Such a word may be a type as well: "message m = 1;" is none, but "extensions.Foo f = 1;" is.
      if (!is(".")) {
        if (word == "message") return this->message(message.messages.emplace_back(), depth + 1);
        if (word == "enum") return enumeration(message.enums.emplace_back());
        if (word == "extend") return extend(message.extends.emplace_back(), &message, depth);
        if (word == "oneof") return oneof(message, depth);
        if (word == "option") return option_statement(message.options);
        if (word == "reserved") return reserved(message.reserved.emplace_back());
        return extensions(message.extensions.emplace_back());
      }
      TRY_VOID(advance());
      TRY(const auto rest, full_name());
      Field field;
      field.type = word + "." + rest;
      TRY_VOID(named_field(field));
      message.fields.push_back(std::move(field));
      return {};
    }
    return field_or_group(message.fields, &message.groups, depth);
  }

  Label label() {
    if (accept("optional")) return Label::kOptional;
    if (accept("required")) return Label::kRequired;
    if (accept("repeated")) return Label::kRepeated;
    return Label::kNone;
  }

  Result<> field_or_group(std::vector<Field>& fields, std::vector<Group>* groups, std::size_t depth) {
    Field field;
    const auto at = token_.at;
    field.label = label();
    if (validation_ == Validation::kNew) {
      if (proto3_ && field.label == Label::kRequired) return lexer_.error(at, "proto3 has no required fields");
    }
    if (is("map")) {
      TRY_VOID(advance());
      if (is("<")) {
        TRY_VOID(map_types(field));
        TRY_VOID(named_field(field));
        fields.push_back(std::move(field));
        return {};
      }
      field.type = "map";
      if (!is(".")) return failed_ ? *failed_ : wrong("'<' is missing");
      TRY_VOID(advance());
      TRY(const auto rest, full_name());
      field.type = "map." + rest;
    } else if (is("group") && groups) {
      TRY_VOID(advance());
      auto& group = groups->emplace_back();
      group.label = field.label;
      TRY(group.message.name, name());
      TRY_VOID(expect("="));
      TRY(group.number, field_number());
      TRY_VOID(option_list(group.field_options));
      return body(group.message, depth + 1);
    } else {
      TRY(field.type, full_name());
    }
    TRY_VOID(named_field(field));
    fields.push_back(std::move(field));
    return {};
  }
  Result<> map_types(Field& field) {
    field.type = "map";
    TRY_VOID(expect("<"));
    const auto at = token_.at;
    TRY(field.key_type, full_name());
    if (std::ranges::find(kKeyTypes, field.key_type) == kKeyTypes.end())
      return lexer_.error(at, "not a type for keys of a map");
    TRY_VOID(expect(","));
    TRY(field.value_type, full_name());
    return expect(">");
  }
  Result<> named_field(Field& field) {
    TRY(field.name, name());
    TRY_VOID(expect("="));
    TRY(field.number, field_number());
    TRY_VOID(option_list(field.options));
    return expect(";");
  }
  Result<std::int32_t> field_number() {
    const auto at = token_.at;
    TRY(const auto number, integer());
    if (number < 1 || number > kNumberMax) return lexer_.error(at, "a field's number is between 1 and 536870911");
    if (validation_ == Validation::kNew && number >= 19000 && number <= 19999)
      return lexer_.error(at, "the numbers 19000 to 19999 are Protobuf's own");
    return static_cast<std::int32_t>(number);
  }

  Result<> oneof(Message& message, std::size_t depth) {
    auto& oneof = message.oneofs.emplace_back();
    const auto index = message.oneofs.size() - 1;
    TRY(oneof.name, name());
    TRY_VOID(expect("{"));
    while (!is("}")) {
      auto& mine = message.oneofs[index];
      if (accept(";")) continue;
      if (failed_) return *failed_;
      if (accept("option")) {
        TRY_VOID(option_statement(mine.options));
        continue;
      }
      TRY_VOID(field_or_group(mine.fields, &message.groups, depth));
      if (!mine.fields.empty() && (mine.fields.back().label != Label::kNone || mine.fields.back().is_map()))
        return wrong("a field of a oneof has no label and is no map");
    }
    return expect("}");
  }

  Result<> ranges(std::vector<Reserved>& all) {
    do {
      Reserved range;
      TRY(range.first, integer());
      range.last = range.first;
      if (accept("to")) {
        if (accept("max")) {
          range.last = kToMax;
        } else {
          TRY(range.last, integer());
          if (range.last < range.first) return wrong("the range ends before it begins");
        }
      }
      all.push_back(std::move(range));
    } while (accept(","));
    return {};
  }
  Result<> reserved(std::vector<Reserved>& all) {
    if (token_.kind == Token::Kind::kText || token_.kind == Token::Kind::kName) {
      do {
        Reserved one;
        if (token_.kind == Token::Kind::kName) {
          TRY(one.name, name());
        } else {
          TRY(one.name, quoted());
        }
        all.push_back(std::move(one));
      } while (accept(","));
    } else {
      TRY_VOID(ranges(all));
    }
    return expect(";");
  }
  Result<> extensions(Extensions& extensions) {
    TRY_VOID(ranges(extensions.ranges));
    TRY_VOID(option_list(extensions.options));
    return expect(";");
  }

  Result<> extend(Extend& extend, Message* in, std::size_t depth) {
    TRY(extend.type, full_name());
    TRY_VOID(expect("{"));
    while (!is("}")) {
      if (accept(";")) continue;
      if (failed_) return *failed_;
      // A group here is a message of where the extension is declared.
      TRY_VOID(field_or_group(extend.fields, in ? &in->groups : nullptr, depth));
    }
    return expect("}");
  }

  // ---------------------------------------------------------------------------------------------- enums, services

  Result<> enumeration(Enum& enumeration) {
    TRY(enumeration.name, name());
    const auto at = token_.at;
    TRY_VOID(expect("{"));
    while (!is("}")) {
      if (accept(";")) continue;
      if (failed_) return *failed_;
      if (accept("option")) {
        TRY_VOID(option_statement(enumeration.options));
      } else if (accept("reserved")) {
        TRY_VOID(reserved(enumeration.reserved.emplace_back()));
      } else {
        EnumValue value;
        TRY(value.name, name());
        TRY_VOID(expect("="));
        TRY(value.number, number_of_32_bits());
        TRY_VOID(option_list(value.options));
        TRY_VOID(expect(";"));
        enumeration.values.push_back(std::move(value));
      }
    }
    TRY_VOID(expect("}"));
    if (validation_ == Validation::kNew) return check(enumeration, at);
    return {};
  }

  Result<> service(Service& service) {
    TRY(service.name, name());
    TRY_VOID(expect("{"));
    while (!is("}")) {
      if (accept(";")) continue;
      if (failed_) return *failed_;
      if (accept("option")) {
        TRY_VOID(option_statement(service.options));
        continue;
      }
      TRY_VOID(expect("rpc"));
      TRY_VOID(method(service.methods.emplace_back()));
    }
    return expect("}");
  }
  Result<> method_type(std::string& type, bool& streams) {
    TRY_VOID(expect("("));
    // "stream" is a word before a type, and a type where nothing follows it.
    if (accept("stream")) {
      if (is(")")) {
        type = "stream";
        return advance();
      }
      streams = true;
    }
    TRY(type, full_name());
    return expect(")");
  }
  Result<> method(Method& method) {
    TRY(method.name, name());
    TRY_VOID(method_type(method.input, method.input_streams));
    TRY_VOID(expect("returns"));
    TRY_VOID(method_type(method.output, method.output_streams));
    if (!accept("{")) return expect(";");
    while (!is("}")) {
      if (accept(";")) continue;
      if (failed_) return *failed_;
      TRY_VOID(expect("option"));
      TRY_VOID(option_statement(method.options));
    }
    return expect("}");
  }

  // ---------------------------------------------------------------------------------------------- checks

  Result<> check(const Message& message, std::size_t at) const {
    std::set<std::int32_t> numbers;
    std::set<std::string_view> names;
    const Taken taken(message);
    const auto once = [&](const Field& field) -> Result<> {
      if (!numbers.insert(field.number).second)
        return lexer_.error(at, fmt::format("field number {} is used twice in \"{}\"", field.number, message.name));
      if (!names.insert(field.name).second)
        return lexer_.error(at, fmt::format("\"{}\" is defined twice in \"{}\"", field.name, message.name));
      if (taken.has(field))
        return lexer_.error(at, fmt::format("field \"{}\" of \"{}\" uses what is reserved", field.name, message.name));
      return {};
    };
    for (const auto& field : message.fields) TRY_VOID(once(field));
    for (const auto& oneof : message.oneofs) {
      if (!names.insert(oneof.name).second)
        return lexer_.error(at, fmt::format("\"{}\" is defined twice in \"{}\"", oneof.name, message.name));
      for (const auto& field : oneof.fields) TRY_VOID(once(field));
    }
    for (const auto& group : message.groups)
      if (!numbers.insert(group.number).second)
        return lexer_.error(at, fmt::format("field number {} is used twice in \"{}\"", group.number, message.name));
    return {};
  }
  // What is reserved, so that asking for a number does not look at every range.
  struct Taken {
    std::vector<std::pair<std::int64_t, std::int64_t>> ranges;  // first, and the highest last of those up to here
    std::set<std::string_view> names;

    explicit Taken(const Message& message) {
      for (const auto& statement : message.reserved)
        for (const auto& one : statement) {
          if (!one.name.empty())
            names.insert(one.name);
          else
            ranges.emplace_back(one.first, one.last == kToMax ? kNumberMax : one.last);
        }
      std::ranges::sort(ranges);
      std::int64_t last = 0;
      for (auto& range : ranges) range.second = last = std::max(last, range.second);
    }
    bool has(const Field& field) const {
      if (names.contains(field.name)) return true;
      const auto after =
          std::ranges::upper_bound(ranges, std::int64_t{field.number}, {}, [](const auto& r) { return r.first; });
      return after != ranges.begin() && std::prev(after)->second >= field.number;
    }
  };
  Result<> check(const Enum& enumeration, std::size_t at) const {
    if (enumeration.values.empty())
      return lexer_.error(at, fmt::format("the enum \"{}\" has no values", enumeration.name));
    if (proto3_ && enumeration.values.front().number != 0)
      return lexer_.error(at, fmt::format("the first value of the enum \"{}\" must be 0", enumeration.name));
    std::set<std::string_view> names;
    std::set<std::int32_t> numbers;
    const bool aliases = std::ranges::any_of(enumeration.options, [](const Option& option) {
      return option.name == "allow_alias" && option.value.text == "true";
    });
    for (const auto& value : enumeration.values) {
      if (!names.insert(value.name).second)
        return lexer_.error(at, fmt::format("\"{}\" is defined twice in \"{}\"", value.name, enumeration.name));
      if (!numbers.insert(value.number).second && !aliases)
        return lexer_.error(
            at, fmt::format("the number {} is used twice in the enum \"{}\"", value.number, enumeration.name));
    }
    return {};
  }

  Lexer lexer_;
  const Validation validation_;
  Token token_;
  bool proto3_ = false;
  std::optional<std::unexpected<Error>> failed_;  // met by accept(), which does not return it
};

}  // namespace

Result<File> parse_text(std::string_view text, Validation validation) { return Parser(text, validation).whole(); }

}  // namespace thalweg::schema::protobuf

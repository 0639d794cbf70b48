// Messages and what is in them.
#include <algorithm>
#include <array>

#include "schema/protobuf/checks.h"
#include "schema/protobuf/parser.h"

namespace thalweg::schema::protobuf {
namespace {

constexpr std::array<std::string_view, 12> kKeyTypes = {"int32",    "int64",    "uint32",  "uint64",
                                                        "sint32",   "sint64",   "fixed32", "fixed64",
                                                        "sfixed32", "sfixed64", "bool",    "string"};

}  // namespace

Result<> Parser::message(Message& message, std::size_t depth) {
  TRY(message.name, name());
  return body(message, depth);
}

Result<> Parser::body(Message& message, std::size_t depth) {
  if (depth > kNestedMax) return wrong("nested too deep");
  const auto at = token_.at;
  TRY_VOID(expect("{"));
  while (!is("}")) {
    if (accept(";")) continue;
    if (failed_) return *failed_;
    TRY_VOID(member(message, depth));
  }
  TRY_VOID(expect("}"));
  if (validation_ != Validation::kNew) return {};
  if (const auto flaw = flaw_of(message)) return lexer_.error(at, *flaw);
  return {};
}

Result<> Parser::member(Message& message, std::size_t depth) {
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

Label Parser::label() {
  if (accept("optional")) return Label::kOptional;
  if (accept("required")) return Label::kRequired;
  if (accept("repeated")) return Label::kRepeated;
  return Label::kNone;
}

Result<> Parser::field_or_group(std::vector<Field>& fields, std::vector<Group>* groups, std::size_t depth) {
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

Result<> Parser::map_types(Field& field) {
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

Result<> Parser::named_field(Field& field) {
  TRY(field.name, name());
  TRY_VOID(expect("="));
  TRY(field.number, field_number());
  TRY_VOID(option_list(field.options));
  return expect(";");
}

Result<std::int32_t> Parser::field_number() {
  const auto at = token_.at;
  TRY(const auto number, integer());
  if (number < 1 || number > kNumberMax) return lexer_.error(at, "a field's number is between 1 and 536870911");
  if (validation_ == Validation::kNew && number >= 19000 && number <= 19999)
    return lexer_.error(at, "the numbers 19000 to 19999 are Protobuf's own");
  return static_cast<std::int32_t>(number);
}

Result<> Parser::oneof(Message& message, std::size_t depth) {
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

Result<> Parser::ranges(std::vector<Reserved>& all) {
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

Result<> Parser::reserved(std::vector<Reserved>& all) {
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

Result<> Parser::extensions(Extensions& extensions) {
  TRY_VOID(ranges(extensions.ranges));
  TRY_VOID(option_list(extensions.options));
  return expect(";");
}

Result<> Parser::extend(Extend& extend, Message* in, std::size_t depth) {
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
}  // namespace thalweg::schema::protobuf

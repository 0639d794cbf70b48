// Enums and services.
#include "schema/protobuf/checks.h"
#include "schema/protobuf/parser.h"

namespace thalweg::schema::protobuf {

Result<> Parser::enumeration(Enum& enumeration) {
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
  if (validation_ != Validation::kNew) return {};
  if (const auto flaw = flaw_of(enumeration, proto3_)) return lexer_.error(at, *flaw);
  return {};
}

Result<> Parser::service(Service& service) {
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

Result<> Parser::method_type(std::string& type, bool& streams) {
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

Result<> Parser::method(Method& method) {
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
}  // namespace thalweg::schema::protobuf

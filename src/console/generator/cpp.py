"""C++ for the console: api_types.h and api_types.cc."""

from __future__ import annotations

from api import RAW, Api, ApiError, Enum, Field, Operation, Struct, Type

BANNER = "// Generated from src/console/schemas by src/console/generator. Do not edit.\n"
_BASICS = {"bool": "bool", "int32": "std::int32_t", "int64": "std::int64_t", "float64": "double",
           "string": "std::string"}
_KEYWORDS = {"bool", "case", "char", "class", "const", "default", "delete", "double", "enum", "float", "for", "int",
             "long", "namespace", "new", "operator", "private", "public", "register", "short", "signed", "static",
             "struct", "switch", "this", "throw", "union", "using", "void"}


def constant(value: str) -> str:
    return "k" + "".join(word[:1].upper() + word[1:] for word in value.split("_"))


def class_name(operation: Operation) -> str:
    return "".join(word.capitalize() for word in operation.id.split("_"))


def _type(of: Type) -> str:
    name = _BASICS.get(of.name, of.name)
    name = f"std::vector<{name}>" if of.array else name
    return f"std::optional<{name}>" if of.optional else name


def _initial(field: Field, api: Api) -> str:
    if field.type.optional or field.type.array or field.type.name in api.structs:
        return ""
    if field.default is not None:
        if field.type.name == "string":
            return f' = "{field.default}"' if field.default else ""
        return f" = {field.type.name}::{constant(field.default)}" if field.type.name in api.enums else f" = {field.default}"
    return "" if field.type.name == "string" else "{}"


def _member_name(name: str) -> str:
    if name in _KEYWORDS:
        raise ApiError(f"'{name}' is a word of C++; name the member otherwise")
    return name


def _members(fields: list[Field], api: Api) -> list[str]:
    return [f"  {_type(f.type)} {_member_name(f.name)}{_initial(f, api)};" for f in fields]


# ------------------------------------------------------------------------------------------------------- header


def _enum(enum: Enum) -> list[str]:
    values = ", ".join(constant(value) for value, _ in enum.values)
    return [f"// {enum.sentence}", f"enum class {enum.name} : std::uint8_t {{ {values} }};",
            f"std::string_view to_string({enum.name} value);", f"std::optional<{enum.name}> {_reader(enum)}(std::string_view text);",
            ""]


def _reader(enum: Enum) -> str:
    snake = "".join("_" + c.lower() if c.isupper() else c for c in enum.name).lstrip("_")
    return f"{snake}_of"


def _struct(struct: Struct, api: Api, is_read: bool) -> list[str]:
    lines = [f"// {struct.sentence}", f"struct {struct.name} {{", *_members(struct.fields, api)]
    if is_read:
        lines += ["", "  // The problem says what is wrong and where; `at` is the pointer to it in the body, empty for the body",
                  "  // itself. Members that are not known count nothing.",
                  f"  static Outcome<{struct.name}> read(const json::Value& value, const std::string& at = {{}});"]
    return [*lines, "};", f"void append_json(std::string& out, const {struct.name}& value);", ""]


def _parameters(operation: Operation) -> list[Field]:
    return [Field(name, Type("string"), "") for name in operation.path_parameters] + operation.query


def _operation(operation: Operation, api: Api) -> list[str]:
    name = class_name(operation)
    lines = [f"// {operation.method.upper()} /api/v1{operation.path}: {operation.sentence}", f"struct {name} {{",
             f"  using Answer = {'Download' if operation.answer == RAW else operation.answer or 'void'};",
             f'  static constexpr const char* kMethod = "{operation.method.upper()}";',
             f'  static constexpr const char* kPattern = "/api/v1{operation.path}";']
    if operation.body:
        lines.append(f"  using Body = {operation.body};")
    if members := _members(_parameters(operation), api):
        lines += ["", *members]
    if operation.planned:
        lines.append("  std::optional<std::string> plan;  // If-Match")
    if operation.body:
        lines += ["", "  Body body;"]
    return [*lines, "", "  // The problem says what is wrong, and with which parameter.",
            f"  static Outcome<{name}> read(const http::Request& request);", "};", ""]


def header(api: Api) -> str:
    read = api.read_structs()
    lines = [BANNER + "#pragma once", "", "#include <cstdint>", "#include <expected>", "#include <optional>",
             "#include <string>", "#include <string_view>", "#include <tuple>", "#include <vector>", "", '#include "http/message.h"',
             '#include "json/value.h"', "", "namespace thalweg::console {", "",
             "// What an operation gives, or why not.", "struct Problem;", "template <class T = void>",
             "using Outcome = std::expected<T, Problem>;", "",
             "// Bytes as they are, to be saved as a file of that name.", "struct Download {", "  SharedBytes bytes;",
             "  std::string name;", "};", ""]
    for enum in sorted(api.enums.values(), key=lambda e: e.name):
        lines += _enum(enum)
    for struct in api.ordered_structs():
        lines += _struct(struct, api, struct.name in read)
    for operation in api.operations:
        lines += _operation(operation, api)
    bodies = [class_name(operation) for operation in api.operations if operation.body]
    lines += ["// All that take a body.", f"using OperationsWithBody = std::tuple<{', '.join(bodies)}>;", ""]
    lines += ["// OpenAPI 3.1, as JSON.", "std::string_view openapi();", "", "}  // namespace thalweg::console", ""]
    return "\n".join(lines)


# ------------------------------------------------------------------------------------------------------- source


def _enum_functions(enum: Enum) -> list[str]:
    lines = [f"std::string_view to_string({enum.name} value) {{", "  switch (value) {"]
    for value, _ in enum.values:
        lines += [f"    case {enum.name}::{constant(value)}:", f'      return "{value}";']
    lines += ["  }", '  return "";', "}", f"std::optional<{enum.name}> {_reader(enum)}(std::string_view text) {{"]
    lines += [f'  if (text == "{value}") return {enum.name}::{constant(value)};' for value, _ in enum.values]
    return [*lines, "  return std::nullopt;", "}", ""]


def _write_one(of: Type, value: str, api: Api) -> str:
    if of.name == "string":
        return f"json::append_string(out, {value});"
    if of.name in api.enums:
        return f"json::append_string(out, to_string({value}));"
    if of.name in api.structs:
        return f"append_json(out, {value});"
    return f"append_number(out, {value});"


def _write_field(field: Field, before: list[Field], api: Api) -> list[str]:
    """With the comma before it, unless it is the first that is there."""
    of, value = field.type, f"value.{field.name}"
    if of.optional:
        value = "*" + value
    is_behind_one = any(not other.type.optional for other in before)
    body = [f'out += "{"," if is_behind_one else ""}\\"{field.name}\\":";']
    if before and not is_behind_one:
        body.insert(0, "if (out.back() != '{') out += ',';")
    if of.array:
        inner = _write_one(of, "item", api)
        body += ["out += '[';", f"for (const auto& item : {value}) {{", "  if (out.back() != '[') out += ',';", f"  {inner}",
                 "}", "out += ']';"]
    else:
        body.append(_write_one(of, value, api))
    if not of.optional:
        return ["  " + line for line in body]
    return [f"  if (value.{field.name}) {{", *("    " + line for line in body), "  }"]


def _writer(struct: Struct, api: Api) -> list[str]:
    lines = [f"void append_json(std::string& out, const {struct.name}& value) {{", "  out += '{';"]
    for index, field in enumerate(struct.fields):
        lines += _write_field(field, struct.fields[:index], api)
    return [*lines, "  out += '}';", "}", ""]


def _known(enum: Enum) -> str:
    return ", ".join(value for value, _ in enum.values)


def _body_reader(struct: Struct, api: Api) -> list[str]:
    lines = [f"Outcome<{struct.name}> {struct.name}::read(const json::Value& value, const std::string& at) {{",
             f"  {struct.name} made;",
             '  if (!value.if_object()) return std::unexpected(invalid(at.empty() ? "/" : at, "an object of JSON"));']
    for field in struct.fields:
        enum = api.enums.get(field.type.name)
        how = f', {{&{_reader(enum)}, "{_known(enum)}"}}' if enum else ""
        lines += [f'  TRY_VOID(read_member({{value, at, "{field.name}"}}, made.{field.name}{how}));']
    return [*lines, "  return made;", "}", ""]


def _query_line(field: Field, api: Api) -> str:
    if field.type.name in api.enums:
        enum = api.enums[field.type.name]
        return f'  TRY_VOID(read_enum(request, "{field.name}", &{_reader(enum)}, "{_known(enum)}", made.{field.name}));'
    return f'  TRY_VOID(read_parameter(request, "{field.name}", made.{field.name}));'


def _operation_reader(operation: Operation, api: Api) -> list[str]:
    name = class_name(operation)
    lines = [f"Outcome<{name}> {name}::read([[maybe_unused]] const http::Request& request) {{", f"  {name} made;"]
    for index, parameter in enumerate(operation.path_parameters):
        lines.append(f"  made.{parameter} = request.parameters.at({index});")
    lines += [_query_line(field, api) for field in operation.query]
    if operation.planned:
        lines.append("  made.plan = plan_of(request);")
    if operation.body:
        lines += ["  TRY(const auto tree, body_tree(request));", f"  TRY(made.body, {operation.body}::read(tree));"]
    return [*lines, "  return made;", "}", ""]


def source(api: Api, openapi: str) -> str:
    read = api.read_structs()
    lines = [BANNER + '#include "console/api_types.h"', "", "#include <charconv>", "#include <cmath>", "", '#include "console/api_reading.h"',
             '#include "json/writer.h"', "", "namespace thalweg::console {", "namespace {",
             "void append_number(std::string& out, bool value) { out += value ? \"true\" : \"false\"; }",
             "[[maybe_unused]] void append_number(std::string& out, double value) {", "  char text[32];",
             "  out.append(text, std::to_chars(text, text + sizeof text, std::isfinite(value) ? value : 0).ptr);", "}",
             "template <class T>", "void append_number(std::string& out, T value) {", "  out += std::to_string(value);", "}",
             "}  // namespace", ""]
    for enum in sorted(api.enums.values(), key=lambda e: e.name):
        lines += _enum_functions(enum)
    for struct in api.ordered_structs():
        lines += _writer(struct, api)
        if struct.name in read:
            lines += _body_reader(struct, api)
    for operation in api.operations:
        lines += _operation_reader(operation, api)
    # In pieces, since a literal has a length that compilers promise.
    lines += ["std::string_view openapi() {", "  static constexpr std::string_view kText ="]
    lines += [f'      R"api({openapi[at:at + 4000]})api"' for at in range(0, len(openapi), 4000)]
    lines[-1] += ";"
    return "\n".join([*lines, "  return kText;", "}", "", "}  // namespace thalweg::console", ""])

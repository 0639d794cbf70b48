"""C++ for one message: its header, and the definitions that go into a source file."""

from __future__ import annotations

from naming import api_key, cpp_type, default_value, initializer, is_optional, snake
from schema import NEWEST, Field, Message, Struct, Versions

BANNER = "// Generated from src/protocol/schemas by src/protocol/generator. Do not edit.\n"


def header_name(message: Message) -> str:
    return snake(message.name) + ".h"


def condition(wanted: Versions, possible: Versions) -> str | None:
    """When `v`, known to be in `possible`, is in `wanted`: an expression, "" for always, None for never.

    Generated functions call the version `v`, because some messages have a field of the name `version`.
    """
    both = wanted & possible
    if not both:
        return None
    parts = []
    if both.low > possible.low:
        parts.append(f"v >= {both.low}")
    if both.high < possible.high:
        parts.append(f"v <= {both.high}")
    if len(parts) == 2 and both.low == both.high:
        return f"v == {both.low}"
    return " && ".join(parts)


def truth(wanted: Versions, possible: Versions) -> str:
    """The same as an expression that is always written."""
    text = condition(wanted, possible)
    return "false" if text is None else text or "true"


# ------------------------------------------------------------------------------------------------------ header


def _struct_members(message: Message, struct: Struct, indent: str) -> list[str]:
    lines = []
    for field in struct.fields:
        kind = cpp_type(message, field, struct.used)
        lines.append(f"{indent}{kind} {snake(field.name)}{initializer(message, field, struct.used)};")
    return lines


def _codec_members(name: str, lossy: bool, indent: str) -> list[str]:
    lines = [
        f"{indent}void read(Reader& r, std::int16_t version);",
        f"{indent}void write(Writer& w, std::int16_t version) const;",
        f"{indent}void print(Printer& p) const;",
    ]
    if lossy:
        lines.append(f"{indent}std::string_view lost_in(std::int16_t version) const;")
    lines.append(f"{indent}friend bool operator==(const {name}&, const {name}&) = default;")
    return lines


def _constants(message: Message) -> list[str]:
    flexible = message.flexible.low if message.flexible else NEWEST
    lines = []
    if message.api:
        lines.append(f"  static constexpr ApiKey kKey = {api_key(message.api)};")
    if message.record_type is not None:
        lines.append(f"  static constexpr std::int16_t kRecordType = {message.record_type};")
    lines += [
        f"  static constexpr std::int16_t kMinVersion = {message.versions.low};",
        f"  static constexpr std::int16_t kMaxVersion = {message.versions.high};",
        f"  static constexpr std::int16_t kFlexibleFrom = {flexible};" + ("  // never" if flexible == NEWEST else ""),
    ]
    return lines


def struct_scope(message: Message, struct: Struct) -> str:
    """The C++ name of a struct, as definitions qualify it."""
    return message.name if struct is message.root else f"{snake(message.name)}::{struct.name}"


def _inner_structs(message: Message) -> list[str]:
    # They lie in a namespace and the message names them, because a struct that is nested in C++'s sense cannot be
    # constructed inside std::optional until its outermost class is complete.
    lines = [f"namespace {snake(message.name)} {{", ""]
    for struct in message.structs.values():
        lines.append(f"struct {struct.name} {{")
        members = _struct_members(message, struct, "  ")
        lines += members + ([""] if members else [])
        lines += [*_codec_members(struct.name, is_lossy(message, struct), "  "), "};", ""]
    return [*lines, f"}}  // namespace {snake(message.name)}", ""]


def header(message: Message) -> str:
    lines = [BANNER + "#pragma once", "", '#include "protocol/message.h"', "", "namespace thalweg::protocol {", ""]
    if message.structs:
        lines += _inner_structs(message)
    lines += [f"struct {message.name} {{", *_constants(message), ""]
    if message.structs:
        lines += [f"  using {name} = {snake(message.name)}::{name};" for name in message.structs] + [""]
    members = _struct_members(message, message.root, "  ")
    lines += members + ([""] if members else [])
    lines += [
        f"  static Result<{message.name}> decode(Reader& r, std::int16_t version);",
        "  void encode(Writer& w, std::int16_t version) const;",
        "  Result<> representable(std::int16_t version) const;",
        *_codec_members(message.name, is_lossy(message, message.root), "  "),
        "};",
        "",
        f"std::string to_string(const {message.name}& message);",
        "",
        "}  // namespace thalweg::protocol",
        "",
    ]
    return "\n".join(lines)


# ------------------------------------------------------------------------------------------------------ sizes


def _field_size_min(message: Message, field: Field, version: int) -> int:
    flexible = version in message.flexible and not field.rigid
    sizes = {"bool": 1, "int8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "int64": 8, "float64": 8,
             "uuid": 16}
    if field.array:
        return 1 if flexible else 4
    if field.type == "string":
        return 1 if flexible else 2
    if field.type in ("bytes", "records"):
        return 1 if flexible else 4
    if field.is_struct:
        return 1 if version in field.nullable else _struct_size_min(message, message.structs[field.type], version)
    return sizes[field.type]


def _struct_size_min(message: Message, struct: Struct, version: int) -> int:
    size = 1 if version in message.flexible else 0
    for field in struct.fields:
        if version in field.versions and field.tag is None:
            size += _field_size_min(message, field, version)
    return size


def size_min(message: Message, struct: Struct) -> int:
    """The fewest bytes of `struct` on the wire in any version, at least 1: bounds what a count may claim."""
    return max(1, min(_struct_size_min(message, struct, version) for version in struct.used))


# ------------------------------------------------------------------------------------------------------ source


def _flexible_flag(message: Message, struct: Struct) -> str:
    return truth(message.flexible, struct.used)


def _function(message: Message, struct: Struct, signature: str, body: list[str]) -> list[str]:
    """A read or write function; declares `flexible` if the body asks for it."""
    flag = _flexible_flag(message, struct)
    if any("flexible" in line for line in body):
        body = [f"  {'constexpr' if flag in ('true', 'false') else 'const'} bool flexible = {flag};", *body]
    return [signature + " {", *body, "}"]


def _untagged(message: Message, struct: Struct, verb: str, stream: str) -> list[str]:
    lines = []
    for field in struct.fields:
        if field.tag is None:
            guard = condition(field.versions, struct.used)
            call = _codec_call(message, struct, field, verb, stream)
            lines.append(f"  if ({guard}) {call}" if guard else f"  {call}")
    return lines


def _tag_section(message: Message, struct: Struct, section: list[str]) -> list[str]:
    """The lines that read or write tagged fields, where the version has such a section."""
    flag = _flexible_flag(message, struct)
    if flag == "false":
        return []
    if flag == "true":
        return [f"  {line}" for line in section]
    if len(section) == 1:
        return [f"  if (flexible) {section[0]}"]
    return ["  if (flexible) {", *[f"    {line}" for line in section], "  }"]


def _codec_arguments(message: Message, struct: Struct, field: Field, reading: bool) -> str:
    """The arguments after the value in r.read(value, …) and w.write(value, …)."""
    possible = struct.used & field.versions
    flexible = "false" if field.rigid else "flexible"
    nullable = truth(field.nullable, possible) if is_optional(message, field, struct.used) else None
    if field.is_struct and not field.array:
        assert nullable is not None
        return f", v, {nullable}"
    arguments = []
    if field.array or field.type in ("string", "bytes", "records"):
        arguments.append(flexible)
    if nullable is not None:
        arguments.append(nullable)
    if field.is_struct:
        arguments.append("v")
        if reading:
            arguments.append(str(size_min(message, message.structs[field.type])))
    return "".join(f", {a}" for a in arguments)


def _codec_call(message: Message, struct: Struct, field: Field, verb: str, stream: str) -> str:
    name = snake(field.name)
    if field.is_struct and not field.array and not is_optional(message, field, struct.used):
        return f"{name}.{verb}({stream}, v);"
    if field.is_struct and not field.array and field.tag is not None:
        verb += "_tagged"
    return f"{stream}.{verb}({name}{_codec_arguments(message, struct, field, verb.startswith('read'))});"


def _tagged(struct: Struct) -> list[Field]:
    return sorted((f for f in struct.fields if f.tag is not None), key=lambda f: f.tag)


def _read(message: Message, struct: Struct, scope: str) -> list[str]:
    body = _untagged(message, struct, "read", "r") + _tag_section(message, struct, _read_tags(message, struct))
    return _function(message, struct, f"void {scope}::read(Reader& r, std::int16_t v)", body)


def _read_tags(message: Message, struct: Struct) -> list[str]:
    tagged = _tagged(struct)
    if not tagged:
        return ["r.skip_tagged_fields();"]
    lines = ["for (TaggedFields tags(r); tags.next();) {"]
    lead = "if"
    for field in tagged:
        guard = condition(field.versions, struct.used & message.flexible)
        test = f"tags.tag() == {field.tag}" + (f" && {guard}" if guard else "")
        lines += [f"  {lead} ({test}) {{", f"    {_codec_call(message, struct, field, 'read', 'r')}"]
        lead = "} else if"
    return [*lines, "  } else {", "    tags.skip();", "  }", "}"]


def _differs(message: Message, struct: Struct, field: Field) -> str:
    """Whether the field's value is not its default."""
    name = snake(field.name)
    value = default_value(message, field, struct.used)
    if value == "std::nullopt":
        return f"{name}.has_value()"
    if not is_optional(message, field, struct.used):
        if field.array or value == "std::string()" or field.type == "bytes":
            return f"!{name}.empty()"
        if field.type == "bool":
            return f"!{name}" if value == "true" else name
    return f"{name} != {value}"


def _write(message: Message, struct: Struct, scope: str) -> list[str]:
    body = _untagged(message, struct, "write", "w") + _tag_section(message, struct, _write_tags(message, struct))
    return _function(message, struct, f"void {scope}::write(Writer& w, std::int16_t v) const", body)


def _write_tags(message: Message, struct: Struct) -> list[str]:
    tagged = _tagged(struct)
    if not tagged:
        return ["w.write_unsigned_varint(0);"]
    lines = ["TagWriter tags(w);"]
    for field in tagged:
        guard = condition(field.versions, struct.used & message.flexible)
        test = (f"{guard} && " if guard else "") + _differs(message, struct, field)
        stream = f"tags.field({field.tag})"
        lines.append(f"if ({test}) {_codec_call(message, struct, field, 'write', stream)}")
    return [*lines, "tags.finish();"]


def _print(struct: Struct, scope: str) -> list[str]:
    lines = [f"void {scope}::print(Printer& p) const {{", f'  p.begin("{struct.name}");']
    for field in struct.fields:
        name = snake(field.name)
        lines.append(f'  p.hidden("{name}");' if field.secret else f'  p.field("{name}", {name});')
    return [*lines, "  p.end();", "}"]


# ------------------------------------------------------------------------------------------------------ losses


def _may_be_null_in_vain(message: Message, struct: Struct, field: Field) -> bool:
    """Whether the field can be null in memory although some version has no null for it."""
    return is_optional(message, field, struct.used) and not field.nullable.covers(struct.used & field.versions)


def _may_be_missing(struct: Struct, field: Field) -> bool:
    return not field.ignorable and not field.versions.covers(struct.used)


def is_lossy(message: Message, struct: Struct) -> bool:
    """Whether some version cannot carry every value of the struct."""
    return any(
        _may_be_missing(struct, f) or _may_be_null_in_vain(message, struct, f) or
        (f.is_struct and is_lossy(message, message.structs[f.type])) for f in struct.fields)


def _lost_in(message: Message, struct: Struct, scope: str) -> list[str]:
    lines = [f"std::string_view {scope}::lost_in(std::int16_t v) const {{"]
    for field in struct.fields:
        name = snake(field.name)
        present = condition(field.versions, struct.used)
        if _may_be_missing(struct, field):
            lines.append(f'  if (!({present}) && {_differs(message, struct, field)}) return "{name}";')
        if _may_be_null_in_vain(message, struct, field):
            nullable = condition(field.nullable, struct.used & field.versions)
            test = " && ".join(filter(None, [present, nullable and f"!({nullable})", f"!{name}"]))
            lines.append(f'  if ({test}) return "{name}";')
        if field.is_struct and is_lossy(message, message.structs[field.type]):
            lines += _lost_inside(message, struct, field, name, present)
    return [*lines, "  return {};", "}"]


def _lost_inside(message: Message, struct: Struct, field: Field, name: str, present: str) -> list[str]:
    optional = is_optional(message, field, struct.used)
    guards = [g for g in (present, name if optional else "") if g]
    value = f"(*{name})" if optional else name
    if field.array:
        each = f"for (const auto& each : {value.strip('()') if optional else value})"
        inner = f"if (const auto lost = each.lost_in(v); !lost.empty()) return lost;"
        lines = [f"{each} {{", f"  {inner}", "}"]
    else:
        lines = [f"if (const auto lost = {value}.lost_in(v); !lost.empty()) return lost;"]
    if guards:
        lines = [f"if ({' && '.join(guards)}) {{", *[f"  {line}" for line in lines], "}"]
    return [f"  {line}" for line in lines]


# ------------------------------------------------------------------------------------------------------ whole


def definitions(message: Message) -> str:
    lines = [f"// ---- {message.name}", ""]
    for struct in [*message.structs.values(), message.root]:
        scope = struct_scope(message, struct)
        lines += [*_read(message, struct, scope), *_write(message, struct, scope), *_print(struct, scope)]
        if is_lossy(message, struct):
            lines += _lost_in(message, struct, scope)
        lines.append("")
    name = message.name
    lossy = is_lossy(message, message.root)
    lines += [
        f"Result<{name}> {name}::decode(Reader& r, std::int16_t v) {{",
        f'  TRY_VOID(check_version("{name}", v, kMinVersion, kMaxVersion));',
        f"  {name} message;",
        "  message.read(r, v);",
        "  TRY_VOID(r.status());",
        "  return message;",
        "}",
        f"void {name}::encode(Writer& w, std::int16_t v) const {{",
        "  CHECK(v >= kMinVersion && v <= kMaxVersion);",
        "  write(w, v);",
        "}",
        f"Result<> {name}::representable(std::int16_t v) const {{",
        f'  TRY_VOID(check_version("{name}", v, kMinVersion, kMaxVersion));',
        f'  return check_nothing_lost("{name}", v, lost_in(v));' if lossy else "  return {};",
        "}",
        f"std::string to_string(const {name}& message) {{ return print_message(message); }}",
        "",
    ]
    return "\n".join(lines)


def source(messages: list[Message]) -> str:
    includes = [f'#include "protocol/{header_name(m)}"' for m in messages]
    return "\n".join([
        BANNER,
        *sorted(includes),
        '#include "protocol/codec.h"',
        "",
        "namespace thalweg::protocol {",
        "",
        *[definitions(m) for m in messages],
        "}  // namespace thalweg::protocol",
        "",
    ])

"""C++ that only tests use: gives every field that a version has a value, and lists all messages."""

from __future__ import annotations

from cpp import BANNER, condition, header_name, struct_scope
from naming import snake
from schema import Message, Struct


def _fill(message: Message, struct: Struct, scope: str) -> list[str]:
    lines = [f"void fill(Filler& f, {scope}& m, std::int16_t v) {{"]
    for field in struct.fields:
        if field.private:  # Kafka's classes, which the vectors are made with, have no such field
            continue
        guard = condition(field.versions, struct.used)
        name = snake(field.name)
        nullable = condition(field.nullable, struct.used & field.versions)
        # Kafka's classes do not say in which versions records may be null, so the vectors have none.
        may_be_null = "false" if nullable is None or field.type == "records" else nullable or "true"
        call = f'f.field("{field.name}", m.{name}, v, {may_be_null});'
        lines.append(f"  if ({guard}) {call}" if guard else f"  {call}")
    return [*lines, "}"]


def source(messages: list[Message], number: int) -> str:
    scopes = [(m, s, struct_scope(m, s)) for m in messages for s in [*m.structs.values(), m.root]]
    return "\n".join([
        BANNER,
        *sorted(f'#include "protocol/{header_name(m)}"' for m in messages),
        '#include "protocol/testing/registry_entry.h"',
        "",
        "namespace thalweg::protocol {",
        "",
        *[f"void fill(Filler& f, {scope}& m, std::int16_t v);" for _, _, scope in scopes],
        "",
        *[line for m, s, scope in scopes for line in _fill(m, s, scope)],
        "",
        f"void add_messages_{number}(std::vector<RegistryEntry>& to) {{",
        *[f'  to.push_back(entry<{m.name}>("{m.name}", "{m.kind}"));' for m in messages],
        "}",
        "",
        "}  // namespace thalweg::protocol",
        "",
    ])


def registry(parts: int) -> str:
    return "\n".join([
        BANNER,
        '#include "protocol/testing/registry_entry.h"',
        "",
        "namespace thalweg::protocol {",
        "",
        *[f"void add_messages_{number}(std::vector<RegistryEntry>& to);" for number in range(parts)],
        "",
        "std::span<const RegistryEntry> all_messages() {",
        "  static const std::vector<RegistryEntry> kMessages = [] {",
        "    std::vector<RegistryEntry> all;",
        *[f"    add_messages_{number}(all);" for number in range(parts)],
        "    return all;",
        "  }();",
        "  return kMessages;",
        "}",
        "",
        "}  // namespace thalweg::protocol",
        "",
    ])

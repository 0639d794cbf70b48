"""TypeScript types for the pages: types.gen.ts."""

from __future__ import annotations

from api import Api, Field, Type

BANNER = "// Generated from src/console/schemas by src/console/generator. Do not edit.\n"
_BASICS = {"bool": "boolean", "int32": "number", "int64": "Int64", "float64": "number", "string": "string"}


def _type(of: Type) -> str:
    name = _BASICS.get(of.name, of.name)
    return f"{name}[]" if of.array else name


def _member(field: Field) -> list[str]:
    return [f"  /** {field.sentence} */", f"  {field.name}{'?' if field.type.optional else ''}: {_type(field.type)};"]


def render(api: Api) -> str:
    lines = [BANNER, "/** An integer of 64 bits: a bigint where a number would not hold it exactly. */",
             "export type Int64 = number | bigint;", ""]
    for enum in sorted(api.enums.values(), key=lambda e: e.name):
        lines += [f"/** {enum.sentence} */",
                  f"export type {enum.name} = {' | '.join(repr_ts(value) for value, _ in enum.values)};", ""]
    for struct in api.ordered_structs():
        lines += [f"/** {struct.sentence} */", f"export interface {struct.name} {{"]
        for field in struct.fields:
            lines += _member(field)
        lines += ["}", ""]
    for operation in api.operations:
        if not operation.query:
            continue
        name = "".join(word.capitalize() for word in operation.id.split("_")) + "Query"
        lines += [f"/** Of {operation.method.upper()} /api/v1{operation.path} */", f"export interface {name} {{"]
        for field in operation.query:
            default = f"; {field.default} when it is missing" if field.default else ""
            lines += [f"  /** {field.sentence}{default} */", f"  {field.name}?: {_type(field.type)};"]
        lines += ["}", ""]
    return "\n".join(lines)


def repr_ts(value: str) -> str:
    return f'"{value}"'

"""The OpenAPI 3.1 description, as it is served at /api/v1/openapi.json."""

from __future__ import annotations

import json

from api import ALWAYS_FAILS, BODY_FAILS, RAW, WRITE_FAILS, Api, Field, Operation, Struct, Type

_BASICS = {
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "float64": {"type": "number", "format": "double"},
    "string": {"type": "string"},
}


def _schema(of: Type) -> dict:
    one = dict(_BASICS[of.name]) if of.name in _BASICS else {"$ref": f"#/components/schemas/{of.name}"}
    return {"type": "array", "items": one} if of.array else one


def _struct(struct: Struct) -> dict:
    return {
        "type": "object",
        "description": struct.sentence,
        "required": [f.name for f in struct.fields if not f.type.optional],
        "properties": {f.name: {**_schema(f.type), "description": f.sentence} for f in struct.fields},
    }


def _default(field: Field):
    if field.type.name in ("int32", "int64"):
        return int(field.default)
    return field.default == "true" if field.type.name == "bool" else field.default


def _parameters(operation: Operation) -> list[dict]:
    given = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
             for name in operation.path_parameters]
    for field in operation.query:
        schema = _schema(field.type)
        if field.default is not None:
            schema["default"] = _default(field)
        given.append({"name": field.name, "in": "query", "description": field.sentence, "schema": schema})
    if operation.method != "get":
        given.append({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"},
                      "description": "names this request: asked again with the same key within an hour, it is answered as before and not done again"})
    if operation.planned:
        given.append({"name": "If-Match", "in": "header", "schema": {"type": "string"},
                      "description": "the plan that is carried out, as dry_run=true answered it; *: whatever it is now"})
    return given


def _content(struct: str, media_type: str = "application/json") -> dict:
    return {media_type: {"schema": {"$ref": f"#/components/schemas/{struct}"}}}


def _answer(operation: Operation) -> dict:
    if not operation.answer:
        return {"description": "done"}
    if operation.answer == RAW:
        return {"description": "the bytes", "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    return {"description": "as asked", "content": _content(operation.answer)}


def _operation(operation: Operation) -> dict:
    out: dict = {"operationId": operation.id, "summary": operation.sentence}
    if parameters := _parameters(operation):
        out["parameters"] = parameters
    if operation.body:
        out["requestBody"] = {"required": True, "content": _content(operation.body)}
    out["responses"] = {"200" if operation.answer else "204": _answer(operation)}
    for status in sorted({*ALWAYS_FAILS, *operation.fails, *(BODY_FAILS if operation.body else ()),
                          *(WRITE_FAILS if operation.method != "get" else ())}):
        out["responses"][str(status)] = {"$ref": "#/components/responses/Problem"}
    return out


def render(api: Api) -> str:
    paths: dict = {}
    for operation in api.operations:
        paths.setdefault("/api/v1" + operation.path, {})[operation.method] = _operation(operation)
    schemas = {name: _struct(struct) for name, struct in sorted(api.structs.items())}
    for enum in api.enums.values():
        says = "; ".join(f"{value}: {sentence}" for value, sentence in enum.values)
        schemas[enum.name] = {"type": "string", "description": f"{enum.sentence}. {says}",
                              "enum": [value for value, _ in enum.values]}
    return json.dumps({
        "openapi": "3.1.0",
        "info": {"title": "Thalweg's console", "version": "1",
                 "description": "Integers are exact, those of 64 bits too. Times are milliseconds since 1970, spans "
                                "milliseconds, sizes bytes. Members that you do not know are to be ignored."},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {"Problem": {"description": "why there is no answer",
                                      "content": _content("Problem", "application/problem+json")}},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }, ensure_ascii=True, separators=(",", ":"))

"""How Kafka's names and types become ours: snake_case, strong types, default values."""

from __future__ import annotations

import re

from schema import Field, Message

# What a member cannot be called: words of C++, and names that generated functions use themselves.
_TAKEN = {"operator", "default", "namespace", "register", "delete", "new", "class", "union", "template"}
_TAKEN |= {"r", "w", "p", "v", "tags", "flexible", "each", "lost", "read", "write", "print", "encode", "decode"}


def snake(name: str) -> str:
    name = name.replace("KRaft", "Kraft")
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    return name + "_" if name in _TAKEN else name


_PLAIN = {
    "bool": "bool",
    "int8": "std::int8_t",
    "int16": "std::int16_t",
    "int32": "std::int32_t",
    "int64": "std::int64_t",
    "uint16": "std::uint16_t",
    "uint32": "std::uint32_t",
    "float64": "double",
    "uuid": "Uuid",
    "string": "std::string",
    "bytes": "SharedBytes",
}

_BROKER_NAMES = {"broker_id", "node_id", "leader_id", "replica_id", "controller_id", "voter_id", "voted_id",
                 "candidate_id"}
_BROKER_LISTS = {"isr", "preferred_successors"}
_PARTITION_NAMES = {"partition_index", "partition_id", "partition"}
_PARTITION_LISTS = {"partition_indexes", "partition_ids", "partitions"}
_INDEX_IS_PARTITION = {"ProduceRequest", "ProduceResponse", "FetchSnapshotResponse"}


def api_key(api) -> str:
    """As C++ says it: private keys are numbers beyond Kafka's, and no enumerators."""
    return f"static_cast<ApiKey>({api.key})" if api.private else f"ApiKey::k{api.name}"


def strong_type(message: Message, field: Field) -> str | None:
    """The strong type of a scalar field or of an array's elements; None for a plain integer."""
    name = snake(field.name)
    if field.type == "int32":
        if field.entity == "brokerId" or name in (_BROKER_LISTS if field.array else _BROKER_NAMES):
            return "BrokerId"
        if name in (_PARTITION_LISTS if field.array else _PARTITION_NAMES):
            return "PartitionId"
        if name == "index" and message.name in _INDEX_IS_PARTITION:
            return "PartitionId"
        if not field.array and (name.endswith("leader_epoch") or name == "last_fetched_epoch"):
            return "LeaderEpoch"
    if field.type == "int64":
        if field.entity == "producerId" or name.endswith("producer_id"):
            return "ProducerId"
        if not field.array and (name == "offset" or name.endswith(("_offset", "_watermark"))):
            return "Offset"
    if field.type == "int16" and not field.array:
        if name.endswith("producer_epoch"):
            return "ProducerEpoch"
        if name.endswith("error_code"):
            return "ErrorCode"
    return None


def element_type(message: Message, field: Field) -> str:
    if field.is_struct:
        return field.type
    if field.type == "records":
        return "Pieces" if message.kind == "response" else "SharedBytes"
    return strong_type(message, field) or _PLAIN[field.type]


def is_optional(message: Message, field: Field, used) -> bool:
    return field.type == "records" or bool(field.nullable & field.versions & used)


def cpp_type(message: Message, field: Field, used) -> str:
    base = element_type(message, field)
    if field.array:
        base = f"std::vector<{base}>"
    return f"std::optional<{base}>" if is_optional(message, field, used) else base


def _number(field: Field, text: str) -> str:
    if field.type == "int32" and text == "-2147483648":
        return "-2147483647 - 1"
    if field.type == "float64" and "." not in text:
        return text + ".0"
    return text


def default_value(message: Message, field: Field, used) -> str:
    """An expression of the field's type."""
    optional = is_optional(message, field, used)
    if optional and (field.default == "null" or field.type == "records"):
        return "std::nullopt"
    base = element_type(message, field)
    if field.array:
        return f"std::vector<{base}>()"
    if field.is_struct:
        return f"{base}()"
    if field.type == "string":
        text = "" if field.default in (None, "null") else field.default
        return f'std::string("{text}")' if text else "std::string()"
    if field.type in ("bytes", "uuid"):
        return f"{base}()"
    if field.type == "bool":
        return "true" if field.default == "true" else "false"
    number = _number(field, field.default or "0")
    if base == "ErrorCode":
        return "ErrorCode::kNone" if number == "0" else f"static_cast<ErrorCode>({number})"
    return f"{base}{{{number}}}" if strong_type(message, field) else number


def initializer(message: Message, field: Field, used) -> str:
    """What follows the member's name in the struct; empty when the type starts out right."""
    value = default_value(message, field, used)
    if value == "std::nullopt":
        return ""
    base = element_type(message, field)
    zero = {f"{base}()", f"{base}{{0}}", "std::string()", f"std::vector<{base}>()"}
    if value in zero and not is_optional(message, field, used):
        return ""
    return f" = {value}"


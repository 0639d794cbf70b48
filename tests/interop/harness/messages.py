"""Kafka's messages as plain dictionaries, encoded and decoded by the schemas that the server is generated from.

A dictionary has Kafka's field names. Fields that it leaves out are encoded as the schema's default, and the decoder
leaves out what has its default, so that both sides of a conversation are short to read.
"""

import struct
import sys
import uuid

from . import paths

sys.path.insert(0, str(paths.REPOSITORY / "src" / "protocol" / "generator"))

import schema  # noqa: E402  (found through the path above)

_FIXED = {"bool": ">?", "int8": ">b", "int16": ">h", "int32": ">i", "int64": ">q",
          "uint16": ">H", "uint32": ">I", "float64": ">d"}
_MESSAGES = {m.name: m for m in schema.load(paths.REPOSITORY / "src" / "protocol" / "schemas")}


class Malformed(ValueError):
    """Bytes that are no such message."""


def known() -> dict[str, schema.Message]:
    """Every message, by its name."""
    return _MESSAGES


def api(name: str) -> schema.Api:
    return _MESSAGES[name + "Request"].api


def request_frame(name: str, version: int, body: dict, correlation_id: int, client_id: str = "interop") -> bytes:
    """A whole frame, size and header included. A version beyond the schema's is sent with the newest one's body."""
    message = _MESSAGES[name + "Request"]
    known = min(max(version, message.versions.low), message.versions.high)
    flexible = known in message.flexible
    header = struct.pack(">hhih", message.api.key, version, correlation_id, len(client_id)) + client_id.encode()
    payload = header + (b"\0" if flexible else b"") + _Encoder(message, known).struct(message.root, body)
    return struct.pack(">i", len(payload)) + payload


def header_of(frame: bytes) -> tuple[str, int, int]:
    """API, version and correlation id of a frame; one that has no header is nobody's."""
    if len(frame) < 12:
        return "", 0, 0
    key, version, correlation_id = struct.unpack_from(">hhi", frame, 4)
    return next((m.api.name for m in _MESSAGES.values() if m.api and m.api.key == key), ""), version, correlation_id


def response_body(name: str, version: int, payload: bytes) -> dict:
    """What follows the correlation id of an answer."""
    message = _MESSAGES[name + "Response"]
    decoder = _Decoder(message, version, payload)
    if version in message.flexible and name != "ApiVersions":
        decoder.skip_tags()
    body = decoder.struct(message.root)
    if decoder.at != len(payload):
        raise Malformed(f"{len(payload) - decoder.at} bytes behind the {name} answer")
    return body


def _default(field: schema.Field):
    if field.array:
        return None if field.default == "null" else []
    if field.default == "null":
        return None
    if field.type == "string":
        return field.default or ""
    if field.type in ("bytes", "records"):
        return b""
    if field.type == "uuid":
        return str(uuid.UUID(int=0))
    if field.type == "bool":
        return field.default == "true"
    if field.is_struct:
        return {}
    return float(field.default or 0) if field.type == "float64" else int(field.default or "0", 0)


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


class _Encoder:
    def __init__(self, message: schema.Message, version: int):
        self.message, self.version = message, version
        self.flexible = version in message.flexible

    def struct(self, struct_: schema.Struct, values: dict) -> bytes:
        fields = [f for f in struct_.fields if self.version in f.versions]
        if unknown := values.keys() - {f.name for f in fields}:
            raise Malformed(f"{struct_.name} version {self.version} has no {', '.join(sorted(unknown))}")
        plain = [f for f in fields if f.tag is None]
        out = b"".join(self._field(f, values.get(f.name, _default(f))) for f in plain)
        if not self.flexible:
            return out
        tagged = sorted((f for f in fields if f.tag is not None and f.name in values), key=lambda f: f.tag)
        out += _varint(len(tagged))
        for field in tagged:
            content = self._field(field, values[field.name])
            out += _varint(field.tag) + _varint(len(content)) + content
        return out

    def _field(self, field: schema.Field, value) -> bytes:
        if not field.array:
            return self._one(field, value)
        return self._length(value, ">i") + b"".join(self._one(field, v) for v in value or [])

    def _one(self, field: schema.Field, value) -> bytes:
        if field.type in _FIXED:
            return struct.pack(_FIXED[field.type], value)
        if field.type == "uuid":
            return uuid.UUID(value).bytes
        if field.is_struct:
            mark = b"" if field.array or self.version not in field.nullable else b"\xff" if value is None else b"\1"
            return mark if value is None else mark + self.struct(self.message.structs[field.type], value)
        data = value.encode() if isinstance(value, str) else value
        return self._length(data, ">h" if field.type == "string" else ">i") + (data or b"")

    def _length(self, value, rigid: str) -> bytes:
        length = -1 if value is None else len(value)
        return _varint(length + 1) if self.flexible else struct.pack(rigid, length)


class _Decoder:
    def __init__(self, message: schema.Message, version: int, data: bytes):
        self.message, self.version, self.data, self.at = message, version, data, 0
        self.flexible = version in message.flexible

    def struct(self, struct_: schema.Struct) -> dict:
        fields = [f for f in struct_.fields if self.version in f.versions]
        values = {f.name: self._field(f) for f in fields if f.tag is None}
        if self.flexible:
            tags = {f.tag: f for f in fields if f.tag is not None}
            for tag, end in self._tags():
                if tag not in tags:
                    raise Malformed(f"{struct_.name} version {self.version} has no tag {tag}")
                values[tags[tag].name] = self._field(tags[tag])
                if self.at != end:
                    raise Malformed(f"tag {tag} of {struct_.name} has another size than it says")
        return {f.name: values[f.name] for f in fields if f.name in values and values[f.name] != _default(f)}

    def skip_tags(self) -> None:
        for _, end in self._tags():
            self.at = end

    def _tags(self):
        for _ in range(self._unsigned()):
            tag, size = self._unsigned(), self._unsigned()
            yield tag, self.at + size

    def _field(self, field: schema.Field):
        if not field.array:
            return self._one(field)
        count = self._length(">i")
        return None if count < 0 else [self._one(field) for _ in range(count)]

    def _one(self, field: schema.Field):
        if field.type in _FIXED:
            return self._unpack(_FIXED[field.type])
        if field.type == "uuid":
            return str(uuid.UUID(bytes=self._take(16)))
        if field.is_struct:
            if not field.array and self.version in field.nullable and self._unpack(">b") < 0:
                return None
            return self.struct(self.message.structs[field.type])
        length = self._length(">h" if field.type == "string" else ">i")
        if length < 0:
            return None
        data = self._take(length)
        return data.decode(errors="replace") if field.type == "string" else data

    def _length(self, rigid: str) -> int:
        return self._unsigned() - 1 if self.flexible else self._unpack(rigid)

    def _unsigned(self) -> int:
        value, shift = 0, 0
        while True:
            byte = self._take(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def _unpack(self, layout: str):
        return struct.unpack(layout, self._take(struct.calcsize(layout)))[0]

    def _take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise Malformed("the answer ends too early")
        self.at += count
        return self.data[self.at - count:self.at]

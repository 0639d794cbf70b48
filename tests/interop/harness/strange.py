"""Requests of every API, well formed and without sense: every field is drawn from what is odd, or nearly right. By seed."""

import random
import struct
import uuid

from . import messages

_INTEGERS = {"int8": 7, "int16": 15, "int32": 31, "int64": 63, "uint16": 16, "uint32": 32}
_KEYS_OF_NO_API = (-1, 999, 32767)


class Strange:
    """`names`: topics, groups and clusters that are there, for a request now and then to be understood; `without`: APIs."""

    def __init__(self, seed: int, names: list[str], without: set[str]):
        self._luck, self._names = random.Random(seed), names
        self.apis = sorted({name.removesuffix("Request") for name, message in messages.known().items() if message.kind == "request"} - without)

    def frame(self) -> bytes:
        """One request; one in ten is cut, stretched or has a byte that is another."""
        name = self._luck.choice(self.apis)
        versions = messages.known()[name + "Request"].versions
        version = self._luck.randint(versions.low, versions.high)
        frame = messages.request_frame(name, version, self._body(name, version), self._luck.getrandbits(31))
        return self._harmed(frame) if self._luck.random() < 0.1 else frame

    def _harmed(self, frame: bytes) -> bytes:
        payload = bytearray(frame[4:])
        match self._luck.randrange(4):
            case 0:
                del payload[self._luck.randrange(len(payload)):]
            case 1:
                payload[self._luck.randrange(len(payload))] ^= 1 << self._luck.randrange(8)
            case 2:
                payload += self._luck.randbytes(self._luck.randrange(1, 2000))
            case 3:
                payload[:2] = struct.pack(">h", self._luck.choice(_KEYS_OF_NO_API))
        return struct.pack(">i", len(payload)) + payload

    def _body(self, name: str, version: int) -> dict:
        message = messages.known()[name + "Request"]
        return self._struct(message, message.root, version)

    def _struct(self, message, of, version: int) -> dict:
        return {field.name: self._field(message, field, version) for field in of.fields
                if version in field.versions and (field.tag is None or self._luck.random() < 0.5)}

    def _field(self, message, field, version: int):
        if version in field.nullable and self._luck.random() < 0.15:
            return None
        if not field.array:
            return self._one(message, field, version)
        return [self._one(message, field, version) for _ in range(self._luck.choice((0, 1, 1, 2, 3)))]

    def _one(self, message, field, version: int):
        luck = self._luck
        if field.is_struct:
            return self._struct(message, message.structs[field.type], version)
        match field.type:
            case "bool":
                return luck.random() < 0.5
            case "float64":
                return luck.choice((0.0, -1.0, float("nan"), 1e308))
            case "uuid":
                return luck.choice([str(uuid.UUID(int=0)), str(uuid.UUID(int=1)), str(uuid.UUID(int=luck.getrandbits(128)))])
            case "string":
                return luck.choice([*self._names, "", "nobody", "x" * 300, "a/b", "\x00", "ü" * 100])
            case "bytes" | "records":
                return luck.randbytes(luck.choice((0, 1, 60, 61, 4000)))
        bits = _INTEGERS[field.type]
        low = 0 if field.type.startswith("u") else -(1 << bits)
        return luck.choice((low, max(low, -1), 0, 1, 2, 3, 9, (1 << bits) - 1, luck.randint(low, (1 << bits) - 1)))

"""Reads the schema files (../schemas, grammar in ../schemas/README.md) into Message, Struct and Field values."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import shlex

NEWEST = 32767  # "and later"

SCALARS = ("bool", "int8", "int16", "int32", "int64", "uint16", "uint32", "float64", "uuid")
BASICS = SCALARS + ("string", "bytes", "records")


class SchemaError(Exception):
    """A schema file that breaks the grammar; says where."""


@dataclasses.dataclass(frozen=True)
class Versions:
    """A closed range of versions; empty when low > high."""

    low: int
    high: int

    @staticmethod
    def parse(text: str) -> Versions:
        if text == "none":
            return NONE
        match = re.fullmatch(r"(\d+)(?:(\+)|-(\d+))?", text)
        if not match:
            raise SchemaError(f"bad versions '{text}'")
        low = int(match[1])
        return Versions(low, NEWEST if match[2] else int(match[3]) if match[3] else low)

    def __and__(self, other: Versions) -> Versions:
        both = Versions(max(self.low, other.low), min(self.high, other.high))
        return both if both else NONE

    def __or__(self, other: Versions) -> Versions:
        """The smallest range that holds both."""
        if not self or not other:
            return self or other
        return Versions(min(self.low, other.low), max(self.high, other.high))

    def __contains__(self, version: int) -> bool:
        return self.low <= version <= self.high

    def __bool__(self) -> bool:
        return self.low <= self.high

    def __iter__(self):
        return iter(range(self.low, self.high + 1))

    def covers(self, other: Versions) -> bool:
        return self & other == other


NONE = Versions(0, -1)


@dataclasses.dataclass
class Field:
    name: str
    type: str  # element type for arrays
    array: bool
    versions: Versions
    nullable: Versions
    tag: int | None = None
    default: str | None = None  # as written; None means the type's zero
    ignorable: bool = False
    key: bool = False
    entity: str | None = None
    rigid: bool = False
    secret: bool = False
    private: bool = False  # ours alone; Kafka skips it as a tag that it does not know

    @property
    def is_struct(self) -> bool:
        return self.type not in BASICS


@dataclasses.dataclass
class Struct:
    name: str
    fields: list[Field]
    # Versions of the message in which this struct can appear; set by Message.resolve().
    used: Versions = NONE


@dataclasses.dataclass
class Message:
    name: str
    kind: str  # request response header data record key value
    versions: Versions
    flexible: Versions
    file: str
    api: Api | None = None
    record_type: int | None = None
    log: str | None = None
    root: Struct = None  # type: ignore[assignment]
    structs: dict[str, Struct] = dataclasses.field(default_factory=dict)  # by name, without root

    def resolve(self) -> None:
        """Finds where structs are used, orders them so that each follows what it contains, drops dead fields."""
        self.root.used = self.versions
        pending = [self.root]
        while pending:
            struct = pending.pop()
            for field in struct.fields:
                if not field.is_struct:
                    continue
                if field.type not in self.structs:
                    raise SchemaError(f"{self.file}: {self.name}.{field.name} has unknown type '{field.type}'")
                inner = self.structs[field.type]
                grown = inner.used | (struct.used & field.versions)
                if grown != inner.used:
                    inner.used = grown
                    pending.append(inner)
        ordered: dict[str, Struct] = {}

        def place(struct: Struct, path: tuple[str, ...]) -> None:
            if struct.name in path:
                raise SchemaError(f"{self.file}: {struct.name} contains itself")
            for field in struct.fields:
                if field.is_struct and field.type not in ordered:
                    place(self.structs[field.type], path + (struct.name,))
            if struct is not self.root:
                ordered[struct.name] = struct

        place(self.root, ())
        self.structs = {name: s for name, s in ordered.items() if s.used}
        for struct in [self.root, *self.structs.values()]:
            struct.fields = [f for f in struct.fields if f.versions & struct.used]


@dataclasses.dataclass
class Api:
    name: str
    key: int
    versions: Versions
    advertise: Versions
    flexible: Versions
    listeners: list[str]
    latest_unstable: bool = False
    private: bool = False  # ours: Kafka has no such API, and clients are not told of it


def _parse_field(words: list[str]) -> Field:
    if len(words) < 3:
        raise SchemaError("a field has a name, a type and versions")
    name, type_text, versions_text, *rest = words
    type_text, _, nullable_text = type_text.partition("?")
    versions = Versions.parse(versions_text)
    nullable = NONE
    if words[1].endswith("?"):
        nullable = versions
    elif nullable_text:
        nullable = Versions.parse(nullable_text)
    array = type_text.startswith("[]")
    field = Field(name, type_text.removeprefix("[]"), array, versions, nullable)
    attributes = iter(rest)
    for word in attributes:
        if word == "tag":
            field.tag = int(next(attributes))
        elif word == "default":
            field.default = next(attributes)
        elif word == "entity":
            field.entity = next(attributes)
        elif word in ("ignorable", "key", "private", "rigid", "secret"):
            setattr(field, word, True)
        else:
            raise SchemaError(f"unknown attribute '{word}'")
    return field


class _Parser:
    """One file. Lines are `(depth, words)`; a block is the lines that are deeper than its head."""

    def __init__(self, path: pathlib.Path):
        self.file = path.name
        self.lines: list[tuple[int, int, list[str]]] = []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            words = shlex.split(line, comments=True)
            if not words:
                continue
            indent = len(line) - len(line.lstrip(" "))
            if indent % 2:
                self._fail(number, "indent by two spaces")
            self.lines.append((number, indent // 2, words))
        self.next = 0

    def _fail(self, number: int, why: str) -> None:
        raise SchemaError(f"{self.file}:{number}: {why}")

    def _block(self, depth: int):
        """The following lines at exactly `depth`; callers consume what is deeper."""
        while self.next < len(self.lines):
            number, line_depth, words = self.lines[self.next]
            if line_depth < depth:
                return
            if line_depth > depth:
                self._fail(number, "unexpected indentation")
            self.next += 1
            try:
                yield number, words
            except SchemaError as error:
                self._fail(number, str(error))

    def _fields(self, message: Message, depth: int) -> list[Field]:
        fields = []
        for number, words in self._block(depth):
            try:
                if words[0] == "struct":
                    struct = Struct(words[1], self._fields(message, depth + 1))
                    self._add(message, struct)
                    continue
                field = _parse_field(words)
                fields.append(field)
                if field.is_struct and self._deeper(depth):
                    self._add(message, Struct(field.type, self._fields(message, depth + 1)))
            except (SchemaError, ValueError, StopIteration) as error:
                self._fail(number, str(error) or "value missing")
        return fields

    def _add(self, message: Message, struct: Struct) -> None:
        if struct.name in message.structs:
            raise SchemaError(f"struct {struct.name} defined twice")
        message.structs[struct.name] = struct

    def _deeper(self, depth: int) -> bool:
        return self.next < len(self.lines) and self.lines[self.next][1] > depth

    def parse(self) -> list[Message]:
        messages: list[Message] = []
        head: tuple[str, str] | None = None
        properties: dict[str, str] = {}
        api: Api | None = None
        for number, words in self._block(0):
            if words[0] in ("api", "record", "data", "header"):
                head = (words[0], words[1])
                properties = {w[0]: " ".join(w[1:]) for _, w in self._block(1)}
                api = self._api(number, head[1], properties) if head[0] == "api" else None
                continue
            if head is None or words[0] not in ("request", "response", "key", "value", "fields"):
                self._fail(number, f"unexpected '{words[0]}'")
            own = properties | dict(zip(words[1::2], words[2::2]))
            message = self._message(head, words[0], own, api)
            message.root = Struct(message.name, self._fields(message, 1))
            message.resolve()
            messages.append(message)
        return messages

    def _api(self, number: int, name: str, properties: dict[str, str]) -> Api:
        for required in ("key", "versions", "flexible", "listeners"):
            if required not in properties:
                self._fail(number, f"api without {required}")
        versions = Versions.parse(properties["versions"])
        return Api(
            name=name,
            key=int(properties["key"]),
            versions=versions,
            advertise=Versions.parse(properties.get("advertise", properties["versions"])),
            flexible=Versions.parse(properties["flexible"]),
            listeners=properties["listeners"].split(),
            latest_unstable=properties.get("unstable") == "latest",
            private=properties.get("private") == "yes",
        )

    def _message(self, head: tuple[str, str], section: str, properties: dict[str, str], api: Api | None) -> Message:
        suffix = "" if section == "fields" else section.capitalize()
        return Message(
            name=head[1] + suffix,
            kind=head[0] if section == "fields" else section,
            versions=Versions.parse(properties["versions"]),
            flexible=Versions.parse(properties["flexible"]),
            file=self.file,
            api=api,
            record_type=int(properties["type"]) if "type" in properties else None,
            log=properties.get("log"),
        )


def load(folder: pathlib.Path) -> list[Message]:
    """All messages below `folder`, in a fixed order."""
    messages = []
    for path in sorted(folder.rglob("*.msg")):
        messages += _Parser(path).parse()
    names = [m.name for m in messages]
    doubles = {n for n in names if names.count(n) > 1}
    if doubles:
        raise SchemaError(f"defined twice: {', '.join(sorted(doubles))}")
    return messages

"""Reads the .api files (../schemas, grammar in ../schemas/README.md) into Enum, Struct and Operation values."""

from __future__ import annotations

import dataclasses
import pathlib
import re

BASICS = ("bool", "int32", "int64", "float64", "string")
METHODS = ("get", "post", "patch", "delete")
# In place of an answer's struct: bytes as they are, to be saved as a file.
RAW = "bytes"
# What every operation may answer beside its own: a malformed request, nobody signed in, a server that is not ready.
ALWAYS_FAILS = (400, 401, 403, 503)
# And every one with a body: it is too large, or no JSON by its type.
BODY_FAILS = (413, 415)
WRITE_FAILS = (409, 422, 429)  # a key that is under way, was used for something else, or one too many


class ApiError(Exception):
    """A file that breaks the grammar; says where."""


@dataclasses.dataclass
class Type:
    name: str  # a basic one, or of an enum or struct
    array: bool = False
    optional: bool = False

    @staticmethod
    def parse(text: str) -> Type:
        match = re.fullmatch(r"(\[\])?(\w+)(\?)?", text)
        if not match:
            raise ApiError(f"no type '{text}'")
        return Type(match[2], bool(match[1]), bool(match[3]))


@dataclasses.dataclass
class Field:
    name: str
    type: Type
    sentence: str
    default: str | None = None  # of parameters


@dataclasses.dataclass
class Enum:
    name: str
    sentence: str
    values: list[tuple[str, str]] = dataclasses.field(default_factory=list)  # value, sentence


@dataclasses.dataclass
class Struct:
    name: str
    sentence: str
    fields: list[Field] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Operation:
    method: str
    path: str
    answer: str | None  # a struct, or RAW; None: no content
    sentence: str
    query: list[Field] = dataclasses.field(default_factory=list)
    body: str | None = None
    fails: list[int] = dataclasses.field(default_factory=list)
    planned: bool = False  # `dry_run` answers the plan, and the act carries it

    @property
    def path_parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def id(self) -> str:
        """get_topic_partitions of GET /topics/{topic}/partitions: what a parameter follows loses its plural."""
        words, segments = [self.method], self.path.strip("/").split("/")
        for here, after in zip(segments, [*segments[1:], ""]):
            if not here.startswith("{"):
                words.append((here.removesuffix("s") if after.startswith("{") else here).replace("-", "_"))
        return "_".join(words)


@dataclasses.dataclass
class Api:
    enums: dict[str, Enum] = dataclasses.field(default_factory=dict)
    structs: dict[str, Struct] = dataclasses.field(default_factory=dict)
    operations: list[Operation] = dataclasses.field(default_factory=list)

    def read_structs(self) -> set[str]:
        """Bodies, and what they contain: those that are read."""
        found: set[str] = set()
        left = [operation.body for operation in self.operations]
        while left:
            name = left.pop()
            if name in self.structs and name not in found:
                found.add(name)
                left += [field.type.name for field in self.structs[name].fields]
        return found

    def ordered_structs(self) -> list[Struct]:
        """Each behind what it contains."""
        done: dict[str, Struct] = {}

        def place(struct: Struct, path: tuple[str, ...]) -> None:
            if struct.name in path:
                raise ApiError(f"{struct.name} contains itself")
            for field in struct.fields:
                if field.type.name in self.structs and field.type.name not in done:
                    place(self.structs[field.type.name], (*path, struct.name))
            done[struct.name] = struct

        for name in sorted(self.structs):
            if name not in done:
                place(self.structs[name], ())
        return list(done.values())


_WORD = re.compile(r'"[^"]*"|[^\s"]+')
_PAGE = [("total", "int32", "how many match"), ("from", "int32", "the first one's place among them"),
         ("as_of", "int64", "when this was looked at")]


def _words(line: str) -> list[str]:
    """Without the comment; quoted ones keep their quotes."""
    words = []
    for match in _WORD.finditer(line):
        if match[0].startswith("#"):
            break
        words.append(match[0])
    return words


def _text(word: str) -> str:
    if not (len(word) >= 2 and word.startswith('"') and word.endswith('"')):
        raise ApiError(f"a sentence in quotes is missing, there is {word}")
    return word[1:-1]


class _Reader:
    def __init__(self, api: Api):
        self.api = api
        self.open: Enum | Struct | Operation | None = None

    def head(self, words: list[str]) -> None:
        kind = words[0]
        if kind == "enum" and len(words) == 3:
            self.open = self._add(self.api.enums, Enum(words[1], _text(words[2])))
        elif kind == "struct" and len(words) == 3:
            self.open = self._add(self.api.structs, Struct(words[1], _text(words[2])))
        elif kind == "page" and len(words) == 5 and words[2] == "of":
            self.open = self._add(self.api.structs, Struct(words[1], _text(words[4])))
            self.open.fields = [Field(name, Type(of), sentence) for name, of, sentence in _PAGE]
            self.open.fields.append(Field("items", Type(words[3], array=True), "this page of them"))
        elif kind in METHODS and len(words) == 4 and words[1].startswith("/"):
            self.open = Operation(kind, words[1], None if words[2] == "none" else words[2], _text(words[3]))
            self.api.operations.append(self.open)
        else:
            raise ApiError(f"neither enum, struct, page nor operation: {' '.join(words)}")

    def _add(self, to: dict, item):
        if item.name in self.api.enums or item.name in self.api.structs:
            raise ApiError(f"{item.name} is there twice")
        to[item.name] = item
        return item

    def line(self, words: list[str]) -> None:
        if isinstance(self.open, Enum) and len(words) == 2:
            self.open.values.append((words[0], _text(words[1])))
        elif isinstance(self.open, Struct) and len(words) == 3:
            # What a page adds stands before its items, so that readers of a stream have it first.
            at = next((i for i, f in enumerate(self.open.fields) if f.name == "items"), len(self.open.fields))
            self.open.fields.insert(at, Field(words[0], Type.parse(words[1]), _text(words[2])))
        elif isinstance(self.open, Operation):
            self._of_operation(self.open, words)
        else:
            raise ApiError(f"cannot read: {' '.join(words)}")

    @staticmethod
    def _of_operation(operation: Operation, words: list[str]) -> None:
        if words[0] == "body" and len(words) == 2:
            operation.body = words[1]
        elif words == ["planned"]:
            operation.planned = True
            operation.query.append(Field("dry_run", Type("bool"), "true: nothing is changed, and the answer is the plan", "false"))
            operation.fails += [409, 428]
        elif words[0] == "fails":
            operation.fails += [int(word) for word in words[1:]]
        elif words[0] == "query" and len(words) in (4, 6):
            default = words[4].strip('"') if words[3] == "default" else None
            operation.query.append(Field(words[1], Type.parse(words[2]), _text(words[-1]), default))
        else:
            raise ApiError(f"neither query, body, planned nor fails: {' '.join(words)}")


def _check(api: Api) -> None:
    known = {*BASICS, *api.enums, *api.structs}
    for struct in api.structs.values():
        for field in struct.fields:
            if field.type.name not in known:
                raise ApiError(f"{struct.name}.{field.name}: no type '{field.type.name}'")
    for operation in api.operations:
        if operation.planned and operation.method == "get":
            raise ApiError(f"get {operation.path}: what changes nothing has no plan")
        for name in (operation.answer, operation.body):
            if name is not None and name not in api.structs and not (name == RAW and name is operation.answer):
                raise ApiError(f"{operation.method} {operation.path}: no struct '{name}'")
        for field in operation.query:
            if field.type.array or field.type.name not in {"bool", "int32", "int64", "string", *api.enums}:
                raise ApiError(f"{operation.path}?{field.name}: a parameter is a bool, int32, int64, string or enum")
            if not field.type.optional and field.default is None:
                raise ApiError(f"{operation.path}?{field.name}: optional, or with a default")
    api.ordered_structs()
    ids = [operation.id for operation in api.operations]
    if len(set(ids)) < len(ids):
        raise ApiError(f"two operations have one name: {sorted(ids)}")


def parse(text: str, file: str, api: Api) -> None:
    reader = _Reader(api)
    for number, line in enumerate(text.splitlines(), 1):
        words = _words(line)
        if not words:
            continue
        try:
            if line.startswith("  ") and not line.startswith("   "):
                reader.line(words)
            elif not line.startswith(" "):
                reader.head(words)
            else:
                raise ApiError("indent by two spaces")
        except ApiError as error:
            raise ApiError(f"{file}:{number}: {error}") from None


def load(folder: pathlib.Path) -> Api:
    api = Api()
    for path in sorted(folder.glob("*.api")):
        parse(path.read_text(), path.name, api)
    _check(api)
    return api

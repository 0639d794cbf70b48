#!/usr/bin/env python3
"""Compares our schemas with Apache Kafka's own message definitions, field by field.

    test_reference.py [PATH ...]      folders or jars that hold Kafka's definitions (JSON), newest release first;
                                      default: $THALWEG_KAFKA_MESSAGES, separated by ':'

The jars kafka-clients, kafka-group-coordinator, kafka-transaction-coordinator, kafka-share-coordinator, … carry them
below common/message. A message, and a version of it, is compared with the first place that has it, so an older release
behind a newer one covers what the newer one dropped. What no place covers is listed. Without any place the test is
skipped, with exit code 77.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import sys
import zipfile

import schema
from schema import NONE, Field, Message, Versions

SCHEMAS = pathlib.Path(__file__).resolve().parent.parent / "schemas"
SKIPPED = 77

# What is not on the wire; releases change their minds about it, so only the newest one is asked.
_NOT_ON_THE_WIRE = ("ignorable", "key", "entity")


def _strip_comments(text: str) -> str:
    """JSON without // comments, also those behind a value."""
    out, quoted, index = [], False, 0
    while index < len(text):
        char = text[index]
        if quoted and char == "\\":
            out.append(text[index:index + 2])
            index += 2
            continue
        if char == '"':
            quoted = not quoted
        if not quoted and text.startswith("//", index):
            index = text.find("\n", index)
            if index < 0:
                break
            continue
        out.append(char)
        index += 1
    return "".join(out)


def _definitions(place: pathlib.Path) -> dict[str, dict]:
    """Message name -> definition."""
    texts: list[str] = []
    if place.is_dir():
        jars = sorted(place.rglob("*.jar"))
        texts = [path.read_text() for path in sorted(place.rglob("*.json"))]
    else:
        jars = [place]
    for jar in jars:
        with zipfile.ZipFile(jar) as archive:
            names = [n for n in archive.namelist() if n.endswith(".json") and "message/" in n]
            texts += [archive.read(n).decode() for n in names]
    found = {}
    for text in texts:
        definition = json.loads(_strip_comments(text))
        if definition.get("validVersions", "none") != "none":
            found.setdefault(definition["name"], definition)
    return found


def _default(kind: str, value) -> str:
    """A default in one spelling, whichever way it was written."""
    text = {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    if kind in ("int8", "int16", "int32", "int64", "uint16", "uint32"):
        return str(int(text or "0", 0))
    if kind == "float64":
        return str(float(text or "0"))
    return text.lower() if kind == "bool" else text


def _zero(kind: str) -> str:
    if kind.startswith(("int", "uint")):
        return "0"
    return {"bool": "false", "float64": "0.0"}.get(kind, "")


def _theirs(raw: dict) -> dict:
    """What a field of the reference says, in comparable form."""
    tagged = Versions.parse(raw.get("taggedVersions", "none"))
    versions = Versions.parse(raw["versions"]) if "versions" in raw else tagged
    kind = raw["type"].removeprefix("[]")
    return {
        "type": raw["type"],
        "versions": versions,
        "nullable": Versions.parse(raw.get("nullableVersions", "none")) & versions,
        "tag": int(raw["tag"]) if "tag" in raw else None,
        "tagged": tagged,
        "default": _default(kind if kind == raw["type"] else "array", raw["default"]) if
                   raw.get("default") is not None else  # JSON's null says nothing, the text "null" does
                   _zero(raw["type"]),
        "ignorable": str(raw.get("ignorable", False)).lower() == "true",
        "key": bool(raw.get("mapKey", False)),
        "entity": raw.get("entityType"),
        "rigid": raw.get("flexibleVersions") == "none",
    }


def _ours(field: Field) -> dict:
    kind = ("[]" if field.array else "") + field.type
    return {
        "type": kind,
        "versions": field.versions,
        "nullable": field.nullable & field.versions,
        "tag": field.tag,
        "tagged": field.versions if field.tag is not None else NONE,
        "default": _default("array" if field.array else field.type, field.default) if field.default is not None else
                   _zero(kind),
        "ignorable": field.ignorable,
        "key": field.key,
        "entity": field.entity,
        "rigid": field.rigid,
    }


def _show(value) -> str:
    if isinstance(value, Versions):
        return "none" if not value else f"{value.low}-{'' if value.high == schema.NEWEST else value.high}"
    return repr(value)


class _Comparison:
    """One message of ours against one definition, for the versions that both have."""

    def __init__(self, message: Message, definition: dict, versions: Versions, newest: bool):
        self.message = message
        self.newest = newest
        self.versions = versions
        self.common = {s["name"]: s for s in definition.get("commonStructs", [])}
        self.definition = definition
        self.problems: list[str] = []
        self.fields = 0

    def run(self) -> None:
        self._property("flexible", self.message.flexible & self.versions,
                       Versions.parse(self.definition.get("flexibleVersions", "none")) & self.versions)
        if "apiKey" in self.definition:
            ours = self.message.api.key if self.message.api else self.message.record_type
            self._property("key", ours, self.definition["apiKey"])
        if self.message.kind == "request":
            listeners = sorted(set(self.definition["listeners"]) - {"zkBroker"})
            if self.newest:
                self._property("listeners", sorted(self.message.api.listeners), listeners)
                self._property("unstable", self.message.api.latest_unstable,
                               str(self.definition.get("latestVersionUnstable", False)).lower() == "true")
        self._struct(self.message.name, self.message.root, self.definition.get("fields", []), self.versions)

    def _property(self, what: str, ours, theirs) -> None:
        if ours != theirs:
            self.problems.append(f"{self.message.name}: {what} is {_show(ours)}, Kafka says {_show(theirs)}")

    def _struct(self, path: str, struct: schema.Struct, raw_fields: list[dict], possible: Versions) -> None:
        ours = [f for f in struct.fields if f.versions & possible and not f.private]
        theirs = [(raw, _theirs(raw)) for raw in raw_fields]
        theirs = [(raw, t) for raw, t in theirs if t["versions"] & possible]
        names, their_names = [f.name for f in ours], [raw["name"] for raw, _ in theirs]
        if names != their_names:
            self.problems.append(f"{path}: fields are {', '.join(names)}; Kafka has {', '.join(their_names)}")
            return
        for field, (raw, expected) in zip(ours, theirs):
            self._field(f"{path}.{field.name}", field, raw, expected, possible)

    def _field(self, path: str, field: Field, raw: dict, expected: dict, possible: Versions) -> None:
        self.fields += 1
        got = _ours(field)
        for what, value in expected.items():
            if what in _NOT_ON_THE_WIRE and not self.newest:
                continue
            ours = got[what]
            if isinstance(value, Versions):
                ours, value = ours & possible, value & possible
            if ours != value:
                self.problems.append(f"{path}: {what} is {_show(ours)}, Kafka says {_show(value)}")
        if field.is_struct and field.type in self.message.structs:
            inner = raw.get("fields") or self.common.get(field.type, {}).get("fields") or self._elsewhere(field.type)
            self._struct(path, self.message.structs[field.type], inner, possible & field.versions)

    def _elsewhere(self, name: str) -> list[dict]:
        """The fields of a struct that another field of the message defines."""

        def find(raw_fields: list[dict]) -> list[dict]:
            for raw in raw_fields:
                if raw["type"].removeprefix("[]") == name and raw.get("fields"):
                    return raw["fields"]
                if inner := find(raw.get("fields", [])):
                    return inner
            return []

        return find(self.definition["fields"]) or next(
            (found for s in self.common.values() if (found := find(s["fields"]))), [])


def compare(messages: list[Message], places: list[dict[str, dict]]) -> tuple[list[str], list[str], int, int]:
    """Problems, versions that no place covers, versions and fields that were compared."""
    problems, uncovered, versions, fields = [], [], 0, 0
    for message in messages:
        if message.api and message.api.private:
            continue
        left = set(message.versions)
        for place in places:
            definition = place.get(message.name)
            valid = Versions.parse(definition["validVersions"]) & message.versions if definition else NONE
            fresh = Versions(min(left & set(valid), default=0), max(left & set(valid), default=-1))
            if not fresh:
                continue
            # What an older release says about a version wins only where the newer one has no such version.
            comparison = _Comparison(message, definition, fresh, newest=left == set(message.versions))
            comparison.run()
            problems += comparison.problems
            fields += comparison.fields
            versions += len(left & set(fresh))
            left -= set(fresh)
        uncovered += [f"{message.name} {version}" for version in sorted(left)]
    newest = places[0]
    ours = {m.name for m in messages}
    problems += [f"{name}: Kafka has it, we do not" for name in sorted(newest) if name not in ours]
    return problems, uncovered, versions, fields


def main() -> int:
    paths = sys.argv[1:] or [p for p in os.environ.get("THALWEG_KAFKA_MESSAGES", "").split(":") if p]
    if not paths:
        print("skipped: no Kafka definitions given (THALWEG_KAFKA_MESSAGES or arguments)")
        return SKIPPED
    places = [_definitions(pathlib.Path(p)) for p in paths]
    if not any(places):
        print(f"skipped: no definitions in {', '.join(paths)}")
        return SKIPPED
    problems, uncovered, versions, fields = compare(schema.load(SCHEMAS), places)
    for problem in problems:
        print(problem)
    if uncovered:
        print(f"not compared, no definition has them: {', '.join(uncovered)}")
    print(f"{versions} versions compared ({fields} fields), {len(uncovered)} not covered, {len(problems)} differences")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

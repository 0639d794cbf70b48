#!/usr/bin/env python3
"""Writes the C++ of all messages.

    generate.py --schemas DIR --out DIR          writes what changed
    generate.py --schemas DIR --out DIR --list   prints the files that it would write, one a line
"""

from __future__ import annotations

import argparse
import pathlib
import sys

import cpp
import cpp_api
import cpp_fill
import schema

# Messages in one source file: few enough to spread over cores, many enough to include the common headers rarely.
PER_SOURCE = 24

# What travels with records, and what clients send all the time: compiled for speed, in a source of their own. The rest is
# compiled for size (protocol.cmake).
HOT = {"RequestHeader", "ResponseHeader", "ProduceRequest", "ProduceResponse", "FetchRequest", "FetchResponse", "OffsetCommitRequest",
       "OffsetCommitResponse", "OffsetCommitKey", "OffsetCommitValue", "HeartbeatRequest", "HeartbeatResponse", "MetadataRequest",
       "MetadataResponse", "ListOffsetsRequest", "ListOffsetsResponse"}


def outputs(messages: list[schema.Message]) -> dict[str, str]:
    """File name -> content."""
    apis = sorted({m.api.key: m.api for m in messages if m.api}.values(), key=lambda a: a.key)
    files = {f"protocol/{cpp.header_name(m)}": cpp.header(m) for m in messages}
    files["protocol/api_key.h"] = cpp_api.key_header(apis)
    files["protocol/api_table.cc"] = cpp_api.table_source(apis)
    kafkas = [m for m in messages if not (m.api and m.api.private)]
    parts = [kafkas[first:first + PER_SOURCE] for first in range(0, len(kafkas), PER_SOURCE)]
    parts.append([m for m in messages if m.api and m.api.private])
    for number, part in enumerate(parts):
        files[f"protocol/messages_{number:02}.cc"] = cpp.source([m for m in part if m.name not in HOT])
        files[f"testing/fill_{number:02}.cc"] = cpp_fill.source(part, number)
    files["protocol/messages_hot.cc"] = cpp.source([m for m in messages if m.name in HOT])
    files["testing/registry.cc"] = cpp_fill.registry(len(parts))
    return files


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--schemas", type=pathlib.Path, required=True)
    arguments.add_argument("--out", type=pathlib.Path, required=True)
    arguments.add_argument("--list", action="store_true")
    options = arguments.parse_args()
    try:
        files = outputs(schema.load(options.schemas))
    except schema.SchemaError as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 1
    for name, content in files.items():
        path = options.out / name
        if options.list:
            print(path)
        elif not path.exists() or path.read_text() != content:
            # Unchanged files keep their time, so that a change to one schema compiles one source again.
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())

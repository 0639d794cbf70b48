#!/usr/bin/env python3
"""Makes what the console's API is, of ../schemas.

    generate.py --cpp FOLDER           console/api_types.h and console/api_types.cc below FOLDER
    generate.py --typescript FILE      types for the pages
    generate.py --openapi FILE         the description that is served

A file that would not change is left as it is.
"""

from __future__ import annotations

import argparse
import pathlib
import sys

import api
import cpp
import openapi
import typescript

SCHEMAS = pathlib.Path(__file__).resolve().parent.parent / "schemas"


def _write(path: pathlib.Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schemas", type=pathlib.Path, default=SCHEMAS)
    for option in ("cpp", "typescript", "openapi"):
        parser.add_argument(f"--{option}", type=pathlib.Path)
    arguments = parser.parse_args()
    try:
        made = api.load(arguments.schemas)
    except api.ApiError as error:
        print(error, file=sys.stderr)
        return 1
    described = openapi.render(made)
    if arguments.cpp:
        _write(arguments.cpp / "console" / "api_types.h", cpp.header(made))
        _write(arguments.cpp / "console" / "api_types.cc", cpp.source(made, described))
    if arguments.typescript:
        _write(arguments.typescript, typescript.render(made))
    if arguments.openapi:
        _write(arguments.openapi, described)
    return 0


if __name__ == "__main__":
    sys.exit(main())

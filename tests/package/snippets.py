#!/usr/bin/env python3
"""Writes the C++ of each page of docs/client into a source of its own: snippets.py PAGES_FOLDER OUT_FOLDER. Prints their names."""
import pathlib
import re
import sys

pages, out = map(pathlib.Path, sys.argv[1:])
for page in sorted(pages.glob("*.md")):
    blocks = re.findall(r"^```cpp\n(.*?)^```", page.read_text(), re.M | re.S)
    if blocks:
        source = out / f"{page.stem}.cc"
        source.write_text("\n".join(blocks))
        print(source)

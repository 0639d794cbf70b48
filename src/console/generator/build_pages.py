#!/usr/bin/env python3
"""Builds the pages of web/ for CMake: installs what they need if that has changed, and writes OUT/assets.c.

    build_pages.py --web FOLDER --out FOLDER --without FILE --mode AUTO|ON

AUTO: where there is no Node, no npm or no registry, OUT/assets.c is a copy of --without, and one line says why. What is
wrong with the pages themselves is an error in either mode.
"""

from __future__ import annotations

import argparse
import hashlib
import pathlib
import re
import shutil
import subprocess
import sys

NODE_MIN = 18
_STAMP = "node_modules/.installed_lock"  # what of package-lock.json is installed


class Missing(Exception):
    """What the pages cannot be built without, and how to get it."""


def check_node() -> str:
    node = shutil.which("node") or shutil.which("nodejs")
    if not node or not shutil.which("npm"):
        raise Missing(f"there is no Node {NODE_MIN} or newer with npm (apt-get install nodejs npm)")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    major = re.match(r"v(\d+)\.", version)
    if not major or int(major[1]) < NODE_MIN:
        raise Missing(f"Node {NODE_MIN} or newer is needed, and {node} is {version or 'none'}")
    return node


def install(web: pathlib.Path) -> None:
    lock = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    stamp = web / _STAMP
    if stamp.exists() and stamp.read_text() == lock:
        return
    done = subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=web, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no reason was given"]
        raise Missing(f"npm ci failed in {web}: {last[0]}")
    stamp.write_text(lock)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ("web", "out", "without"):
        parser.add_argument(f"--{option}", type=pathlib.Path, required=True)
    parser.add_argument("--mode", choices=("AUTO", "ON"), required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    assets = arguments.out / "assets.c"
    try:
        node = check_node()
        install(arguments.web)
    except Missing as missing:
        if arguments.mode == "ON":
            print(f"console: {missing}", file=sys.stderr)
            return 1
        print(f"console: built without its pages: {missing}", file=sys.stderr)
        assets.write_text(arguments.without.read_text())
        return 0
    return subprocess.run([node, "build.mjs", "--out", str(arguments.out)], cwd=arguments.web, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

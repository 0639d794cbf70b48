"""Programs for Node that look at the console with Chromium, in web/test/bench: one JSON object a line on standard output."""

import json
import shutil
import subprocess
from collections.abc import Iterator

from harness.outcome import Failure, Skip
from harness.paths import REPOSITORY

_WEB = REPOSITORY / "web"


def look(program: str, *arguments: object) -> Iterator[dict]:
    """What it prints, as it comes. A Skip where this machine has no browser for it."""
    if not shutil.which("node") or not (_WEB / "node_modules" / "playwright-core").exists():
        raise Skip("no Node with the packages of web/: npm ci in web")
    with subprocess.Popen(["node", str(_WEB / "test" / "bench" / program), *map(str, arguments)], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode:
        raise Failure(f"{program} ended with {process.returncode}")

#!/usr/bin/env python3
"""The console's pages: their types, what node tests of their parts, and what a browser sees of them.

usage: run_web_tests.py [unit] [e2e]      both without a name; e2e needs chromium, and build/release/bin/thalweg for a part of it
Prints what node prints, which tests took longest, and last `N passed, N failed`.
"""
import pathlib
import re
import subprocess
import sys

WEB = pathlib.Path(__file__).resolve().parents[1] / "web"
COUNTS = re.compile(r"^(?:#|ℹ) (pass|fail|cancelled|skipped) (\d+)", re.M)
# A test's line in the output of node, and how long it took.
TIMED = re.compile(r"^ *ok \d+ - ([^\n]*)\n *---\n *duration_ms: ([\d.]+)", re.M)
LIMIT_SECONDS = {"ci": 300, "check": 180, "unit": 300, "e2e": 900}


def npm(name: str, *arguments: str) -> tuple[int, str]:
    """Its exit code and output; the output is shown as well."""
    try:
        done = subprocess.run(["npm", *arguments], cwd=WEB, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=LIMIT_SECONDS[name])
        code, output = done.returncode, done.stdout
    except subprocess.TimeoutExpired as e:
        code, output = 124, (e.stdout or b"").decode(errors="replace") + f"\nnpm {' '.join(arguments)} did not end within {LIMIT_SECONDS[name]} s"
    print(output, flush=True)
    return code, output


def main() -> int:
    passed = failed = skipped = 0

    def whole(name: str, *arguments: str) -> bool:
        """A command that passes or fails as one."""
        nonlocal passed, failed
        good = npm(name, *arguments)[0] == 0
        passed, failed = passed + good, failed + (not good)
        print(f"{'PASS' if good else 'FAIL'} npm {' '.join(arguments)}", flush=True)
        return good

    if whole("ci", "ci", "--ignore-scripts") and whole("check", "run", "check"):
        for kind in sys.argv[1:] or ["unit", "e2e"]:
            code, output = npm(kind, "run", "test" if kind == "unit" else kind)
            counts = {name: int(number) for name, number in COUNTS.findall(output)}
            bad = counts.get("fail", 0) + counts.get("cancelled", 0)
            passed, skipped = passed + counts.get("pass", 0), skipped + counts.get("skipped", 0)
            failed += bad or (code != 0) or (counts.get("pass", 0) == 0)
            for name, milliseconds in sorted(TIMED.findall(output), key=lambda timed: -float(timed[1]))[:10]:
                print(f"ok   {kind}: {name}  {float(milliseconds) / 1000:.1f} s")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

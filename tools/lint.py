#!/usr/bin/env python3
"""House rules that a compiler does not check. Prints file:line: rule; last `N passed, N failed` (files)."""
import pathlib
import re
import subprocess
import sys

RULES = [
    # name, pattern, which files (module, file) -> bool, why
    ("clock", re.compile(r"(steady_clock|system_clock|high_resolution_clock)::now"),
     lambda m, f: m not in {"platform"} and f != "src/base/log.cc", "time comes from Clock or as an argument"),
    ("thread", re.compile(r"std::(thread|jthread|mutex|async|random_device)\b"),
     lambda m, f: m != "platform", "only platform has threads and entropy"),
    ("seam", re.compile(r"is_simulated"), lambda m, f: True, "nobody asks which world it runs in"),
    ("asio", re.compile(r"#include <boost/asio"),
     lambda m, f: m not in {"runtime", "platform", "sim"}, "Asio only through runtime"),
    ("sleep", re.compile(r"this_thread::sleep|\busleep\(|(^|[^_\w.])sleep\(\d"), lambda m, f: True, "time is moved by hand, never slept"),
    ("mark", re.compile(r"\b(TODO|FIXME|XXX)\b"), lambda m, f: True, "finish it or say so in docs"),
]


# What pages point at: links to files, and paths in code spans that begin with a folder of ours.
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
SPAN = re.compile(r"`((?:src|apps|tests|tools|cmake|docs|examples|packaging)/[^`\s…]*)`")


def broken_paths(page: pathlib.Path, line: str) -> list[str]:
    links = [page.parent / target for target in LINK.findall(line)]
    # NN_name.cc and the like are patterns for the reader, not paths.
    spans = [span for span in SPAN.findall(line) if not re.search(r"NN_|NAME|MODULE", span)]
    return [str(t) for t in links if not t.exists()] + [s for s in spans if not any(pathlib.Path().glob(s.rstrip("/")))]


def main() -> int:
    files = subprocess.run(["git", "ls-files", "src/*.cc", "src/*.h", "apps/*.cc", "apps/*.h"], capture_output=True,
                           text=True, check=True).stdout.split()
    bad_files = set()
    for name in files:
        module = name.split("/")[1] if name.startswith("src/") else "apps"
        is_test = name.endswith(("_test.cc", "_bench.cc", "testing.h"))
        for number, line in enumerate(pathlib.Path(name).read_text().splitlines(), 1):
            code = line.split("//")[0]
            for rule, pattern, applies, why in RULES:
                if is_test and rule in {"thread", "clock", "asio"}:
                    continue
                if applies(module, name) and pattern.search(line if rule == "mark" else code):
                    print(f"{name}:{number}: {rule}: {why}")
                    bad_files.add(name)
    pages = subprocess.run(["git", "ls-files", "*.md"], capture_output=True, text=True, check=True).stdout.split()
    for name in pages:
        for number, line in enumerate(pathlib.Path(name).read_text().splitlines(), 1):
            for path in broken_paths(pathlib.Path(name), line):
                print(f"{name}:{number}: path: there is no {path}")
                bad_files.add(name)
    files += pages
    print(f"{len(files) - len(bad_files)} passed, {len(bad_files)} failed")
    return 1 if bad_files else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""House rules that a compiler does not check. Prints file:line: rule; last `N passed, N failed` (files)."""
import pathlib
import re
import subprocess
import sys

# Where a machine meets its host: who includes those headers compiles all of it again, ten seconds or twenty.
HOSTS = {"src/broker/group_shard.h", "src/broker/group_shard.cc", "src/broker/group_coordinator.cc", "src/broker/transaction_shard.h",
         "src/broker/transaction_shard.cc", "src/broker/transaction_coordinator.cc", "src/schema_registry/registry_service.cc"}

RULES = [
    # name, pattern, which files (module, file) -> bool, why
    ("clock", re.compile(r"(steady_clock|system_clock|high_resolution_clock)::now"),
     lambda m, f: m not in {"platform", "client", "streams"} and f != "src/base/log.cc", "time comes from Clock or as an argument"),
    ("thread", re.compile(r"std::(thread|jthread|mutex|async|random_device)\b"),
     lambda m, f: m not in {"platform", "client", "streams"}, "only platform has threads and entropy, and the toolkit threads"),
    ("seam", re.compile(r"is_simulated"), lambda m, f: True, "nobody asks which world it runs in"),
    ("asio", re.compile(r"#include <boost/asio"),
     lambda m, f: m not in {"runtime", "platform", "sim"}, "Asio only through runtime"),
    ("beast", re.compile(r"#include <boost/beast"),
     lambda m, f: f != "src/http/message_reader.h", "one file reads HTTP, for two that include it; the header costs seconds"),
    ("host", re.compile(r'#include "(coordinator/coordinator|broker/group_shard|broker/transaction_shard)\.h"'),
     lambda m, f: m != "coordinator" and f not in HOSTS and not f.endswith("_test.cc"), "a coordinator's host is compiled in one file for each; ask its service"),
    ("sleep", re.compile(r"this_thread::sleep|\busleep\(|(^|[^_\w.])sleep\(\d"), lambda m, f: True, "time is moved by hand, never slept"),
    ("mark", re.compile(r"\b(TODO|FIXME|XXX)\b"), lambda m, f: True, "finish it or say so in docs"),
]

# Below the purity line: what would bring the outside world in, by its header or by its name. The compiler stops `runtime`
# there (cmake/modules.cmake); this stops the library's and the system's own.
OUTSIDE = [
    # what, headers, names
    ("a file", r"fstream|filesystem|fcntl\.h|dirent\.h|sys/(stat|file|mman|uio|sendfile|statvfs)\.h",
     r"std::(filesystem|[io]?fstream)\b|\bf?open\(\"|(?<![\w>])::(open|read|write|fsync|rename|unlink)\("),
    ("a socket", r"sys/socket\.h|netdb\.h|netinet/.*|arpa/.*|poll\.h|sys/(epoll|select|un)\.h",
     r"(?<![\w>])::(socket|bind|listen|accept|connect|getaddrinfo)\("),
    ("a clock", r"ctime|time\.h|sys/time\.h|fmt/chrono\.h",
     r"\b(steady|system|high_resolution)_clock\b|(?<![\w>])::(clock_gettime|gettimeofday|time)\("),
    ("a thread", r"thread|mutex|shared_mutex|atomic|condition_variable|future|semaphore|latch|barrier|stop_token|pthread\.h|csignal",
     r"std::(thread|jthread|mutex|atomic|async|future|promise)\b|\bthread_local\b"),
    ("entropy", r"random|sys/random\.h", r"std::(random_device|mt19937)|(?<![\w>])::(getrandom|rand)\("),
    ("the process", r"cstdio|stdio\.h|iostream|cstdlib|unistd\.h|sys/.*", r"std::(cout|cerr|getenv|system)\b"),
]
OUTSIDE = [(what, re.compile(rf"#include <({headers})>"), re.compile(names)) for what, headers, names in OUTSIDE]
MAY_REACH_OUT = {
    "src/base/log.cc": "log lines have a date and leave by standard error",
    "src/base/check.cc": "says what is wrong on standard error and ends the process",
    "src/config/listeners.cc": "arpa/inet.h reads the text of an address, nothing else",
}
# Above the line without `runtime`: it stands on librdkafka, which has threads and sockets of its own.
ABOVE_ANYWAY = {"client", "streams"}
MODULE = re.compile(r"^module\((\w+)([^)]*)\)", re.M)


def modules_below_the_line(cmake: str) -> set[str]:
    """Those that neither are `runtime` nor see it, by their lines in CMake; without the exceptions."""
    declared = {name: rest.partition("TEST_DEPENDS")[0].split() for name, rest in MODULE.findall(cmake)}
    return {name for name, words in declared.items() if name != "runtime" and "runtime" not in words} - ABOVE_ANYWAY


# What pages point at: links to files, and paths in code spans that begin with a folder of ours.
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
SPAN = re.compile(r"`((?:src|apps|tests|tools|cmake|docs|examples|packaging)/[^`\s…]*)`")


def broken_paths(page: pathlib.Path, line: str) -> list[str]:
    links = [page.parent / target for target in LINK.findall(line)]
    # NN_name.cc and the like are patterns for the reader, not paths.
    spans = [span for span in SPAN.findall(line) if not re.search(r"NN_|NAME|MODULE", span)]
    return [str(t) for t in links if not t.exists()] + [s for s in spans if not any(pathlib.Path().glob(s.rstrip("/")))]


def breaches(name: str, text: str, below: set[str]) -> list[str]:
    """What a source does against the rules, as "line: rule: why"."""
    module = name.split("/")[1] if name.startswith("src/") else "apps"
    file = name.rsplit("/", 1)[-1]
    is_test = file.endswith(("_test.cc", "_bench.cc", "_fuzz.cc", "testing.h")) or file.startswith("testing_")
    pure = module in below and not is_test and name not in MAY_REACH_OUT
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split("//")[0]
        for rule, pattern, applies, why in RULES:
            if is_test and rule in {"thread", "clock", "asio"}:
                continue
            if applies(module, name) and pattern.search(line if rule == "mark" else code):
                found.append(f"{number}: {rule}: {why}")
        outside = next((what for what, *rules in OUTSIDE if any(rule.search(code) for rule in rules)), None)
        if pure and outside:
            found.append(f"{number}: purity: {outside} is above the purity line")
    return found


def main() -> int:
    files = subprocess.run(["git", "ls-files", "src/*.cc", "src/*.h", "apps/*.cc", "apps/*.h"], capture_output=True,
                           text=True, check=True).stdout.split()
    below = modules_below_the_line("".join(p.read_text() for p in [*pathlib.Path("cmake").glob("*.cmake"),
                                                                   *pathlib.Path("src").glob("*/*.cmake")]))
    bad_files = set()
    for name in files:
        for breach in breaches(name, pathlib.Path(name).read_text(), below):
            print(f"{name}:{breach}")
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

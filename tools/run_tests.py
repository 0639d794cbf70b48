#!/usr/bin/env python3
"""Runs the unit test programs of a build, one on each processor, and counts tests.

usage: run_tests.py --build build/dev [MODULE ...]
Prints a line per program, the output of those that failed, and last `N passed, N failed`.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time

# Tests that stand on a library's own timers: librdkafka's broker in memory waits three seconds for the members of a group. They
# take no processor time, so their parts run beside all the rest, and each is as long as its longest test.
WAITING = {"client_test": 16}
# Begun first, so that none of them runs alone at the end.
LONG = ("raft_test", "broker_test", "console_test", "search_test")
PASSED = re.compile(r"\[  PASSED  \] (\d+) tests?")
FAILED = re.compile(r"\[  FAILED  \] (\d+) tests?, listed below")


def run(program: pathlib.Path, timeout: int, shard: int = 0, shards: int = 1) -> tuple[pathlib.Path, int, int, float, str]:
    start = time.monotonic()
    environment = dict(os.environ, GTEST_TOTAL_SHARDS=str(shards), GTEST_SHARD_INDEX=str(shard))
    environment.setdefault("ASAN_SYMBOLIZER_PATH", "/usr/bin/llvm-symbolizer-19")
    environment.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    try:
        done = subprocess.run([program, "--gtest_color=no"], capture_output=True, text=True, timeout=timeout,
                              errors="replace", env=environment)
        output, code = done.stdout + done.stderr, done.returncode
    except subprocess.TimeoutExpired as e:
        output, code = (e.stdout or b"").decode(errors="replace") + f"\ntimed out after {timeout} s", 124
    passed = sum(int(n) for n in PASSED.findall(output))
    failed = sum(int(n) for n in FAILED.findall(output))
    if code != 0 and failed == 0:
        failed = 1  # crashed, timed out, or a sanitizer's report
    if code == 0 and passed == 0 and failed == 0:
        failed, output = 1, output + "\nran no test"
    return program, passed, failed, time.monotonic() - start, output


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--timeout", type=int, default=900, help="seconds for one program")
    parser.add_argument("modules", nargs="*")
    args = parser.parse_args()
    programs = sorted((args.build / "bin").glob("*_test"))
    if args.modules:
        for module in sorted(set(args.modules) - {p.name.removesuffix("_test") for p in programs}):
            print(f"module {module} has no test program in {args.build}/bin")
        programs = [p for p in programs if p.name.removesuffix("_test") in args.modules]
    if not programs:
        print(f"no test programs in {args.build}/bin")
        print("0 passed, 1 failed")
        return 1
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool, \
            concurrent.futures.ThreadPoolExecutor(max_workers=max(WAITING.values())) as aside:
        ended = concurrent.futures.as_completed([*parts_of(programs, args.timeout, aside), *whole(programs, args.timeout, pool)])
        for program, good, bad, seconds, output in (part.result() for part in ended):
            passed, failed = passed + good, failed + bad
            print(f"{'FAIL' if bad else 'ok  '} {program.name:24} {good:5} passed {bad:3} failed {seconds:7.1f} s", flush=True)
            if bad:
                print(output, flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def parts_of(programs: list[pathlib.Path], timeout: int, pool: concurrent.futures.Executor) -> list[concurrent.futures.Future]:
    return [pool.submit(run, program, timeout, shard, WAITING[program.name])
            for program in programs if program.name in WAITING for shard in range(WAITING[program.name])]


def whole(programs: list[pathlib.Path], timeout: int, pool: concurrent.futures.Executor) -> list[concurrent.futures.Future]:
    rest = [program for program in programs if program.name not in WAITING]
    return [pool.submit(run, program, timeout) for program in sorted(rest, key=lambda p: LONG.index(p.name) if p.name in LONG else len(LONG))]


if __name__ == "__main__":
    sys.exit(main())

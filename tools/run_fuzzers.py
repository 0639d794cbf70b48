#!/usr/bin/env python3
"""Runs every libFuzzer target of a build for some seconds each, one on each processor.

usage: run_fuzzers.py --build build/asan --seconds 60 [--seed N]
Seconds are of processor time, so that as much is tried while others have the processors. Each target starts from its corpus
beside the code (testdata/fuzz/NAME, where there is one) and keeps what it finds under the build folder. With a seed the dice fall
the same way each time, so that what fails is the change at hand; without one, every run looks elsewhere. Prints a line per target and last `N passed, N failed`.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

# As long as this times what a target was given it may wait for a processor.
PATIENCE = 60


def run(target: pathlib.Path, args: argparse.Namespace) -> tuple[pathlib.Path, int, str | None]:
    """The target, how many inputs it was given at least, and what it said if it failed."""
    corpus = args.build / "corpus" / target.name
    corpus.mkdir(parents=True, exist_ok=True)
    seeds = [str(p) for p in pathlib.Path("src").glob(f"*/testdata/fuzz/{target.name}")]
    with open(corpus.parent / f"{target.name}.log", "w+", errors="replace") as said:
        fuzzer = subprocess.Popen(
            [target, f"-max_total_time={args.seconds * PATIENCE}", f"-seed={args.seed}", "-rss_limit_mb=2048", "-timeout=10",
             f"-artifact_prefix={corpus}/", corpus, *seeds], stdout=said, stderr=said)
        while fuzzer.poll() is None and seconds_taken(fuzzer.pid) < args.seconds:
            time.sleep(0.2)
        if fuzzer.poll() is None:
            fuzzer.send_signal(signal.SIGUSR1)  # asks for an end after the input at hand
        fuzzer.wait()
        said.seek(0)
        report = said.read()
    runs = re.findall(r"^#(\d+)\t", report, re.M)
    count = int(runs[-1]) if runs else 0
    return target, count, None if fuzzer.returncode == 0 and count > 0 else report[-6000:]


def seconds_taken(pid: int) -> float:
    """Processor time of a process so far; of one that has ended, 0."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=int, default=60, help="of processor time for each")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of inputs (default: another one each time)")
    args = parser.parse_args()
    targets = sorted((args.build / "bin").glob("*_fuzz"))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for target, runs, report in pool.map(lambda target: run(target, args), targets):
            failed += report is not None
            print(f"{'ok  ' if report is None else 'FAIL'} {target.name:32} {runs} runs", flush=True)
            if report is not None:
                print(report, flush=True)
    print(f"{len(targets) - failed} passed, {failed} failed")
    return 1 if failed or not targets else 0


if __name__ == "__main__":
    sys.exit(main())

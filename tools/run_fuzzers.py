#!/usr/bin/env python3
"""Runs every libFuzzer target of a build for some seconds each, one on each processor.

usage: run_fuzzers.py --build build/asan --seconds 60 [--seed N]
Each target starts from its corpus beside the code (testdata/fuzz/NAME, where there is one) and keeps what it finds under the
build folder. With a seed the dice fall the same way each time, so that what fails is the change at hand; without one, every run
looks elsewhere. Prints a line per target and last `N passed, N failed`.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys


def run(target: pathlib.Path, args: argparse.Namespace) -> tuple[pathlib.Path, int, str | None]:
    """The target, how many inputs it was given, and what it said if it failed."""
    corpus = args.build / "corpus" / target.name
    corpus.mkdir(parents=True, exist_ok=True)
    seeds = [str(p) for p in pathlib.Path("src").glob(f"*/testdata/fuzz/{target.name}")]
    done = subprocess.run(
        [target, f"-max_total_time={args.seconds}", f"-seed={args.seed}", "-rss_limit_mb=2048", "-timeout=10", "-print_final_stats=1",
         f"-artifact_prefix={corpus}/", corpus, *seeds], capture_output=True, text=True, errors="replace")
    runs = re.search(r"stat::number_of_executed_units: (\d+)", done.stderr)
    count = int(runs.group(1)) if runs else 0
    return target, count, None if done.returncode == 0 and count > 0 else done.stderr[-6000:]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=int, default=60)
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

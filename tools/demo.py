#!/usr/bin/env python3
"""./dev demo: a server and services with made-up traffic, and a live table of rates, lag and counts.

Everything runs on free ports and in a folder of its own, which is removed at the end. A program that ends is started again, and the table
says so; one that ends five times within half a minute ends the demo.
"""

import argparse
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import threading
import time

from demo_lib import programs, show
from demo_lib.demo import Demo
from demo_lib.error import DemoError

_ROOT = pathlib.Path(__file__).resolve().parent.parent


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  ./dev demo\n  ./dev demo --rate 500 --seconds 60\n  ./dev demo --output json --seconds 10 | jq .groups\n"
               "  ./dev demo --port 9092     and then, elsewhere: thalweg consume order-events --follow")
    parser.add_argument("--seconds", type=float, default=0, metavar="N", help="stop after so long (default: at Ctrl-C)")
    parser.add_argument("--rate", type=int, default=50, metavar="N", help="what customers do in a second (default: %(default)s)")
    parser.add_argument("--output", choices=["auto", "table", "plain", "json"], default="auto",
                        help="auto: a table on a terminal, else a line a second; json: an object a second")
    parser.add_argument("--interval", type=float, default=1.0, metavar="SECONDS", help="how often to show (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, metavar="PORT", help="Kafka's port (default: a free one)")
    parser.add_argument("--services", metavar="FILE", help="another list of services, as JSON; see tools/demo_lib/programs.py")
    parser.add_argument("--bin", action="append", type=pathlib.Path, metavar="FOLDER", help="where the programs are (default: build/release/bin)")
    options = parser.parse_args()
    if options.seconds < 0 or options.rate < 0 or not 0.1 <= options.interval <= 60 or not 0 <= options.port <= 65535:
        parser.error("--seconds and --rate are 0 or more, --interval is from 0.1 to 60, --port is up to 65535")
    return options


def _watch(demo: Demo, display, options: argparse.Namespace) -> dict | None:
    """Shows frames until it is told to stop or the time is over; the last one."""
    end = time.monotonic() + options.seconds if options.seconds else float("inf")
    due, last = time.monotonic(), None
    while not demo.stopping.is_set() and time.monotonic() < end:
        demo.look_after()
        if time.monotonic() >= due:
            last = demo.frame()
            display.show(last)
            due = max(due + options.interval, time.monotonic())
        demo.stopping.wait(max(0.0, min(0.2, due - time.monotonic(), end - time.monotonic())))
    return last


def _run(demo: Demo, options: argparse.Namespace) -> None:
    """However it ends, nothing that was started is left."""
    display, last = None, None
    try:
        demo.start()
        display = show.display(options.output)
        last = _watch(demo, display, options)
    finally:
        try:
            if display:
                display.close(last)
        finally:
            began = time.monotonic()
            late = demo.stop()
            killed = f"; killed, since they did not stop: {', '.join(late)}" if late else ""
            print(f"demo: stopped within {time.monotonic() - began:.1f} s{killed}", file=sys.stderr)


def main() -> int:
    options = _parse()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="thalweg-demo-"))
    try:
        programs.require_room(folder)
        if options.port:
            programs.require_free(options.port, "--port")
        topics, services = programs.read_list(options.services)
        demo = Demo(folder, options.bin or [_ROOT / "build" / "release" / "bin"], services, topics, options.rate, options.port, stopping)
        _run(demo, options)
        return 0
    except DemoError as e:
        print(f"demo: {e.said}" + (f"\n{e.advice}" if e.advice else ""), file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read our lines has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())

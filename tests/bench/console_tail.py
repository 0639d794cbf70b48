"""A tab of Chromium that follows a topic, live: whether it stays as large as it was.

    tests/bench/console tail [--minutes N] [--rate N] [--every SECONDS]

Prints the tab's heap after its garbage is collected, its nodes and its process's memory every so often."""

import argparse
import pathlib
import subprocess
import tempfile

import browser
from harness import wire
from harness.broker import ThalwegBroker
from harness.outcome import Failure
from harness.paths import built

_SIZE = 200


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="console tail", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=int, default=5000, help="records a second")
    parser.add_argument("--every", type=int, default=60, help="seconds between two looks")
    options = parser.parse_args(words)
    program = built("load")
    if not program:
        raise Failure("build the load generator first: ./dev build")
    with tempfile.TemporaryDirectory(prefix="thalweg-bench-console-") as folder:
        port = wire.free_port()
        broker = ThalwegBroker(pathlib.Path(folder), {"console.listeners": f"http://127.0.0.1:{port}"})
        writer = None
        try:
            broker.start()
            subprocess.run([str(broker.binary), "topic", "create", "orders", "--partitions", "4", "--brokers", broker.bootstrap],
                           check=True, capture_output=True)
            seconds = int(options.minutes * 60) + 60
            writer = subprocess.Popen([str(program), "latency", broker.bootstrap, "orders", str(seconds), str(_SIZE), str(options.rate)],
                                      stdout=subprocess.DEVNULL)
            _follow(f"http://127.0.0.1:{port}/topics/orders?from=live", options)
        finally:
            if writer:
                writer.kill()
                writer.wait()
            broker.kill()


def _follow(url: str, options: argparse.Namespace) -> None:
    print(f"{'minutes':>8} {'heap MiB':>9} {'nodes':>7} {'process MiB':>12}  what it says")
    looks = []
    for look in browser.look("tail.mjs", url, options.minutes, options.every):
        looks.append(look)
        print(f"{look['minutes']:8.1f} {look['heap_mib']:9.2f} {look['nodes']:7} {look['process_mib']:12.1f}  {look['says']}", flush=True)
    full = [look["heap_mib"] for look in looks if look["rows"] == looks[-1]["rows"]]
    print(f"heap with all {looks[-1]['rows']} rows: {full[0]:.2f} MiB at first, {full[-1]:.2f} at the end, {max(full):.2f} at most")

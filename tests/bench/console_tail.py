"""A tab of Chromium that follows a topic, live: whether it stays as large as it was.

    tests/bench/console tail [--minutes N] [--rate N] [--every SECONDS]

Prints the tab's heap after its garbage is collected, its nodes and its process's memory every so often, and at the end whether it is
flat."""

import argparse
import pathlib
import statistics
import subprocess
import tempfile

import browser
from harness import wire
from harness.broker import ThalwegBroker
from harness.outcome import Failure
from harness.paths import built

_SIZE = 200
_MAY_GROW = 0.1  # from the first third of the looks to the last
_LOOKS_OF_THIRD = 2


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
    print(_verdict([look for look in looks if look["rows"] == looks[-1]["rows"]]))


def _verdict(full: list[dict]) -> str:
    """Of the looks at the tab with all its rows: whether its heap and its process are what they were, the last third beside the first.
    Nodes are told and not judged: they come and go."""
    third = len(full) // 3
    what = f"with all {full[-1]['rows']} rows, {full[0]['minutes']:.0f} to {full[-1]['minutes']:.0f} minutes"
    if third < _LOOKS_OF_THIRD:
        return f"{what}: too few looks to say whether the tab stays flat; --minutes gives more, --every SECONDS is how often"

    def middle(name: str, looks: list[dict]) -> float:
        return statistics.median(look[name] for look in looks)
    growths = {name: middle(name, full[-third:]) / middle(name, full[:third]) - 1 for name in ("heap_mib", "nodes", "process_mib")}
    grown = ", ".join(f"{label} {growths[name]:+.0%}" for name, label in (("heap_mib", "heap"), ("nodes", "nodes"), ("process_mib", "process")))
    flat = max(growths["heap_mib"], growths["process_mib"]) <= _MAY_GROW
    return f"{what}: {grown}; heap and process may grow by {_MAY_GROW:.0%}: {'flat' if flat else 'not flat'}"

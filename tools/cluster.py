#!/usr/bin/env python3
"""./dev cluster: several servers on this machine that are one cluster, until Ctrl-C.

Each has a folder of its own with its server.properties and its data, and what it says is shown with its number in front. One that is
killed stays away until it is started again; a start with the same number of servers goes on with what is in the folder.
"""

import argparse
import pathlib
import signal
import sys
import threading
import time

from cluster_lib.nodes import Node, Printer, layout, require_free_ports, require_same_cluster
from demo_lib.error import DemoError
from demo_lib.programs import find, require_room
from demo_lib.supervised import stop_all

_ROOT = pathlib.Path(__file__).resolve().parent.parent
_NODES_MAX = 9
_STOP_SECONDS = 30
_LOOK_SECONDS = 0.2


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev cluster", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="ports of node 1, those of the others follow: Kafka 9092, registry 8081, metrics 9644, controllers 19092;\n"
               "the console on 8080, 8180, 8280 and so on\n\n"
               "examples:\n  ./dev cluster\n  ./dev cluster 5 --data /var/tmp/five\n  ./dev cluster --shift 1000      Kafka on 10092, 10093, 10094\n"
               "  ./dev cluster --override broker.session.timeout.ms=3000")
    parser.add_argument("nodes", nargs="?", type=int, default=3, metavar="N", help=f"how many servers, 1 to {_NODES_MAX} (default: %(default)s)")
    parser.add_argument("--data", type=pathlib.Path, default=_ROOT / ".data" / "cluster", metavar="FOLDER", help="where they live (default: .data/cluster)")
    parser.add_argument("--shift", type=int, default=0, metavar="N", help="added to every port (default: %(default)s)")
    parser.add_argument("--override", action="append", default=[], metavar="KEY=VALUE", help="a property of every server; may be repeated")
    parser.add_argument("--bin", action="append", type=pathlib.Path, metavar="FOLDER", help="where thalweg is (default: build/release/bin)")
    options = parser.parse_args()
    if not 1 <= options.nodes <= _NODES_MAX or not -8000 <= options.shift <= 46_000:
        parser.error(f"N is from 1 to {_NODES_MAX}, --shift from -8000 to 46000")
    for pair in options.override:
        if pair.find("=") < 1:
            parser.error(f"--override takes KEY=VALUE, not '{pair}'")
    return options


def _introduction(nodes: list[Node], thalweg: str) -> str:
    rows = [("node", "Kafka", "registry", "console", "metrics", "pid"),
            *((str(n.id), n.kafka, n.registry, n.console, n.metrics, str(n.process.pid)) for n in nodes)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    table = "\n".join("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)
    last = nodes[-1]
    return f"""
{table}

Next, in another terminal:
  export PATH="{pathlib.Path(thalweg).parent}:$PATH" THALWEG_BROKERS={",".join(n.kafka for n in nodes)}
  thalweg cluster health --watch
  thalweg topic create orders --partitions 6 --replicas {min(3, len(nodes))}
  kill -9 {last.process.pid}        a crash of node {last.id}; it comes back with:  thalweg server {last.properties}
Ctrl-C stops them all cleanly, within some ten seconds; the data stays in {last.folder.parent}
"""


def _watch(nodes: list[Node], stopping: threading.Event, printer: Printer) -> int:
    """Until it is told to stop or nobody is left; the exit code."""
    began, ready = time.monotonic(), False
    while not stopping.wait(_LOOK_SECONDS):
        for node in nodes:
            if end := node.how_it_ended():
                printer.line(None, f"node {node.id} {end}. To start it again:  thalweg server {node.properties}")
        if not any(node.alive for node in nodes):
            printer.line(None, "none of them is left")
            return 1
        if not ready and all(node.is_ready() for node in nodes):
            ready = True
            printer.line(None, f"ready after {time.monotonic() - began:.1f} s: {', '.join(node.kafka for node in nodes)}")
    return 0


def _run(nodes: list[Node], thalweg: str, printer: Printer) -> int:
    """However it ends, no server is left."""
    stopping = threading.Event()

    def on_signal(*_) -> None:
        if stopping.is_set():  # somebody who does not want to wait
            for node in nodes:
                node.signal(signal.SIGKILL)
        stopping.set()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    printer.on_lost(stopping.set)
    try:
        for node in nodes:
            node.start(thalweg)
        printer.text(_introduction(nodes, thalweg))
        return _watch(nodes, stopping, printer)
    finally:
        began = time.monotonic()
        late = stop_all(nodes, _STOP_SECONDS)
        for node in nodes:
            node.read_to_the_end()
        killed = f"; killed, since they did not stop: {', '.join(late)}" if late else ""
        print(f"cluster: stopped within {time.monotonic() - began:.1f} s{killed}", file=sys.stderr)


def main() -> int:
    options = _parse()
    try:
        folder = options.data.absolute()
        folder.mkdir(parents=True, exist_ok=True)
        require_room(folder)
        thalweg = find("thalweg", options.bin or [_ROOT / "build" / "release" / "bin"])
        printer = Printer(options.nodes)
        nodes = layout(folder, options.nodes, options.shift, dict(pair.split("=", 1) for pair in options.override), printer)
        require_same_cluster(folder, nodes)
        require_free_ports(nodes)
        return _run(nodes, thalweg, printer)
    except DemoError as e:
        print(f"cluster: {e.said}" + (f"\n{e.advice}" if e.advice else ""), file=sys.stderr)
        return 1
    except OSError as e:
        print(f"cluster: {e.filename or options.data}: {e.strerror}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

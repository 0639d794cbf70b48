"""Start, idle memory and processor, and the binary's size, with all that the server serves: Kafka's port, console, schema
registry, metrics.

    tests/bench/console idle [--starts N] [--idle-seconds N]"""

import argparse
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

from harness import wire
from harness.broker import ThalwegBroker
from harness.process import cpu_seconds

_HTTP = ("console.listeners", "schema.registry.listeners", "metrics.listeners")
_SETTLED_SECONDS = 5


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="console idle", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=15)
    parser.add_argument("--idle-seconds", type=int, default=60)
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="thalweg-bench-console-") as folder:
        for name, http in (("everything", True), ("Kafka's port alone", False)):
            times = [_start(pathlib.Path(folder) / f"{name[0]}{n}", http) for n in range(options.starts)]
            print(f"start on an empty folder, {name}: {statistics.median(times):.0f} ms at the median, "
                  f"{min(times):.0f} to {max(times):.0f}", flush=True)
        broker = _broker(pathlib.Path(folder) / "idle", True)
        try:
            broker.start()
            show_idle(broker, options.idle_seconds)
        finally:
            broker.kill()
        show_size(broker.binary, pathlib.Path(folder))


def _broker(folder: pathlib.Path, http: bool) -> ThalwegBroker:
    return ThalwegBroker(folder, {name: f"http://127.0.0.1:{wire.free_port()}" if http else "" for name in _HTTP})


def _start(folder: pathlib.Path, http: bool) -> float:
    """Milliseconds from exec to the first answer to Metadata."""
    broker = _broker(folder, http)
    try:
        return broker.start() * 1000
    finally:
        broker.kill()
        shutil.rmtree(folder, ignore_errors=True)


def show_idle(broker: ThalwegBroker, seconds: int) -> None:
    time.sleep(_SETTLED_SECONDS)
    before = cpu_seconds(broker.pid)
    time.sleep(seconds)
    used = 100 * (cpu_seconds(broker.pid) - before) / seconds
    print(f"idle for {seconds} s: {used:.2f} % of a core, {broker.resident_mib():.1f} MiB resident", flush=True)


def show_size(binary: pathlib.Path, folder: pathlib.Path) -> None:
    stripped = folder / "thalweg"
    subprocess.run(["strip", "-o", str(stripped), str(binary)], check=True)
    print(f"binary without symbols: {stripped.stat().st_size / 1e6:.2f} MB", flush=True)

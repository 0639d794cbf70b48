"""Records looked for in a large topic of JSON, and what that does to those who produce meanwhile.

    tests/bench/console search [--gigabytes N] [--codecs none,lz4] [--phases speed,produce] [--folder FOLDER]

Speed is in GB of records a second, as they are without a codec, of a search that finds nothing and therefore looks at all; beside it GB for
each second of processor time that the server used: what an idle core does. Latency is that of 1,000 records a second, from the moment at
which a record was due to a consumer at the tail, without a search and with one after the other, in turn."""

import argparse
import contextlib
import http.client
import json
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.parse

from harness import wire
from harness.broker import ThalwegBroker
from harness.outcome import Failure, expect
from harness.paths import built
from harness.process import cpu_seconds
from load_generator import load

_PARTITIONS, _ORDER_BYTES = 8, 1000
_FILTERS = ('value.status == "NONE"', "value.last == 98", "ord-73912345x", "value.items.exists(i, i.qty > 100)")
_LATENCY_SECONDS, _LATENCY_BYTES, _RATE = 15, 1000, 1000
_P99_TIMES, _P99_MORE_MS = 1.25, 1.0  # of the p99 without a search, that it may be with one


class Searched:
    """A server with a topic that is searched, for as long as it takes."""

    def __init__(self, folder: pathlib.Path):
        self.port = wire.free_port()
        self.broker = ThalwegBroker(folder, {"console.listeners": f"http://127.0.0.1:{self.port}"})
        self.load = built("load")
        expect(self.load is not None, "build the load generator first: ./dev build")
        self.broker.start()

    def topic(self, act: str, name: str, *more: str) -> None:
        done = subprocess.run([str(self.broker.binary), "topic", act, name, *more, "--brokers", self.broker.bootstrap],
                              capture_output=True, text=True)
        expect(done.returncode == 0, f"topic {act} {name}: {done.stderr}")

    def fill(self, name: str, codec: str, gigabytes: float) -> float:
        """The bytes of its records without a codec."""
        self.topic("create", name, "--partitions", str(_PARTITIONS))
        wanted = int(gigabytes * 1e9)
        figures = load(self.load, self.broker, "fill", name, wanted, _ORDER_BYTES, f"compression.type={codec}")
        print(f"{codec}: {gigabytes} GB written at {figures['mb_per_second']:.0f} MB/s", flush=True)
        return wanted

    def search_all(self, name: str, where: str) -> dict:
        """All of it, oldest first; what the last event says."""
        for event, data in self._events(name, where):
            if event == "done":
                return json.loads(data)
        raise Failure(f"{where}: the stream ends before it is done")

    def search(self, name: str, where: str, over: threading.Event) -> int:
        """The same, until it is over; the bytes of the log that were looked at."""
        looked_at = 0
        for event, data in self._events(name, where):
            if event in ("progress", "done"):
                said = json.loads(data)
                looked_at = int(said.get("progress", said)["bytes"])
            if over.is_set():
                break
        return looked_at

    def _events(self, name: str, where: str):
        path = f"/api/v1/topics/{name}/search?" + urllib.parse.urlencode({"where": where, "order": "oldest"})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path, headers={"Accept": "text/event-stream"})
        answer = connection.getresponse()
        expect(answer.status == 200, f"{where}: {answer.status}")
        event = ""
        with contextlib.closing(connection):
            for line in answer:
                if line.startswith(b"event: "):
                    event = line[7:].strip().decode()
                elif line.startswith(b"data: "):
                    yield event, line[6:]


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="console search", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=10)
    parser.add_argument("--codecs", type=lambda text: text.split(","), default=["none", "lz4"])
    parser.add_argument("--phases", type=lambda text: text.split(","), default=["speed", "produce"])
    parser.add_argument("--repeats", type=int, default=3, help="of the latency without and with a search")
    parser.add_argument("--folder", type=pathlib.Path, help="where the data goes, and is removed afterwards; else the system's folder for such")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="thalweg-bench-console-", dir=options.folder) as folder:
        free = shutil.disk_usage(folder).free
        if free < options.gigabytes * 1.2e9:
            raise Failure(f"{options.gigabytes} GB do not fit: {free / 1e9:.0f} GB are free; --gigabytes takes less, --folder another disk")
        for codec in options.codecs:
            searched = Searched(pathlib.Path(folder) / codec)
            try:
                size = searched.fill("orders", codec, options.gigabytes)
                if "speed" in options.phases:
                    _speed(searched, codec, size)
                if "produce" in options.phases:
                    _latencies(searched, codec, options.repeats)
            finally:
                searched.broker.kill()
                shutil.rmtree(pathlib.Path(folder) / codec)


def _speed(searched: Searched, codec: str, size: float) -> None:
    for where in _FILTERS:
        used, begun = cpu_seconds(searched.broker.pid), time.monotonic()
        done = searched.search_all("orders", where)
        seconds, used = time.monotonic() - begun, cpu_seconds(searched.broker.pid) - used
        progress = done["progress"]
        expect(done["why"] == "end" and progress["offsets"] == progress["of_offsets"] and progress["matches"] == 0, f"{where}: {done}")
        print(f"{codec:5} {where:38} {size / seconds / 1e9:5.2f} GB/s, {size / used / 1e9:5.2f} GB a CPU second, "
              f"{progress['bytes'] / 1e9:.2f} GB of the log", flush=True)


def _latencies(searched: Searched, codec: str, repeats: int) -> None:
    searched.topic("create", "busy", "--partitions", "1")
    found: dict[bool, list[dict]] = {False: [], True: []}
    for _ in range(repeats):
        for with_search in (False, True):
            found[with_search].append(_latency(searched, with_search))
    for with_search, runs in found.items():
        figures = ", ".join(f"{name[:-3]} {statistics.median(run[name] for run in runs):.1f} ({min(run[name] for run in runs):.1f} to "
                            f"{max(run[name] for run in runs):.1f})" for name in ("p50_ms", "p99_ms", "p999_ms"))
        print(f"{codec:5} latency {'with a search' if with_search else 'without one'}: {figures} ms", flush=True)
    without, beside = (statistics.median(run["p99_ms"] for run in found[with_search]) for with_search in (False, True))
    allowed = _P99_TIMES * without + _P99_MORE_MS
    searched_mb = statistics.median(run["searched_bytes"] for run in found[True]) / 1e6 / _LATENCY_SECONDS
    print(f"{codec:5} p99 {beside:.1f} ms beside a search, which looked at {searched_mb:.0f} MB/s of the log; {allowed:.1f} are allowed: "
          f"{'kept' if beside <= allowed else 'missed'}", flush=True)


def _latency(searched: Searched, with_search: bool) -> dict:
    over, looked_at, wrong = threading.Event(), [0], []

    def search_on() -> None:
        try:
            while not over.is_set():
                looked_at[0] += searched.search("orders", _FILTERS[1], over)
        except Exception as error:  # else there would be no search, and nobody would know
            wrong.append(error)

    searching = threading.Thread(target=search_on)
    if with_search:
        searching.start()
    try:
        figures = load(searched.load, searched.broker, "latency", "busy", _LATENCY_SECONDS, _LATENCY_BYTES, _RATE, "linger.ms=0")
    finally:
        over.set()
        if with_search:
            searching.join()
    expect(not wrong and (looked_at[0] > 0) == with_search, f"the search beside it: {wrong}, {looked_at[0]} bytes")
    return {**figures, "searched_bytes": looked_at[0]}

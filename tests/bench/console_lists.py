"""How long the console takes on a large cluster: a real server with many topics and groups, asked over loopback, and its pages.

    tests/bench/console [lists] [--topics N] [--partitions N] [--groups N] [--folder FOLDER]      10214, 40000, 2000 when not given

With a folder its topics and groups stay there, and are there the next time: making them takes minutes.

Prints how long the server takes to start again with all that, and what it uses while nobody asks; median and worst of the first page of
each list, of other pages, and what they cost in memory; how long the slowest step of any shard took meanwhile, as a client sees it who
asks for ApiVersions all the time; and milliseconds from a click until rows are drawn in Chromium.
"""

import argparse
import http.client
import pathlib
import statistics
import struct
import subprocess
import tempfile
import threading
import time

import browser
import console_idle
from harness import wire
from harness.broker import ThalwegBroker
from harness.outcome import Failure, Skip

_ROUNDS, _CLICKS = 15, 9
_FIND_COORDINATOR, _OFFSET_COMMIT = 10, 8
_AT_ONCE = 250  # topics in a command

_PAGES = ["/api/v1/topics?show=all&from=0&limit=100", "/api/v1/topics?sort=-partitions&limit=100", "/api/v1/topics?from=9000&limit=100",
          "/api/v1/topics?q=7&limit=100", "/api/v1/groups?from=0&limit=100", "/api/v1/groups?q=99&limit=100", "/api/v1/names?q=topic-77",
          "/api/v1/cluster", "/api/v1/attention", "/api/v1/brokers", "/topics"]


def _names(count: int) -> list[str]:
    return [f"a.name.as.people.give.them.topic-{number}" for number in range(count)]


def _create_topics(broker: ThalwegBroker, topics: int, partitions: int) -> None:
    names = _names(topics)
    more = partitions - topics * (partitions // topics)  # so many have one partition more
    for each, some in ((partitions // topics + 1, names[:more]), (partitions // topics, names[more:])):
        for at in range(0, len(some), _AT_ONCE):
            subprocess.run([str(broker.binary), "topic", "create", *some[at:at + _AT_ONCE], "--partitions", str(each), "--brokers", broker.bootstrap],
                           check=True, capture_output=True, timeout=600)


def _commit(connection: wire.Connection, group: str, topics: list[str]) -> int:
    """Offset 0 of partition 0 in each; the first error code."""
    body = wire.string(group) + struct.pack(">i", -1) + wire.string("") + struct.pack(">qi", -1, len(topics))
    for topic in topics:
        body += wire.string(topic) + struct.pack(">iiqh", 1, 0, 0, -1)
    answer = connection.call(_OFFSET_COMMIT, 2, body)
    return struct.unpack_from(">h", answer, 4 + 2 + len(topics[0]) + 4 + 4)[0]


def _commit_all(broker: ThalwegBroker, groups: int, topics: int) -> None:
    names = _names(topics)
    with wire.Connection(broker.port, timeout=60) as connection:
        for number in range(groups):
            read = [names[(number * 5 + i) % topics] for i in range(5)]
            for _ in range(600):  # until the topic of the offsets is there
                if _commit(connection, f"group-{number}", read) == 0:
                    break
                connection.call(_FIND_COORDINATOR, 0, wire.string(f"group-{number}"))
                time.sleep(0.1)
            else:
                raise Failure("offsets cannot be committed")


class Bystander(threading.Thread):
    """Asks for ApiVersions on a few connections, which lie on different shards, and remembers the longest answer."""

    def __init__(self, port: int):
        super().__init__(daemon=True)
        self.connections = [wire.Connection(port) for _ in range(4)]
        self.longest, self.over = 0.0, False

    def run(self) -> None:
        while not self.over:
            for connection in self.connections:
                begun = time.perf_counter()
                connection.call(wire.API_VERSIONS, 0)
                self.longest = max(self.longest, time.perf_counter() - begun)
            time.sleep(0.0005)


def _ask(port: int) -> list[tuple[str, list[float], int]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    rows = []
    for page in _PAGES:
        times, size = [], 0
        for _ in range(_ROUNDS):
            begun = time.perf_counter()
            connection.request("GET", page)
            answer = connection.getresponse()
            size = len(answer.read())
            if answer.status != 200:
                raise Failure(f"{page}: {answer.status}")
            times.append((time.perf_counter() - begun) * 1000)
        rows.append((page, times, size))
    return rows


def _measure(broker: ThalwegBroker, port: int) -> None:
    before = broker.resident_mib()
    bystander = Bystander(broker.port)
    bystander.start()
    time.sleep(2)
    alone, bystander.longest = bystander.longest, 0.0
    rows = _ask(port)
    bystander.over = True
    bystander.join()
    print(f"{'page':48} {'first':>8} {'median':>8} {'worst':>8} ms  {'KiB':>6}")
    for page, times, size in rows:
        print(f"{page:48} {times[0]:8.1f} {statistics.median(times[1:]):8.1f} {max(times[1:]):8.1f}     {size / 1024:6.0f}")
    print(f"memory: {broker.resident_mib() - before:.1f} MiB more")
    print(f"another client's longest answer: {bystander.longest * 1000:.1f} ms, and {alone * 1000:.1f} ms with nobody at the console")


def _click(port: int) -> None:
    try:
        for row in browser.look("lists.mjs", f"http://127.0.0.1:{port}", _CLICKS):
            first, *others = row["ms"]
            print(f"from a click to rows of {row['page']}: {first:.0f} ms the first time, then {statistics.median(others):.0f} at the median "
                  f"and {max(others):.0f} at most", flush=True)
    except Skip as e:
        print(f"from a click to rows: not measured: {e}")


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="console lists", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--topics", type=int, default=10_214)
    parser.add_argument("--partitions", type=int, default=40_000)
    parser.add_argument("--groups", type=int, default=2_000)
    parser.add_argument("--idle-seconds", type=int, default=30)
    parser.add_argument("--folder", type=pathlib.Path)
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="thalweg-bench-console-") as own:
        port = wire.free_port()
        broker = ThalwegBroker(options.folder or pathlib.Path(own), {"console.listeners": f"http://127.0.0.1:{port}", "thalweg.shards": "2"})
        try:
            _fill(broker, options)
            print(f"started again in {broker.start() * 1000:.0f} ms", flush=True)
            console_idle.show_idle(broker, options.idle_seconds)
            _measure(broker, port)
            _click(port)
        finally:
            broker.kill()


def _fill(broker: ThalwegBroker, options: argparse.Namespace) -> None:
    is_new = not broker.data.exists()
    broker.start()
    begun = time.monotonic()
    if is_new:
        _create_topics(broker, options.topics, options.partitions)
    _commit_all(broker, options.groups, options.topics)
    print(f"{options.topics} topics, {options.partitions} partitions, {options.groups} groups made in {time.monotonic() - begun:.0f} s", flush=True)
    broker.stop()

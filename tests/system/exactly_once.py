"""Copiers that move numbered records from one topic to another in transactions, while they and the servers are killed.

Who strikes next waits until the copies grow again, by what a read_committed reader is told, so that each kill meets work under way."""

import itertools
import json
import pathlib
import random
import subprocess
import time
from collections.abc import Callable

from crash_clients import Client, program
from harness import clients, messages
from harness.outcome import Failure, expect_equal
from harness.transactions import end_offset
from harness.wire import Connection

SOURCE, COPY, GROUP, PARTITIONS, COPIERS = "orders", "copies", "copiers", 3, 3
LIMIT_SECONDS = 120
_GROWS_BY = 20
_HERE = pathlib.Path(__file__).resolve().parent


class ExactlyOnce:
    """`bootstrap`: of all servers; `ports`: of those that can be asked now."""

    def __init__(self, bootstrap: str, ports: Callable[[], list[int]], rate: int = 300):
        self._bootstrap, self._ports, self._rate = bootstrap, ports, rate
        self._python = clients.debian_python("confluent_kafka", "python3-confluent-kafka")
        self._copiers: dict[str, subprocess.Popen] = {}
        self._writer: Client | None = None
        self._seen = 0  # the copies, when they had last grown
        self._said: list[str] = []  # by the copier that gave up last
        self._ids = itertools.count(1)

    def begin(self) -> None:
        self._writer = Client(program(), "patient", self._bootstrap, SOURCE, PARTITIONS, self._rate)
        for number in range(COPIERS):
            self._start(f"copier-{number}")
        self.wait_for_progress()

    def end(self) -> None:
        self._kill_the_copiers()
        if self._writer:
            self._writer.end()

    def kill_a_copier(self, chance: random.Random) -> None:
        name = chance.choice(sorted(self._copiers))
        self._copiers[name].kill()
        self._copiers[name].wait()
        self._start(name)

    def wait_for_progress(self) -> float:
        """Seconds until more copies can be read; a copier that has given up is started again, as a supervisor would."""
        began = time.monotonic()
        seen = max(self._seen, sum(self._ends(COPY, committed=True) or [0]))
        while time.monotonic() - began < LIMIT_SECONDS:
            self._restart_those_that_ended()
            ends = self._ends(COPY, committed=True)
            if ends and sum(ends) >= seen + _GROWS_BY:
                self._seen = sum(ends)
                return time.monotonic() - began
            time.sleep(0.02)
        raise Failure(f"the copies do not grow for {LIMIT_SECONDS} s: {seen}, {self._ends(COPY, committed=True)}; {self._complaints()}")

    def finish(self) -> int:
        """All that was acknowledged is copied, once and in order, the group stands at the end, and nothing is left open. The number of records."""
        self._writer.tell("stop")
        acknowledged = self._writer.hear("acknowledged")
        self._wait("the group stands at the end", lambda: self._committed(len(acknowledged)), acknowledged)
        self._kill_the_copiers()
        for topic, partitions in ((COPY, PARTITIONS), (SOURCE, PARTITIONS), ("__consumer_offsets", None)):
            self._wait(f"no transaction is left open in {topic}", lambda t=topic, n=partitions: self._hanging(t, n), [])
        read = self._read()
        for partition, (got, count) in enumerate(zip(read, acknowledged, strict=True)):
            if got != list(range(count)):
                raise Failure(f"partition {partition}: {_described(got, count)}")
        return sum(acknowledged)

    def _kill_the_copiers(self) -> None:
        for copier in self._copiers.values():
            copier.kill()
            copier.wait()

    def _start(self, name: str) -> None:
        command = [self._python, str(_HERE / "transaction_copier.py"), "copy", self._bootstrap, SOURCE, COPY, GROUP, name]
        self._copiers[name] = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def _restart_those_that_ended(self) -> None:
        for name, copier in list(self._copiers.items()):
            if copier.poll() is not None:
                self._said = copier.stderr.read().strip().splitlines()[-1:]
                self._start(name)

    def _complaints(self) -> str:
        return f"copiers run: {[c.poll() is None for c in self._copiers.values()]}, the last that gave up said {self._said}"

    def _ends(self, topic: str, committed: bool, partitions: int = PARTITIONS) -> list[int] | None:
        """Nothing while somebody who leads one of them is away."""
        try:
            return [self._end(topic, partition, committed) for partition in range(partitions)]
        except (OSError, Failure):
            return None

    def _end(self, topic: str, partition: int, committed: bool) -> int:
        for port in self._ports():
            try:
                return end_offset(port, topic, partition, committed)
            except (Failure, OSError):  # it does not lead it, or is away
                continue
        raise Failure(f"nobody tells the end of {topic}-{partition}")

    def _hanging(self, topic: str, partitions: int | None) -> list[int]:
        count = partitions or self._count(topic)
        stable, ends = self._ends(topic, True, count), self._ends(topic, False, count)
        if stable is None or ends is None:
            return [-1]
        return [p for p in range(count) if stable[p] != ends[p]]

    def _count(self, topic: str) -> int:
        with Connection(self._ports()[0]) as connection:
            connection.send(messages.request_frame("Metadata", 4, {"Topics": [{"Name": topic}]}, next(self._ids)))
            return len(messages.response_body("Metadata", 4, connection.receive()[1])["Topics"][0]["Partitions"])

    def _committed(self, count: int) -> list[int]:
        self._restart_those_that_ended()
        asked = Client(program(), "committed", self._bootstrap, SOURCE, GROUP, count)
        try:
            return asked.hear("committed")
        finally:
            asked.end()

    def _wait(self, what: str, ask: Callable[[], object], wanted: object) -> None:
        end = time.monotonic() + LIMIT_SECONDS
        while (got := ask()) != wanted:
            if time.monotonic() > end:
                raise Failure(f"{what}: got {json.dumps(got)}, want {json.dumps(wanted)}; {self._complaints()}")
            time.sleep(0.05)

    def _read(self) -> list[list[int]]:
        done = subprocess.run([self._python, str(_HERE / "transaction_copier.py"), "read", self._bootstrap, COPY, str(PARTITIONS)],
                              capture_output=True, text=True, timeout=LIMIT_SECONDS)
        expect_equal(done.returncode, 0, f"exit code of the reader ({done.stderr.strip()})")
        read: list[list[int]] = [[] for _ in range(PARTITIONS)]
        for line in done.stdout.splitlines():
            partition, value = map(int, line.split())
            read[partition].append(value)
        return read


def _described(got: list[int], count: int) -> str:
    lost = sorted(set(range(count)) - set(got))
    doubled = len(got) - len(set(got))
    return f"{len(got)} copies of {count} records: {len(lost)} lost {lost[:5]}, {doubled} doubled, in order: {got == sorted(got)}"

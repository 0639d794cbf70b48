"""Starts the server and the services in a folder of their own, keeps them running, and gathers what they show."""

import pathlib
import subprocess
import threading
import time
import urllib.request

from . import figures
from .error import DemoError
from .programs import Service, find, free_port
from .supervised import Supervised, stop_all

_READY_WITHIN_SECONDS = 20
# Together with a look at the pages that has begun, a stop takes less than 5 s.
_SERVICES_STOP_SECONDS, _SERVER_STOP_SECONDS = 2.0, 1.5
_PAGE_SECONDS = 0.3
_PARTITIONS = 3
_SEGMENT_BYTES = 16 << 20  # a partition keeps four, and one that is being written: it may run for days


class Demo:
    def __init__(self, folder: pathlib.Path, bins: list[pathlib.Path], services: list[Service], topics: list[str], rate: int, port: int,
                 stopping: threading.Event):
        self.folder, self.topics, self.stopping = folder, topics, stopping
        self.brokers = f"127.0.0.1:{port or free_port()}"
        self.metrics = f"http://127.0.0.1:{free_port()}"
        self.thalweg = find("thalweg", bins)
        self.server = Supervised("server", self._server_command(), folder)
        self.services: dict[str, tuple[Service, Supervised, str | None]] = {}
        for service in services:
            http = str(free_port())
            filled = [a.format(brokers=self.brokers, http=http, folder=folder, rate=rate) for a in service.arguments]
            program = Supervised(service.name, [find(service.program, bins), *filled], folder)
            self.services[service.name] = (service, program, f"http://127.0.0.1:{http}" if service.has_pages else None)
        self._rates = figures.Rates()
        self._events: list[str] = []
        self._last_server: figures.Samples = {}
        self._began = time.monotonic()

    def _server_command(self) -> list[str]:
        properties = {"listeners": f"PLAINTEXT://{self.brokers}", "advertised.listeners": f"PLAINTEXT://{self.brokers}",
                      "log.dirs": f"{self.folder}/data", "metrics.listeners": self.metrics, "schema.registry.listeners": "", "console.listeners": "",
                      "num.partitions": str(_PARTITIONS), "log.segment.bytes": str(_SEGMENT_BYTES), "log.retention.bytes": str(4 * _SEGMENT_BYTES),
                      "group.initial.rebalance.delay.ms": "0"}
        return [self.thalweg, "server", *[word for name, value in properties.items() for word in ("--override", f"{name}={value}")]]

    def start(self) -> None:
        self.server.start()
        if not self._wait_until_ready():
            return
        if not self._create_topics():
            return
        for _, program, _ in self.services.values():
            program.start()

    def _create_topics(self) -> bool:
        if not self.topics:
            return True
        made = subprocess.Popen([self.thalweg, "topic", "create", *self.topics, "--partitions", str(_PARTITIONS), "--brokers", self.brokers],
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        with made:
            while made.poll() is None and not self.stopping.wait(0.02):
                pass
            made.kill()  # it may wait for long for a server that hangs
            if made.wait() and not self.stopping.is_set():
                raise DemoError(f"the topics could not be created: {made.stderr.read().strip()}")
        return not self.stopping.is_set()

    def _wait_until_ready(self) -> bool:
        end = time.monotonic() + _READY_WITHIN_SECONDS
        while not self.stopping.is_set():
            if not self.server.alive or time.monotonic() > end:
                raise DemoError("the server did not start", f"The last it said:\n{self.server.tail()}")
            try:
                with urllib.request.urlopen(f"{self.metrics}/readyz", timeout=1):
                    return True
            except OSError:
                self.stopping.wait(0.05)
        return False

    def look_after(self) -> None:
        for program in (self.server, *(p for _, p, _ in self.services.values())):
            if said := program.look_after(time.monotonic()):
                self._events.append(said)

    def frame(self) -> dict:
        """What there is to show: seconds since the start, the server, topics by name, a row for each group and topic, services
        by name, and what has happened since the last frame. While the server is away its last figures are shown."""
        now = time.monotonic()
        samples = figures.fetch(f"{self.metrics}/metrics")
        if samples is not None:
            self._last_server = samples
        events, self._events = self._events, []
        return {"seconds": round(now - self._began, 1),
                "server": {"brokers": self.brokers, "metrics": f"{self.metrics}/metrics", **_program(self.server)},
                "topics": figures.topics(self._last_server, self._rates, now), "groups": figures.groups(self._last_server),
                "services": {name: self._service(name, now) for name in self.services}, "events": events}

    def _service(self, name: str, now: float) -> dict:
        service, program, pages = self.services[name]
        samples = figures.fetch(f"{pages}/metrics", _PAGE_SECONDS) if pages and program.alive and not self.stopping.is_set() else None
        shown = figures.service(service.program, samples, self._rates, name, now) if samples is not None else \
            {"produced_per_second": 0.0, "consumed_per_second": 0.0, "errors": 0, "counts": {}}
        return {**_program(program), **shown}

    def stop(self) -> list[str]:
        """Services first, so that they can commit; then the server. Who had to be killed."""
        self.stopping.set()
        return stop_all([p for _, p, _ in self.services.values()], _SERVICES_STOP_SECONDS) + stop_all([self.server], _SERVER_STOP_SECONDS)


def _program(program: Supervised) -> dict:
    return {"state": program.state, "pid": program.pid, "restarts": program.restarts, "last_end": program.last_end}

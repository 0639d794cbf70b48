"""Brokers under test: Thalweg, Apache Kafka as the yardstick, or one that already runs."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import time

from . import kafka_dist, paths, process
from .outcome import Failure, Skip
from .wire import free_port, wait_for_metadata

START_LIMIT_SECONDS = 90
_HTTP_LISTENERS = ("schema.registry.listeners", "metrics.listeners", "console.listeners")
STOP_LIMIT_SECONDS = 30


def _environment() -> dict[str, str]:
    """Without what a server would take for its configuration, as it does in a container."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("KAFKA_", "THALWEG_"))}


class Broker:
    """A process with a data folder. Survives its own restarts: the port and the data stay."""

    kind = ""

    def __init__(self, folder: pathlib.Path, properties: dict[str, str] | None = None):
        self.folder = folder
        self.data = folder / "data"
        self.host, self.port = "127.0.0.1", free_port()
        self.bootstrap = f"{self.host}:{self.port}"
        self.properties = {"group.initial.rebalance.delay.ms": "0", **(properties or {})}
        self.environment: dict[str, str] = {}  # beside our own
        self.process: subprocess.Popen | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def command(self) -> list[str]:
        raise NotImplementedError

    def launch(self) -> None:
        """Starts the process without waiting for it to answer."""
        command = self.command()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True, cwd=self.folder, env=_environment() | self.environment)

    def start(self) -> float:
        """Starts the process; seconds until it answered its first Metadata request."""
        self.launch()
        return self.wait_until_ready()

    def wait_until_ready(self) -> float:
        seconds = wait_for_metadata(self.host, self.port, START_LIMIT_SECONDS, self.alive)
        if seconds is None:
            self.kill()
            raise Failure(f"{self.kind} did not start: {self.log_tail()}")
        return seconds

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> float:
        """Asks for a clean stop; seconds it took. A broker that does not stop is a failure."""
        if not self.alive():
            return 0.0
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"{self.kind} did not stop within {STOP_LIMIT_SECONDS} s of SIGTERM: {self.log_tail()}") from None
        return time.monotonic() - started

    def kill(self) -> None:
        """kill -9, as a crash does it."""
        if self.alive():
            self.process.kill()
        if self.process:
            self.process.wait()

    @property
    def pid(self) -> int:
        return self.process.pid

    def resident_mib(self) -> float:
        return process.resident_mib(self.pid)

    @property
    def log_path(self) -> pathlib.Path:
        return self.folder / "broker.log"

    def log_tail(self, lines: int = 15) -> str:
        if not self.log_path.exists():
            return "(no log)"
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def _write_properties(self, own: dict[str, str]) -> pathlib.Path:
        path = self.folder / "server.properties"
        path.write_text("".join(f"{k}={v}\n" for k, v in {**own, **self.properties}.items()))
        return path


class ThalwegBroker(Broker):
    kind = "thalweg"

    def __init__(self, folder: pathlib.Path, properties: dict[str, str] | None = None,
                 binary: pathlib.Path | None = None):
        super().__init__(folder, properties)
        self.binary = binary or paths.thalweg_binary()
        if self.binary is None or not os.access(self.binary, os.X_OK):
            raise Skip(f"no thalweg binary at {self.binary or 'build/*/bin/thalweg'}")

    def command(self) -> list[str]:
        properties = self._write_properties({
            "node.id": "1",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "log.dirs": str(self.data),
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
        })
        return [str(self.binary.resolve()), "server", str(properties)]

    def wait_until_ready(self) -> float:
        """Also until what it was told to serve beside Kafka's port is there: that comes a moment later."""
        seconds = super().wait_until_ready()
        urls = ",".join(self.properties.get(name, "") for name in _HTTP_LISTENERS)
        for host, port in re.findall(r"http://([^:/,]+):(\d+)", urls):
            self._wait_for_port(host, int(port))
        return seconds

    def _wait_for_port(self, host: str, port: int) -> None:
        end = time.monotonic() + START_LIMIT_SECONDS
        while True:
            try:
                with socket.create_connection((host, port), timeout=5):
                    return
            except OSError as e:
                if not self.alive() or time.monotonic() > end:
                    raise Failure(f"nothing listens on {host}:{port}: {e}: {self.log_tail()}") from None
            time.sleep(0.005)


class KafkaBroker(Broker):
    kind = "kafka"

    def __init__(self, folder: pathlib.Path, properties: dict[str, str] | None = None, jvm: list[str] | None = None):
        super().__init__(folder, properties)
        self.controller_port = free_port()
        self.jvm = jvm or ["-Xms256m", "-Xmx512m", "-XX:+UseSerialGC"]
        kafka_dist.libs()

    def command(self) -> list[str]:
        properties = self._write_properties({
            "process.roles": "broker,controller",
            "node.id": "1",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self.controller_port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{self.controller_port}",
            "log.dirs": str(self.data),
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
        })
        if not (self.data / "meta.properties").exists():
            self._format(properties)
        return kafka_dist.server(properties, self.jvm)

    def _format(self, properties: pathlib.Path) -> None:
        command = kafka_dist.tool("kafka-storage", "format", "--standalone", "-t", "AAAAAAAAQACAAAAAAAAAAg",
                                  "-c", str(properties))
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise Failure(f"kafka-storage format: {done.stdout}{done.stderr}")


class RunningBroker(Broker):
    """Somebody else's broker, named with --bootstrap. It is never started or stopped, and its files are not seen."""

    kind = "running"

    def __init__(self, folder: pathlib.Path, bootstrap: str):
        super().__init__(folder)
        self.bootstrap = bootstrap
        self.data = None
        host, _, port = bootstrap.rpartition(":")
        self.host, self.port = host, int(port)

    def start(self) -> float:
        seconds = wait_for_metadata(self.host, self.port, 10)
        if seconds is None:
            raise Failure(f"no broker answers at {self.bootstrap}")
        return seconds

    def alive(self) -> bool:
        return True

    def stop(self) -> float:
        return 0.0

    def kill(self) -> None:
        pass

"""Walks through a page of docs/guide: its commands and functions against a server of its own, what they print against the page."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Mapping

from . import pages, paths
from .broker import Broker, ThalwegBroker
from .outcome import Failure
from .wire import free_port, free_shift

_LIMIT_SECONDS = 60


def server(folder: pathlib.Path) -> ThalwegBroker:
    """As a user's, but on ports of its own; not yet started."""
    broker = ThalwegBroker(folder)
    # What the pages say, and what stands for it here.
    broker.addresses = {"localhost:9092": broker.bootstrap, **{
        shown: f"127.0.0.1:{free_port()}" for shown in ("localhost:9644", "localhost:8081", "localhost:8080", "127.0.0.1:9400")}}
    broker.properties["metrics.listeners"] = f"http://{broker.addresses['localhost:9644']}"
    broker.properties["schema.registry.listeners"] = f"http://{broker.addresses['localhost:8081']}"
    broker.properties["console.listeners"] = f"http://{broker.addresses['localhost:8080']}"
    return broker


def _kill(process: subprocess.Popen) -> None:
    """With what it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Walk:
    def __init__(self, broker: "Broker | Cluster", folder: pathlib.Path, program: list[str], environment: Mapping[str, str]):
        self.broker = broker
        self.folder = folder
        self.program = program
        self.running: list[tuple[pages.Step, subprocess.Popen, pathlib.Path]] = []
        self.environment = {
            **os.environ, **environment, "PATH": f"{broker.binary.resolve().parent}:{os.environ['PATH']}", "THALWEG_BROKERS": broker.bootstrap,
            "SCHEMA_REGISTRY_URL": f"http://{broker.addresses.get('localhost:8081', 'localhost:8081')}",
            "GUIDE_ADDRESSES": ",".join(f"{shown}={real}" for shown, real in broker.addresses.items())}

    def through(self, page: pathlib.Path, language: str) -> str:
        """Says how much was done. The first thing that is not as the page says is a Failure."""
        text = page.read_text()
        for name, content in pages.files(text).items():
            (self.folder / name).write_text(content)
        steps = pages.steps(text, language)
        try:
            for step in steps:
                self._take(step)
            while self.running:
                self._end(*self.running.pop())
        finally:
            for _, process, _ in self.running:
                _kill(process)
        functions = sum(s.function is not None for s in steps)
        return f"{functions} functions, {len(steps) - functions} commands"

    def _take(self, step: pages.Step) -> None:
        output = self.folder / f"{step.function or 'command'}.out"
        with open(output, "w") as out:
            # A function's errors are no part of what it prints; of a command a user sees both.
            errors = open(output.with_suffix(".err"), "w") if step.function else subprocess.STDOUT
            process = subprocess.Popen(self._command(step), stdin=subprocess.DEVNULL, stdout=out, stderr=errors, cwd=self.folder, env=self.environment,
                                       start_new_session=True)
        self.running.append((step, process, output))
        self._wait(step, process, output)
        if not step.background:
            self._end(*self.running.pop())

    def _command(self, step: pages.Step) -> list[str]:
        if step.function:
            return [*self.program, step.function]
        command = step.command
        for shown, real in self.broker.addresses.items():
            command = command.replace(shown, real)
        return ["bash", "-c", command]

    def _wait(self, step: pages.Step, process: subprocess.Popen, output: pathlib.Path) -> None:
        """Until it has ended, or has printed what it should: one that would go on is stopped then, as Ctrl-C does it."""
        end = time.monotonic() + _LIMIT_SECONDS
        while process.poll() is None and not (step.stopped and step.printed and self._as_shown(step, output)):
            if time.monotonic() > end:
                _kill(process)
                raise Failure(f"does not end, nor print what it should: {step.function or step.command}")
            time.sleep(0.02)

    def _end(self, step: pages.Step, process: subprocess.Popen, output: pathlib.Path) -> None:
        name = step.function or step.command
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        try:
            code = process.wait(_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            _kill(process)
            raise Failure(f"does not end: {name}") from None
        errors = output.with_suffix(".err").read_text() if step.function else ""
        if not self._as_shown(step, output):
            raise Failure(f"{name}: the page and what was printed differ:\n--- page\n" + "\n".join(step.printed) +
                          "\n--- printed\n" + "\n".join(self._printed(output)) + f"\n{errors}")
        if step.stopped and code:
            raise Failure(f"{name} ended with {code}: {errors}")

    def _as_shown(self, step: pages.Step, output: pathlib.Path) -> bool:
        return pages.matches(self._printed(output), [line.rstrip() for line in step.printed], step.any_order)

    def _printed(self, output: pathlib.Path) -> list[str]:
        text = output.read_text(errors="replace")
        for shown, real in self.broker.addresses.items():
            text = text.replace(real, shown)
        return [line.rstrip() for line in text.splitlines()]


class Cluster:
    """What ./dev cluster starts, on ports and in a folder of its own."""

    def __init__(self, folder: pathlib.Path, nodes: int):
        self.binary = paths.thalweg_binary()
        self.folder, self._nodes = folder, nodes
        shift = free_shift((9092, 8081, 8080, 8180, 8280, 9644, 19092), nodes)
        self.addresses = {f"localhost:{9092 + n}": f"localhost:{9092 + n + shift}" for n in range(nodes)}
        self.addresses[".data/cluster"] = str(folder)
        self.bootstrap = f"localhost:{9092 + shift}"
        self._command = [sys.executable, "-B", str(paths.REPOSITORY / "tools" / "cluster.py"), "--bin", str(self.binary.resolve().parent),
                         "--data", str(folder), "--shift", str(shift), str(nodes)]
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        log = self.folder.with_suffix(".log")
        with open(log, "w") as out:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        end = time.monotonic() + _LIMIT_SECONDS
        while f"voters={self._nodes} learners=0" not in log.read_text(errors="replace") or "ready after" not in log.read_text(errors="replace"):
            if time.monotonic() > end or self._process.poll() is not None:
                raise Failure(f"./dev cluster: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """Also what the page has started again."""
        if self._process:
            _kill(self._process)
        subprocess.run(["pkill", "-9", "-f", f"{self.folder}/"], check=False)


def alone(page: pathlib.Path, language: str, folder: pathlib.Path, program: list[str], environment: Mapping[str, str]) -> str:
    """Through a page with a server of its own, or as many as it says."""
    nodes = pages.servers(page.read_text())
    broker = server(folder / "server") if nodes == 1 else Cluster(folder / "cluster", nodes)
    (folder / "here").mkdir()
    broker.start()
    try:
        return Walk(broker, folder / "here", program, environment).through(page, language)
    finally:
        broker.kill()

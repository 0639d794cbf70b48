"""./dev cluster: servers that are one cluster, each line with its number, nothing left at the end, and what it refuses."""

import json
import os
import pathlib
import queue
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from harness import paths
from harness.outcome import Failure, Skip, expect, expect_equal
from harness.wire import free_shift

_PROGRAM = paths.REPOSITORY / "tools" / "cluster.py"
_LIMIT_SECONDS = 60
_FIRST_PORTS = (9092, 8081, 8080, 8180, 8280, 9644, 19092)


def _command(*arguments: str) -> list[str]:
    thalweg = paths.thalweg_binary()
    if thalweg is None:
        raise Skip("no thalweg binary")
    return [sys.executable, "-B", str(_PROGRAM), "--bin", str(thalweg.resolve().parent), *arguments]


def _free_shift(nodes: int) -> int:
    return free_shift(_FIRST_PORTS, nodes)


class _Running:
    def __init__(self, *arguments: str):
        self.lines: list[str] = []
        self._new: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(_command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._new.put(line.rstrip("\n"))
        self._new.put(None)

    def until(self, pattern: str) -> re.Match:
        end = time.monotonic() + _LIMIT_SECONDS
        while time.monotonic() < end:
            try:
                line = self._new.get(timeout=1)
            except queue.Empty:
                continue
            if line is None:
                break
            self.lines.append(line)
            if found := re.search(pattern, line):
                return found
        raise Failure(f"it does not say {pattern!r}: {self.lines[-15:]}")

    def stopped(self, number: int, pids: list[int]) -> float:
        began = time.monotonic()
        self.process.send_signal(number)
        self.until("stopped within")
        expect("killed" not in self.lines[-1], self.lines[-1])
        expect_equal(self.process.wait(5), 0, "exit code")
        expect_equal([pid for pid in pids if pathlib.Path(f"/proc/{pid}").exists()], [], "servers that are left")
        return time.monotonic() - began


def _brokers_of(address: str) -> list[dict]:
    done = subprocess.run([str(paths.thalweg_binary()), "cluster", "info", "--brokers", address, "--output", "json"], capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else []


def _brokers_on_the_console(port: int) -> list[int]:
    with urllib.request.urlopen(f"http://localhost:{port}/api/v1/brokers", timeout=_LIMIT_SECONDS) as answer:
        return sorted(row["id"] for row in json.load(answer)["items"])


def three_are_one_cluster() -> str:
    with tempfile.TemporaryDirectory(prefix="cluster-test-") as folder:
        shift = _free_shift(3)
        arguments = ["3", "--data", folder, "--shift", str(shift)]
        seconds = []
        for run in ("the first start", "a start with what was there"):
            running = _Running(*arguments)
            try:
                pids = [int(running.until(rf"^ +{node} +localhost:{9092 + shift + node - 1} .* (\d+)$")[1]) for node in (1, 2, 3)]
                seconds.append(float(running.until(r"ready after ([0-9.]+) s")[1]))
                for node in (1, 2, 3):
                    expect(any(line.startswith(f"{node} | ") for line in running.lines), f"{run}: nothing of node {node}: {running.lines}")
                    brokers = _brokers_of(f"localhost:{9092 + shift + node - 1}")
                    expect_equal([b["broker"] for b in brokers], [1, 2, 3], f"{run}: brokers that node {node} knows")
                    expect_equal(_brokers_on_the_console(8080 + shift + 100 * (node - 1)), [1, 2, 3], f"{run}: brokers on the console of node {node}")
                if run == "the first start":
                    os.kill(pids[2], signal.SIGKILL)
                    running.until("node 3 killed by SIGKILL. To start it again: +thalweg server .*/3/server.properties")
                    del pids[2]
                seconds.append(running.stopped(signal.SIGINT, pids))
            finally:
                running.process.kill()
                running.process.wait()
        return f"ready after {seconds[0]} s and {seconds[2]} s, stopped within {max(seconds[1], seconds[3]):.1f} s"


def _refused(*arguments: str, code: int = 1) -> str:
    done = subprocess.run(_command(*arguments), capture_output=True, text=True, timeout=_LIMIT_SECONDS)
    expect_equal(done.returncode, code, f"exit code of {arguments}: {done.stdout}{done.stderr}")
    expect("Traceback" not in done.stderr, done.stderr)
    return done.stderr


def says_what_to_do() -> None:
    with tempfile.TemporaryDirectory(prefix="cluster-test-") as folder:
        shift = _free_shift(2)
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", 8082 + shift))
            taken.listen()
            said = _refused("2", "--data", folder, "--shift", str(shift))
        expect(f"port {8082 + shift} (registry of node 2) cannot be used" in said and "--shift" in said, said)
        (pathlib.Path(folder) / "1" / "data").mkdir(parents=True)
        voters = f"1@localhost:{19092 + shift},2@localhost:{19093 + shift}"
        (pathlib.Path(folder) / "1" / "server.properties").write_text(f"node.id=1\ncontroller.quorum.voters={voters}\n")
        said = _refused("3", "--data", folder, "--shift", str(shift))
        expect("holds another cluster" in said and f"./dev cluster 2 --shift {shift}" in said and f"rm -r {folder}" in said, said)
        expect("--override takes KEY=VALUE" in _refused("--override", "x", code=2), "an override without a value")
        expect("N is from 1 to 9" in _refused("0", code=2), "no server")


ALL = {
    "./dev cluster: three servers are one cluster, again after a stop, and Ctrl-C leaves none": three_are_one_cluster,
    "./dev cluster says what to do: a port, another cluster's folder, a value": says_what_to_do,
}

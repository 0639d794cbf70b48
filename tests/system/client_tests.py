"""The C++ toolkit against the server: killed in the middle, and as it is installed."""

import pathlib
import subprocess
import tempfile
import time

from harness import paths
from harness.broker import ThalwegBroker
from harness.outcome import Failure, Skip, expect

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_TOPICS = ("toolkit-in", "toolkit-out", "dlq.toolkit-out")


def _program(name: str) -> pathlib.Path:
    program = paths.built(name)
    if program is None:
        raise Skip(f"{name} is not built")
    return program


def loses_nothing_while_the_broker_is_killed(kills: int = 5, messages: int = 5000) -> str:
    program = _program("client_workload")
    with tempfile.TemporaryDirectory(prefix="thalweg-client-") as folder:
        broker = ThalwegBroker(pathlib.Path(folder))
        try:
            broker.start()
            for topic in _TOPICS:
                subprocess.run([broker.binary, "topic", "create", topic, "--partitions", "3", "--brokers", broker.bootstrap], check=True,
                               capture_output=True)
            load = subprocess.Popen([program, broker.bootstrap, str(messages)], stdout=subprocess.PIPE, text=True)
            for _ in range(kills):
                time.sleep(0.7)
                broker.kill()
                broker.start()
            said, _ = load.communicate(timeout=600)
            expect(load.returncode == 0, f"exit code {load.returncode}: {said}")
            return f"{kills} kills: {said.strip()}"
        finally:
            broker.kill()


def an_idle_client_keeps_its_memory(seconds: int = 16) -> str:
    """Up to 16,000 statistics a client: a day's, at one every five seconds."""
    program = _program("client_idle")
    with tempfile.TemporaryDirectory(prefix="thalweg-client-") as folder:
        broker = ThalwegBroker(pathlib.Path(folder))
        try:
            broker.start()
            subprocess.run([broker.binary, "topic", "create", "idle", "--brokers", broker.bootstrap], check=True, capture_output=True)
            done = subprocess.run([program, broker.bootstrap, "idle", str(seconds)], capture_output=True, text=True, timeout=120)
            expect(done.returncode == 0, f"exit code {done.returncode}: {done.stdout} {done.stderr[-500:]}")
            return done.stdout.strip().replace("\n", "; ")
        finally:
            broker.kill()


def is_installed_for_both_compilers() -> str:
    _program("client_workload")
    with tempfile.TemporaryDirectory(prefix="thalweg-client-") as folder:
        broker = ThalwegBroker(pathlib.Path(folder))
        try:
            broker.start()
            done = subprocess.run([_ROOT / "tests" / "package" / "run", broker.bootstrap], capture_output=True, text=True)
            if done.returncode:
                raise Failure(done.stdout + done.stderr)
            return done.stdout.strip().splitlines()[-1]
        finally:
            broker.kill()


ALL = {
    "the toolkit loses nothing while the broker is killed": loses_nothing_while_the_broker_is_killed,
    "an idle client keeps its memory whatever comes": an_idle_client_keeps_its_memory,
    "the toolkit as it is installed is built by both compilers": is_installed_for_both_compilers,
}

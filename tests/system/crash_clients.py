"""crash_client processes, spoken to by lines, and what they read; for kill9 and tests/faults."""

import os
import pathlib
import select
import subprocess
import sys
import time
from typing import IO

from harness.outcome import Failure
from harness.paths import built

_LIMIT_SECONDS = 120


def program() -> pathlib.Path:
    return built("crash_client") or sys.exit("build crash_client first (./dev build)")


class Client:
    def __init__(self, of: pathlib.Path, *arguments: object, output: IO[str] | None = None):
        self._name = str(arguments[0])
        self._heard = b""
        self.process = subprocess.Popen([str(of), *map(str, arguments)], stdin=subprocess.PIPE,
                                        stdout=output or subprocess.PIPE, stderr=subprocess.PIPE)

    def tell(self, line: str) -> None:
        try:
            self.process.stdin.write(f"{line}\n".encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failure(f"the client that should {self._name} has ended before its time: {self._complaint()}") from None

    def hear(self, word: str, limit: float = _LIMIT_SECONDS) -> list[int]:
        """The numbers of the next line, which must begin with the word."""
        end = time.monotonic() + limit
        while b"\n" not in self._heard:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise Failure(f"the client that should {self._name} did not say {word!r} within {limit:.0f} s")
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                raise Failure(f"a client ended instead of saying {word!r}: {self._complaint()}")
            self._heard += piece
        line, _, self._heard = self._heard.partition(b"\n")
        words = line.decode().split()
        if not words or words[0] != word:
            raise Failure(f"a client said {line!r} instead of {word!r}")
        return [int(n) for n in words[1:]]

    def wait(self, limit: float = _LIMIT_SECONDS) -> None:
        """Until it has ended by itself, and well."""
        try:
            code = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise Failure(f"the client that should {self._name} did not end within {limit:.0f} s") from None
        if code:
            raise Failure(f"the client that should {self._name} failed: {self._complaint()}")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()

    def _complaint(self) -> str:
        self.process.kill()
        return self.process.stderr.read().decode(errors="replace").strip()


def read_back(bootstrap: str, topic: str, partitions: int) -> list[list[int]]:
    """The numbers in each partition, whose offsets must be dense."""
    done = subprocess.run([str(program()), "read", bootstrap, topic, str(partitions)], capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise Failure(f"reading back: {done.stderr}")
    read: list[list[int]] = [[] for _ in range(partitions)]
    for line in done.stdout.splitlines():
        partition, offset, number = map(int, line.split())
        if offset != len(read[partition]):
            raise Failure(f"partition {partition}: offset {offset} follows {len(read[partition]) - 1}")
        read[partition].append(number)
    return read


def harm(read: list[list[int]], how: str | None) -> None:
    """Shows that the comparison sees what it is there for."""
    victim = max(read, key=len)
    middle = len(victim) // 2
    if how == "lose":
        del victim[middle]
    elif how == "repeat":
        victim.insert(middle, victim[middle])
    elif how == "swap":
        victim[middle], victim[middle + 1] = victim[middle + 1], victim[middle]

"""A program that is kept running: started again when it ends, given up when it ends again and again, stopped in time."""

import collections
import ctypes
import os
import pathlib
import signal
import subprocess
import time

from .error import DemoError

DEATHS_MOST, DEATHS_WITHIN_SECONDS = 5, 30.0
PAUSE_SECONDS = 0.5  # before it is started again
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def dies_with_us() -> None:
    """In the child: it ends when the demo does, even when that is killed."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def how_it_ended(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    return f"killed by {signal.Signals(-code).name}" if -code in list(signal.Signals) else f"killed by signal {-code}"


class Supervised:
    def __init__(self, name: str, command: list[str], folder: pathlib.Path):
        self.name, self.command = name, command
        self.log = folder / f"{name}.log"
        self.process: subprocess.Popen | None = None
        self.starts = 0
        self.last_end = ""  # how it ended the last time, for the table
        self._end_seen = 0  # of which start
        self._deaths: collections.deque[float] = collections.deque(maxlen=DEATHS_MOST)

    @property
    def restarts(self) -> int:
        return max(0, self.starts - 1)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.alive else None

    @property
    def state(self) -> str:
        return "running" if self.alive else "down"

    def start(self) -> None:
        with open(self.log, "ab") as log:
            # A session of its own: Ctrl-C on the terminal is for the demo, which stops the rest in order.
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.log.parent,
                                            start_new_session=True, preexec_fn=dies_with_us)
        self.starts += 1

    def look_after(self, now: float) -> str | None:
        """Starts it again when it has ended; what there is to say. `now` in seconds of any clock that only goes forward."""
        if self.process is None or self.alive:
            return None
        if self._end_seen != self.starts:
            self._end_seen = self.starts
            self.last_end = how_it_ended(self.process.returncode)
            self._deaths.append(now)
            if len(self._deaths) == DEATHS_MOST and now - self._deaths[0] < DEATHS_WITHIN_SECONDS:
                raise DemoError(f"{self.name} ended {DEATHS_MOST} times within {DEATHS_WITHIN_SECONDS:.0f} s; the last time it {self.last_end}",
                                f"The last it said:\n{self.tail()}")
            return f"{self.name} {self.last_end}"
        if now - self._deaths[-1] < PAUSE_SECONDS:
            return None
        self.start()
        return f"{self.name} was started again"

    def tail(self, lines: int = 8) -> str:
        said = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join("  " + line for line in said[-lines:]) or "  (nothing)"

    def signal(self, number: int) -> None:
        if self.alive:
            os.killpg(self.process.pid, number)  # it leads its session's group


def stop_all(programs: list[Supervised], seconds: float) -> list[str]:
    """SIGTERM to all at once, SIGKILL to who has not left in time; their names."""
    for program in programs:
        program.signal(signal.SIGTERM)
    late = []
    end = time.monotonic() + seconds
    for program in programs:
        if program.process is None:
            continue
        try:
            program.process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            late.append(program.name)
            program.signal(signal.SIGKILL)
            program.process.wait()
    return late

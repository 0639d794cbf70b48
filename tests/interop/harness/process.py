"""What a process uses, from /proc, and how it is made to stand still."""

import os
import pathlib
import signal
import time

from harness.outcome import Failure

_TICKS = os.sysconf("SC_CLK_TCK")
_SUSPENDED_WITHIN_SECONDS = 60


def cpu_seconds(pid: int) -> float:
    # The name in parentheses may hold blanks: fields are counted after it. 14th and 15th are user and system time.
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def suspend(pid: int) -> None:
    """SIGSTOP; returns when all its threads stand still. Until one of them has taken the signal, which may be long on a busy
    machine, the others go on and answer."""
    os.kill(pid, signal.SIGSTOP)
    end = time.monotonic() + _SUSPENDED_WITHIN_SECONDS
    while any(_state(thread) != "T" for thread in pathlib.Path(f"/proc/{pid}/task").iterdir()):
        if time.monotonic() > end:
            raise Failure(f"process {pid} does not stand still")
        time.sleep(0.001)


def resume(pid: int) -> None:
    os.kill(pid, signal.SIGCONT)


def _state(thread: pathlib.Path) -> str:
    try:
        return (thread / "stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:  # it has ended
        return "T"


def resident_mib(pid: int) -> float:
    return _status_mib(pid, "VmRSS")


def peak_mib(pid: int) -> float:
    """The most that was ever resident."""
    return _status_mib(pid, "VmHWM")


def _status_mib(pid: int, name: str) -> float:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"process {pid} has no {name}")

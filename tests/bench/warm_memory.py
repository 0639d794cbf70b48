"""Memory that this machine has been given already, kept for the page cache of what is measured next.

A virtual machine gets its memory from the host page by page, at the first touch, and may give back what it does not use. Such a
touch costs several times what a broker does to write the page, and falls on whoever writes first or most, not on who works worst."""

import mmap

SHARE = 0.6  # of what is available; the rest is for the servers, and for what they wrote before


class WarmMemory:
    """Touched at once, in as many parts as there will be phases; each phase gets the next one."""

    def __init__(self, phases: int):
        size = int(SHARE * _available() / phases) & ~0xFFFFF
        self._parts = [mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE) for _ in range(phases)]

    def give(self) -> None:
        """Free for anybody, from now on; at the moment at which the phase begins, before the host has it back."""
        if self._parts:
            self._parts.pop().close()

    def __enter__(self) -> "WarmMemory":
        return self

    def __exit__(self, *_: object) -> None:
        while self._parts:
            self.give()


def _available() -> int:
    with open("/proc/meminfo") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))

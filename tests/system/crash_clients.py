"""The programs of crash_client.cc, as the tests drive them."""

import pathlib
import subprocess

from harness.outcome import Failure


class Client:
    """One crash_client process, spoken to by lines."""

    def __init__(self, program: pathlib.Path, *arguments: object):
        self.process = subprocess.Popen([str(program), *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(self, line: str) -> None:
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failure("a client has ended before its time") from None

    def hear(self, word: str) -> list[int]:
        """The numbers of the next line, which must begin with the word."""
        line = self.process.stdout.readline().split()
        if not line or line[0] != word:
            raise Failure(f"a client ended instead of saying {word!r}")
        return [int(n) for n in line[1:]]

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def read_back(program: pathlib.Path, bootstrap: str, topic: str, partitions: int) -> list[list[int]]:
    """The numbers of each partition, in their order."""
    done = subprocess.run([str(program), "read", bootstrap, topic, str(partitions)], capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise Failure(f"reading back: {done.stderr}")
    read: list[list[int]] = [[] for _ in range(partitions)]
    for line in done.stdout.splitlines():
        partition, offset, number = map(int, line.split())
        if offset != len(read[partition]):
            raise Failure(f"partition {partition}: offset {offset} follows {len(read[partition]) - 1}")
        read[partition].append(number)
    return read

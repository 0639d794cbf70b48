"""A case: a name, a client, and a function that raises when the broker got something wrong."""

import dataclasses
import os
import pathlib
import subprocess
import time
from collections.abc import Callable, Mapping

from .broker import Broker
from .outcome import Failure, Skip

DEFAULT_LIMIT_SECONDS = 90
EXIT_SKIPPED = 77
# Of the records that programs stamp themselves: an hour ago, well within every topic's retention.
_FIRST_TIMESTAMP = int((time.time() - 3600) * 1000)


@dataclasses.dataclass
class Context:
    """What a case may use. `prefix` makes its topics and groups its own, since cases share a broker."""

    broker: Broker
    prefix: str
    folder: pathlib.Path
    limit_seconds: float
    new_broker: Callable[..., Broker]
    record: bool = False  # write down what the broker answers instead of comparing it

    def environment(self) -> dict[str, str]:
        return {**os.environ, "BOOTSTRAP": self.broker.bootstrap, "PREFIX": self.prefix, "FIRST_TIMESTAMP": str(_FIRST_TIMESTAMP)}

    def run(self, command: list[str], *, stdin: str | None = None, limit: float | None = None,
            check: bool = True, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess:
        """Runs a client program. Its output is kept in the case's folder; with `check` a non-zero exit fails the case."""
        limit = limit or self.limit_seconds
        try:
            done = subprocess.run(command, input=stdin, capture_output=True, text=True, errors="replace",
                                  timeout=limit, env={**self.environment(), **(env or {})}, cwd=self.folder)
        except subprocess.TimeoutExpired as e:
            output = b"".join(x if isinstance(x, bytes) else x.encode() for x in (e.stdout or b"", e.stderr or b""))
            self._keep(command, output.decode(errors="replace"))
            raise Failure(f"{_named(command)} did not end within {limit:.0f} s: {_reason(output.decode(errors='replace'))}") from None
        self._keep(command, done.stdout + done.stderr)
        if done.returncode == EXIT_SKIPPED:
            raise Skip(_reason(done.stderr))
        if check and done.returncode:
            raise Failure(f"{_named(command)} exited {done.returncode}: {_reason(done.stderr) or _reason(done.stdout)}")
        return done

    def _keep(self, command: list[str], output: str) -> None:
        with open(self.folder / "output.log", "a") as log:
            log.write(f"$ {' '.join(command)}\n{output}\n")


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    body: Callable[[Context], None]
    limit_seconds: float = DEFAULT_LIMIT_SECONDS
    # Kinds of broker on which the case cannot pass, with the reason to print: {"kafka": "4.x dropped JoinGroup v1"}
    not_on: Mapping[str, str] = dataclasses.field(default_factory=dict)


class Registry:
    def __init__(self) -> None:
        self.cases: list[Case] = []

    def case(self, name: str, **options) -> Callable:
        """Decorator: registers a function as a case."""
        def register(body: Callable[[Context], None]) -> Callable[[Context], None]:
            self.add(Case(name, body, **options))
            return body
        return register

    def add(self, case: Case) -> None:
        if any(c.name == case.name for c in self.cases):
            raise ValueError(f"two cases are named {case.name}")
        self.cases.append(case)


def _named(command: list[str]) -> str:
    """A readable name of a command: for java the class, else the program and its first argument."""
    if command[0] == "java":
        after = command[command.index("-cp") + 2:]
        return " ".join(after[:2]).rsplit(".", 1)[-1]
    return " ".join([pathlib.Path(command[0]).name, *[pathlib.Path(a).name for a in command[1:3] if not a.startswith("-")]])


def _reason(output: str) -> str:
    """Programs of ours end with `FAILED: why` or `SKIPPED: why`; of others the last lines have to do."""
    lines = [line for line in output.splitlines() if line.strip()]
    said = [line.partition(": ")[2] for line in lines if line.startswith(("FAILED: ", "SKIPPED: "))]
    return said[-1] if said else " | ".join(lines[-4:])

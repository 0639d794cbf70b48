"""What the demo starts: a list that a file may replace, and where the programs are found."""

import dataclasses
import json
import os
import pathlib
import random
import shutil
import socket

from .error import DemoError

# {brokers}, {http} (a free port), {folder} and {rate} are filled in. `topics` exist before any service starts.
DEFAULT = {
    "topics": ["user-events", "order-events", "payment-events", "email-events"],
    "services": [
        {"name": "ecommerce", "program": "ecommerce",
         "arguments": ["--brokers", "{brokers}", "--database", "{folder}/shop.db", "--rate", "{rate}", "--http", "{http}",
                       "--instance", "demo", "--output", "none"]},
        {"name": "analytics", "program": "analytics",
         "arguments": ["--brokers", "{brokers}", "--database", "{folder}/counts.db", "--http", "{http}", "--instance", "demo",
                       "--output", "none"]},
        {"name": "router", "program": "user-event-router", "arguments": ["--brokers", "{brokers}", "--http", "{http}", "--instance", "demo"]},
    ],
}


@dataclasses.dataclass(frozen=True)
class Service:
    name: str
    program: str
    arguments: list[str]

    @property
    def has_pages(self) -> bool:
        return any("{http}" in argument for argument in self.arguments)


def read_list(file: str | None) -> tuple[list[str], list[Service]]:
    """Topics and services of DEFAULT, or of a file of the same shape."""
    listed = DEFAULT
    if file:
        try:
            listed = json.loads(pathlib.Path(file).read_text())
        except (OSError, ValueError) as e:
            raise DemoError(f"the list of services {file} cannot be read: {e}") from None
    try:
        services = [Service(s["name"], s["program"], list(s["arguments"])) for s in listed["services"]]
        topics = list(listed.get("topics", []))
    except (KeyError, TypeError, AttributeError) as e:
        raise DemoError(f"the list of services {file} lacks {e}; it has the shape of DEFAULT in tools/demo_lib/programs.py") from None
    names = [s.name for s in services]
    if len(set(names)) != len(names) or "server" in names:
        raise DemoError(f"the services' names are not all different, or one is `server`: {', '.join(names)}")
    return topics, services


def find(program: str, folders: list[pathlib.Path]) -> str:
    """The path of a program, in the folders or (with a slash in it) where it says."""
    places = [pathlib.Path(program)] if "/" in program else [folder / program for folder in folders]
    for place in places:
        if place.is_file() and os.access(place, os.X_OK):
            return str(place.resolve())
    raise DemoError(f"there is no program {program} in {' or '.join(str(p.parent) for p in places)}",
                    "./dev build release thalweg examples    builds it; --bin FOLDER names another folder")


def free_port() -> int:
    """A high port, but none of those that the system may give to an outgoing connection before the service listens."""
    while True:
        port = random.randrange(10_000, 32_000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def require_free(port: int, option: str) -> None:
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError as e:
            raise DemoError(f"port {port} cannot be used: {e.strerror}",
                            f"Who has it:  ss -ltnp 'sport = :{port}'        Any free one:  leave {option} out") from None


def require_room(folder: pathlib.Path, megabytes: int = 200) -> None:
    free = shutil.disk_usage(folder).free // 2**20
    if free < megabytes:
        raise DemoError(f"{free} MB are free in {folder}, the demo wants {megabytes}", "TMPDIR=FOLDER ./dev demo    uses another disk")

"""The servers of ./dev cluster: where each lives and listens, what it is told, and what it says."""

import itertools
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import urllib.request

from demo_lib.error import DemoError
from demo_lib.supervised import dies_with_us, how_it_ended

# Of the first server, and how far those of the next are away: the registries follow the first console.
PORTS = {"Kafka": (9092, 1), "registry": (8081, 1), "console": (8080, 100), "metrics": (9644, 1), "controller": (19092, 1)}
_REPLICAS_MOST = 3
_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95)


class Printer:
    """Whole lines of many servers on one screen, each with its server's number in front."""

    def __init__(self, nodes: int):
        self._width = len(str(nodes))
        self._coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self._lock = threading.Lock()
        self._lost = lambda: None

    def on_lost(self, call) -> None:
        """Called when nobody reads our lines any more."""
        self._lost = call

    def line(self, node: int | None, text: str) -> None:
        mark = f"{'' if node is None else node:>{self._width}} |"
        if self._coloured:
            mark = f"\x1b[{1 if node is None else _COLOURS[(node - 1) % len(_COLOURS)]}m{mark}\x1b[0m"
        self.text(f"{mark} {text}\n")

    def text(self, text: str) -> None:
        with self._lock:
            try:
                sys.stdout.write(text)
                sys.stdout.flush()
            except OSError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                self._lost()


class Node:
    def __init__(self, id: int, folder: pathlib.Path, shift: int, printer: Printer):
        self.id, self.name, self.folder = id, f"node {id}", folder
        self.properties = folder / "server.properties"
        self.ports = {name: first + shift + (id - 1) * step for name, (first, step) in PORTS.items()}
        self.kafka = f"localhost:{self.ports['Kafka']}"
        self.registry, self.console, self.metrics = (f"http://localhost:{self.ports[name]}" for name in ("registry", "console", "metrics"))
        self.process: subprocess.Popen | None = None
        self.settings: dict[str, str] = {}
        self._printer = printer
        self._end_said = False
        self._reader: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, thalweg: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.properties.write_text("".join(f"{key}={value}\n" for key, value in self.settings.items()))
        # A session of its own: Ctrl-C on the terminal is for us, who stop them in order.
        self.process = subprocess.Popen([thalweg, "server", str(self.properties)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=dies_with_us)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._printer.line(self.id, line.decode(errors="replace").rstrip("\n"))

    def read_to_the_end(self) -> None:
        if self._reader:
            self._reader.join(timeout=5)

    def how_it_ended(self) -> str | None:
        """Said once."""
        if self.process is None or self.alive or self._end_said:
            return None
        self._end_said = True
        return how_it_ended(self.process.returncode)

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.metrics}/readyz", timeout=1):
                return True
        except OSError:
            return False

    def signal(self, number: int) -> None:
        if self.alive:
            os.killpg(self.process.pid, number)  # it leads its session's group


def layout(folder: pathlib.Path, count: int, shift: int, overrides: dict[str, str], printer: Printer) -> list[Node]:
    nodes = [Node(id, folder / str(id), shift, printer) for id in range(1, count + 1)]
    voters = ",".join(f"{node.id}@localhost:{node.ports['controller']}" for node in nodes)
    for node in nodes:
        node.settings = {
            "process.roles": "broker,controller",
            "node.id": str(node.id),
            "controller.quorum.voters": voters,
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://127.0.0.1:{node.ports['Kafka']},CONTROLLER://127.0.0.1:{node.ports['controller']}",
            "advertised.listeners": f"PLAINTEXT://{node.kafka}",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "log.dirs": str(node.folder / "data"),
            "metrics.listeners": node.metrics,
            "schema.registry.listeners": node.registry,
            "console.listeners": node.console,
            "default.replication.factor": str(min(_REPLICAS_MOST, count)),
            "offsets.topic.replication.factor": str(min(_REPLICAS_MOST, count)),
            "min.insync.replicas": "2" if count >= _REPLICAS_MOST else "1",
            "group.initial.rebalance.delay.ms": "0",
            "thalweg.shards": str(max(1, (os.cpu_count() or 1) // count)),
            **overrides,
        }
    return nodes


def _voters_in(properties: pathlib.Path) -> str:
    found = re.search(r"^controller\.quorum\.voters=(.*)$", properties.read_text(), re.M)
    return found[1] if found else ""


def require_same_cluster(folder: pathlib.Path, nodes: list[Node]) -> None:
    """A cluster remembers its members, and nodes neither join nor leave it yet."""
    for properties in sorted(folder.glob("*/server.properties")):
        if not (properties.parent / "data").exists():
            continue
        before, now = _voters_in(properties), nodes[0].settings["controller.quorum.voters"]
        if before == now:
            continue
        shift = int(re.search(r":(\d+)", before)[1]) - PORTS["controller"][0] if re.search(r":(\d+)", before) else 0
        raise DemoError(f"{folder} holds another cluster, of the nodes {before}",
                        f"To go on with it:   ./dev cluster {before.count('@')}{f' --shift {shift}' if shift else ''}\n"
                        f"To begin anew:      rm -r {folder}\nTo keep both:       --data FOLDER")


def require_free_ports(nodes: list[Node]) -> None:
    for node, what in itertools.product(nodes, nodes[0].ports):
        port = node.ports[what]
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except (OSError, OverflowError) as e:
                raise DemoError(f"port {port} ({what} of node {node.id}) cannot be used: {getattr(e, 'strerror', None) or e}",
                                f"Who has it:   ss -ltnp 'sport = :{port}'        Other ports:   ./dev cluster --shift 1000") from None

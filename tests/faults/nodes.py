"""A cluster of three servers, each on a host of its own."""

import json
import pathlib
import shutil
import subprocess
import time

from harness import paths
from harness.broker import ThalwegBroker
from harness.outcome import Failure
from harness.process import resume, suspend

from hosts import NODES, Hosts
from quorum_log import active_controller, all_vote

_CONTROLLER, _KAFKA = 9093, 9092
_PATIENCE_SECONDS = 90
DEFAULTS = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "offsets.topic.replication.factor": "3",
    "metrics.listeners": "",
    "schema.registry.listeners": "",
    "console.listeners": "",
    "thalweg.shards": "1",
    "log.segment.bytes": "1048576",  # small, so that faults meet rolled segments
}


class Node(ThalwegBroker):
    def __init__(self, folder: pathlib.Path, hosts: Hosts, node: int, properties: dict[str, str]):
        address = hosts.address(node)
        super().__init__(folder, {
            **DEFAULTS,
            "node.id": str(node),
            "controller.quorum.voters": ",".join(f"{other}@{hosts.address(other)}:{_CONTROLLER}" for other in NODES),
            "listeners": f"PLAINTEXT://{address}:{_KAFKA},CONTROLLER://{address}:{_CONTROLLER}",
            "advertised.listeners": f"PLAINTEXT://{address}:{_KAFKA}",
            **properties,
        })
        self.host, self.port = address, _KAFKA
        self.bootstrap = f"{address}:{_KAFKA}"
        self._inside = hosts.inside(node)
        self.paused = False
        self.log_level = "info"

    def command(self) -> list[str]:
        return [*self._inside, *super().command(), "--log-level", self.log_level]

    def pause(self) -> None:
        suspend(self.process.pid)
        self.paused = True

    def resume(self) -> None:
        if self.paused and self.alive():
            resume(self.process.pid)
        self.paused = False

    def stop(self) -> float:
        self.resume()  # who stands still hears no signal
        return super().stop()

    def empty_disk(self) -> None:
        shutil.rmtree(self.data)


class Cluster:
    def __init__(self, folder: pathlib.Path, hosts: Hosts, properties: dict[str, str]):
        self.hosts = hosts
        self.nodes = {node: Node(folder / f"node-{node}", hosts, node, properties) for node in NODES}
        self.bootstrap = ",".join(node.bootstrap for node in self.nodes.values())

    def start(self) -> None:
        for node in self.nodes.values():
            node.launch()
        for node in self.nodes.values():
            node.wait_until_ready()

    def end(self) -> None:
        for node in self.nodes.values():
            node.resume()
            node.kill()

    def controller(self) -> int:
        return active_controller(self.nodes) or NODES[0]

    def tool(self, *arguments: str) -> str:
        command = [str(paths.thalweg_binary()), *arguments, "--brokers", self.bootstrap]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS)
        if done.returncode:
            raise Failure(f"{' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def partitions(self, topic: str) -> list[dict]:
        return json.loads(self.tool("topic", "describe", topic, "--output", "json"))

    def wait_until_in_sync(self, *topics: str) -> float:
        """Seconds until every replica of these topics is in sync, as they must be some time after the last fault."""
        started, rows = time.monotonic(), []
        while time.monotonic() < started + _PATIENCE_SECONDS:
            try:
                rows = [row for topic in topics for row in self.partitions(topic)]
            except (Failure, subprocess.TimeoutExpired):
                rows = []
            if rows and all(len(row["in_sync"]) == len(NODES) for row in rows) and all_vote(self.nodes):
                return time.monotonic() - started
            time.sleep(0.2)
        raise Failure(f"not all replicas are in sync {_PATIENCE_SECONDS} s after the last fault: {rows}\n{self.log_tails()}")

    def log_tails(self) -> str:
        return "\n".join(f"-- node {number}\n{node.log_tail(25)}" for number, node in self.nodes.items())

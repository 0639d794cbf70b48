"""Several servers on this machine, configured as for Apache Kafka, become one cluster."""

import pathlib
import shutil
import struct
import tempfile
import time

from harness.broker import ThalwegBroker
from harness.outcome import Failure, expect, expect_equal
from harness.wire import METADATA, Connection, free_port

_LIMIT_SECONDS = 60


class Cluster:
    """Three nodes that may be controllers and are brokers; every folder begins empty and unformatted."""

    def __init__(self, folder: pathlib.Path):
        controllers = {node: free_port() for node in (1, 2, 3)}
        voters = ",".join(f"{node}@127.0.0.1:{port}" for node, port in controllers.items())
        self.nodes: dict[int, ThalwegBroker] = {}
        for node, port in controllers.items():
            broker = ThalwegBroker(folder / f"node-{node}", {
                "process.roles": "broker,controller",
                "node.id": str(node),
                "controller.quorum.voters": voters,
                "controller.listener.names": "CONTROLLER",
                "inter.broker.listener.name": "PLAINTEXT",
                "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
                "broker.session.timeout.ms": "3000",
                "broker.heartbeat.interval.ms": "500",
                "metrics.listeners": "",
                "schema.registry.listeners": "",
                "thalweg.shards": "1",
            })
            broker.properties["listeners"] = f"PLAINTEXT://127.0.0.1:{broker.port},CONTROLLER://127.0.0.1:{port}"
            self.nodes[node] = broker

    def start(self, *nodes: int) -> None:
        for node in nodes or self.nodes:
            self.nodes[node].launch()
        for node in nodes or self.nodes:
            self.nodes[node].wait_until_ready()

    def kill(self) -> None:
        for broker in self.nodes.values():
            broker.kill()

    def metadata(self, node: int) -> tuple[set[int], int]:
        """The brokers and the controller that a node tells clients of (Metadata, version 1)."""
        with Connection(self.nodes[node].port) as connection:
            answer = connection.call(METADATA, 1, struct.pack(">i", 0))
        (count,), at, brokers = struct.unpack_from(">i", answer), 4, set()
        for _ in range(count):
            broker, host = struct.unpack_from(">ih", answer, at)
            at += 6 + host + 4
            (rack,) = struct.unpack_from(">h", answer, at)
            at += 2 + max(rack, 0)
            brokers.add(broker)
        return brokers, struct.unpack_from(">i", answer, at)[0]

    def wait_for_brokers(self, node: int, wanted: set[int]) -> None:
        seen = None
        for _ in _until(_LIMIT_SECONDS):
            try:
                seen = self.metadata(node)[0]
            except OSError:
                continue
            if seen == wanted:
                return
        raise Failure(f"node {node} shows brokers {seen}, not {wanted}: {self.nodes[node].log_tail()}")

    def cluster_id(self, node: int) -> str:
        text = (self.nodes[node].data / "meta.properties").read_text()
        return next(line for line in text.splitlines() if line.startswith("cluster.id=")).partition("=")[2]

    def logged(self, node: int, text: str) -> bool:
        return text in self.nodes[node].log_path.read_text(errors="replace")

    def leader(self) -> int:
        """Who said last that its controller is active."""
        newest = (-1, 0)
        for node, broker in self.nodes.items():
            for line in broker.log_path.read_text(errors="replace").splitlines():
                if "controller active" in line:
                    epoch = int(line.rpartition("epoch=")[2].split()[0])
                    newest = max(newest, (epoch, node))
        return newest[1]


def _until(seconds: float):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.05)


def _in_cluster(body):
    def test() -> str | None:
        with tempfile.TemporaryDirectory(prefix="thalweg-cluster-") as folder:
            cluster = Cluster(pathlib.Path(folder))
            try:
                return body(cluster)
            finally:
                cluster.kill()
    return test


@_in_cluster
def three_empty_nodes_found_one_cluster(cluster):
    started = time.monotonic()
    cluster.start()
    seconds = time.monotonic() - started
    for node in cluster.nodes:
        cluster.wait_for_brokers(node, {1, 2, 3})
    expect_equal(len({cluster.cluster_id(node) for node in cluster.nodes}), 1, "number of cluster ids")
    old = cluster.leader()
    expect(old != 0, "nobody says that its controller is active")
    cluster.nodes[old].kill()
    for _ in _until(_LIMIT_SECONDS):
        if cluster.leader() != old:
            break
    expect(cluster.leader() != old, "nobody leads after kill -9 of the leader")
    rest = set(cluster.nodes) - {old}
    for node in rest:
        cluster.wait_for_brokers(node, rest)
    cluster.start(old)
    for node in cluster.nodes:
        cluster.wait_for_brokers(node, {1, 2, 3})
    return f"founded in {seconds:.1f} s"


@_in_cluster
def two_emptied_disks_found_nothing(cluster):
    cluster.start()
    name = cluster.cluster_id(3)
    cluster.kill()
    for node in (1, 2):
        shutil.rmtree(cluster.nodes[node].data)
        cluster.nodes[node].launch()
    for _ in _until(30):
        if cluster.logged(1, "waiting for node 3 at"):
            break
    expect(cluster.logged(1, "waiting for node 3 at"), f"node 1 does not say whom it waits for: {cluster.nodes[1].log_tail()}")
    cluster.nodes[3].launch()
    for _ in _until(3):
        for node in (1, 2):
            expect(cluster.cluster_id(node) in ("", name), f"node {node} belongs to another cluster than node 3")
            expect(cluster.nodes[node].alive(), f"node {node} is gone: {cluster.nodes[node].log_tail()}")
    expect_equal(cluster.cluster_id(3), name, "cluster id of the node that kept its disk")
    cluster.nodes[1].process.terminate()
    expect_equal(cluster.nodes[1].process.wait(10), 0, "exit code of a node that waits, after SIGTERM")


ALL = {
    "three nodes with empty disks found one cluster, and go on without their leader": three_empty_nodes_found_one_cluster,
    "two emptied disks of three found nothing": two_emptied_disks_found_nothing,
}

"""Several servers on this machine, configured as for Apache Kafka, become one cluster."""

import json
import pathlib
import shutil
import struct
import subprocess
import tempfile
import time

from harness import paths
from harness.broker import ThalwegBroker
from harness.outcome import Failure, expect, expect_equal
from harness.wire import METADATA, Connection, free_port

_LIMIT_SECONDS = 60


_BOTH = "broker,controller"


class Cluster:
    """By default three nodes that are controller and broker; every folder begins empty and unformatted."""

    def __init__(self, folder: pathlib.Path, roles: dict[int, str] | None = None):
        roles = roles or dict.fromkeys((1, 2, 3), _BOTH)
        controllers = {node: free_port() for node, role in roles.items() if "controller" in role}
        voters = ",".join(f"{node}@127.0.0.1:{port}" for node, port in controllers.items())
        self.nodes: dict[int, ThalwegBroker] = {}
        self.brokers = {node for node, role in roles.items() if "broker" in role}
        for node, role in roles.items():
            broker = ThalwegBroker(folder / f"node-{node}", {
                "process.roles": role,
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
            listeners = []
            if "broker" in role:
                listeners.append(f"PLAINTEXT://127.0.0.1:{broker.port}")
            if "controller" in role:
                listeners.append(f"CONTROLLER://127.0.0.1:{controllers[node]}")
            broker.properties["listeners"] = ",".join(listeners)
            broker.properties["advertised.listeners"] = listeners[0]
            self.nodes[node] = broker

    def start(self, *nodes: int) -> None:
        for node in nodes or self.nodes:
            self.nodes[node].launch()
        for node in self.brokers.intersection(nodes or self.nodes):
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


def _in_cluster(body, roles: dict[int, str] | None = None):
    def test() -> str | None:
        with tempfile.TemporaryDirectory(prefix="thalweg-cluster-") as folder:
            cluster = Cluster(pathlib.Path(folder), roles)
            try:
                return body(cluster)
            finally:
                cluster.kill()
    return test


def _in_cluster_of(roles: dict[int, str]):
    return lambda body: _in_cluster(body, roles)


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
def what_was_acknowledged_survives_its_leader(cluster):
    cluster.start()
    for node in cluster.nodes:
        cluster.wait_for_brokers(node, {1, 2, 3})
    _thalweg(cluster, ["topic", "create", "orders", "--partitions", "3", "--replicas", "3", "--config", "min.insync.replicas=2"])
    wanted, slowest = [], 0.0
    for round_number in range(3):
        records = [f"{round_number}-{i}" for i in range(2000)]
        victim = round_number + 1  # leads a partition, and may lead the metadata quorum
        _thalweg(cluster, ["produce", "orders"], "\n".join(records) + "\n")
        wanted += records
        cluster.nodes[victim].kill()
        killed = time.monotonic()
        _thalweg(cluster, ["produce", "orders", "--timeout", "60000"], f"after-{round_number}\n" * 3)
        slowest = max(slowest, time.monotonic() - killed)
        wanted += [f"after-{round_number}"] * 3
        got = _thalweg(cluster, ["consume", "orders", "--count", str(len(wanted))]).splitlines()
        expect_equal(sorted(got), sorted(wanted), "records after kill -9")
        cluster.start(victim)
        for node in cluster.nodes:
            cluster.wait_for_brokers(node, {1, 2, 3})
        _wait_until_all_in_sync(cluster)
    return f"{len(wanted)} records, 3 kills, written again after at most {slowest:.1f} s"


def _thalweg(cluster: Cluster, arguments: list[str], given: str = "") -> str:
    return _thalweg_at(cluster, cluster.brokers, arguments, given)


def _thalweg_at(cluster: Cluster, nodes: set[int], arguments: list[str], given: str = "") -> str:
    brokers = ",".join(f"127.0.0.1:{cluster.nodes[node].port}" for node in nodes)
    done = subprocess.run([str(paths.thalweg_binary()), *arguments, "--brokers", brokers], input=given, capture_output=True, text=True,
                          timeout=_LIMIT_SECONDS)
    expect_equal(done.returncode, 0, f"exit code of {' '.join(arguments)} ({done.stderr.strip()})")
    return done.stdout


def _wait_until_all_in_sync(cluster: Cluster) -> None:
    rows = []
    for _ in _until(_LIMIT_SECONDS):
        rows = json.loads(_thalweg(cluster, ["topic", "describe", "orders", "--output", "json"]))
        if [len(partition["in_sync"]) for partition in rows] == [3, 3, 3]:
            return
    raise Failure(f"not all replicas are in sync again: {rows}")


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


@_in_cluster_of({1: "broker", 2: "broker", 11: "controller", 12: "controller", 13: "controller"})
def controllers_apart_from_brokers(cluster):
    """The brokers have the lowest ids, and found nothing all the same."""
    cluster.start()
    for node in cluster.brokers:
        cluster.wait_for_brokers(node, cluster.brokers)
    _thalweg(cluster, ["topic", "create", "orders", "--partitions", "2", "--replicas", "2"])
    _thalweg(cluster, ["produce", "orders"], "first\n")
    old = cluster.leader()
    expect(old > 10, f"node {old} is the controller, and only a broker")
    cluster.nodes[old].kill()
    for _ in _until(_LIMIT_SECONDS):
        if cluster.leader() != old:
            break
    expect(cluster.leader() > 10 and cluster.leader() != old, "nobody leads after kill -9 of the active controller")
    _thalweg(cluster, ["topic", "create", "payments", "--partitions", "2", "--replicas", "2"])
    cluster.start(old)
    cluster.nodes[1].kill()
    _thalweg(cluster, ["produce", "orders", "--timeout", "60000"], "second\n")
    cluster.start(1)
    cluster.wait_for_brokers(2, {1, 2})
    expect_equal(sorted(_thalweg(cluster, ["consume", "orders", "--count", "2"]).splitlines()), ["first", "second"], "records")
    for node in (11, 12, 13):
        expect_equal(cluster.nodes[node].stop() < 10, True, "a controller stops when it is asked to")


@_in_cluster_of({1: _BOTH, 2: "broker"})
def a_node_that_stood_alone_gets_a_second(cluster):
    cluster.start(1)
    _thalweg_at(cluster, {1}, ["topic", "create", "orders", "--partitions", "2", "--replicas", "1"])
    cluster.start(2)
    cluster.wait_for_brokers(1, {1, 2})
    expect_equal(cluster.cluster_id(2), cluster.cluster_id(1), "cluster id")
    _thalweg(cluster, ["topic", "create", "payments", "--partitions", "2", "--replicas", "2"])
    _thalweg(cluster, ["produce", "payments"], "one\ntwo\n")
    cluster.nodes[1].kill()
    cluster.start(1)
    cluster.wait_for_brokers(2, {1, 2})
    expect_equal(sorted(_thalweg(cluster, ["consume", "payments", "--count", "2"]).splitlines()), ["one", "two"], "records")


ALL = {
    "three nodes with empty disks found one cluster, and go on without their leader": three_empty_nodes_found_one_cluster,
    "what was acknowledged survives kill -9 of its leader": what_was_acknowledged_survives_its_leader,
    "two emptied disks of three found nothing": two_emptied_disks_found_nothing,
    "three nodes that are only controllers, and two that are only brokers": controllers_apart_from_brokers,
    "a node that stood alone, with Kafka's file for one, gets a second": a_node_that_stood_alone_gets_a_second,
}

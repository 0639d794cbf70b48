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
from quorum_log import active_controller, all_vote

LIMIT_SECONDS = 60


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
                "metrics.listeners": "",
                "schema.registry.listeners": "",
                "console.listeners": "",
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

    @property
    def bootstrap(self) -> str:
        return ",".join(self.nodes[node].bootstrap for node in self.brokers)

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
        for _ in until(LIMIT_SECONDS):
            try:
                seen = self.metadata(node)[0]
            except OSError:
                continue
            if seen == wanted:
                return
        raise Failure(f"node {node} shows brokers {seen}, not {wanted}: {self.nodes[node].log_tail()}")

    def wait_for_each_other(self) -> None:
        for node in self.brokers:
            self.wait_for_brokers(node, self.brokers)

    def thalweg(self, arguments: list[str], given: str = "", at: str = "") -> str:
        """What the command prints that is run against all nodes, or those named."""
        done = subprocess.run([str(paths.thalweg_binary()), *arguments, "--brokers", at or self.bootstrap], input=given, capture_output=True,
                              text=True, timeout=LIMIT_SECONDS)
        expect_equal(done.returncode, 0, f"exit code of {' '.join(arguments)} ({done.stderr.strip()})")
        return done.stdout

    def partitions(self, topic: str) -> list[dict]:
        return json.loads(self.thalweg(["topic", "describe", topic, "--output", "json"]))

    def wait_until_all_in_sync(self, topic: str) -> None:
        rows = []
        for _ in until(LIMIT_SECONDS):
            rows = self.partitions(topic)
            if all(len(row["in_sync"]) == len(self.nodes) for row in rows):
                return
        raise Failure(f"not all replicas are in sync again: {rows}")

    def cluster_id(self, node: int) -> str:
        text = (self.nodes[node].data / "meta.properties").read_text()
        return next(line for line in text.splitlines() if line.startswith("cluster.id=")).partition("=")[2]

    def wait_until_all_vote(self) -> None:
        for _ in until(LIMIT_SECONDS):
            if all_vote(self.nodes):
                return
        raise Failure(f"not everybody votes again: {self.nodes[self.leader()].log_tail()}")

    def logged(self, node: int, text: str) -> bool:
        return text in self.nodes[node].log_path.read_text(errors="replace")

    def leader(self) -> int:
        return active_controller(self.nodes) or 0


def until(seconds: float):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.05)


def in_cluster(body, roles: dict[int, str] | None = None):
    """A test of nodes that have not been started yet."""
    def test() -> str | None:
        with tempfile.TemporaryDirectory(prefix="thalweg-cluster-") as folder:
            cluster = Cluster(pathlib.Path(folder), roles)
            try:
                return body(cluster)
            finally:
                cluster.kill()
    return test


def in_cluster_of(roles: dict[int, str]):
    return lambda body: in_cluster(body, roles)


@in_cluster
def three_empty_nodes_found_one_cluster(cluster):
    started = time.monotonic()
    cluster.start()
    seconds = time.monotonic() - started
    cluster.wait_for_each_other()
    expect_equal(len({cluster.cluster_id(node) for node in cluster.nodes}), 1, "number of cluster ids")
    old = cluster.leader()
    expect(old != 0, "nobody says that its controller is active")
    cluster.nodes[old].kill()
    for _ in until(LIMIT_SECONDS):
        if cluster.leader() != old:
            break
    expect(cluster.leader() != old, "nobody leads after kill -9 of the leader")
    rest = set(cluster.nodes) - {old}
    for node in rest:
        cluster.wait_for_brokers(node, rest)
    cluster.start(old)
    cluster.wait_for_each_other()
    return f"founded in {seconds:.1f} s"


@in_cluster
def what_was_acknowledged_survives_its_leader(cluster):
    cluster.start()
    cluster.wait_for_each_other()
    cluster.thalweg(["topic", "create", "orders", "--partitions", "3", "--replicas", "3", "--config", "min.insync.replicas=2"])
    wanted, slowest = [], 0.0
    for round_number in range(3):
        records = [f"{round_number}-{i}" for i in range(2000)]
        victim = round_number + 1  # leads a partition, and may lead the metadata quorum
        cluster.thalweg(["produce", "orders"], "\n".join(records) + "\n")
        wanted += records
        cluster.nodes[victim].kill()
        killed = time.monotonic()
        cluster.thalweg(["produce", "orders", "--timeout", "60000"], f"after-{round_number}\n" * 3)
        slowest = max(slowest, time.monotonic() - killed)
        wanted += [f"after-{round_number}"] * 3
        got = cluster.thalweg(["consume", "orders", "--count", str(len(wanted))]).splitlines()
        expect_equal(sorted(got), sorted(wanted), "records after kill -9")
        cluster.start(victim)
        cluster.wait_for_each_other()
        cluster.wait_until_all_in_sync("orders")
    return f"{len(wanted)} records, 3 kills, written again after at most {slowest:.1f} s"


@in_cluster
def two_emptied_disks_found_nothing(cluster):
    cluster.start()
    name = cluster.cluster_id(3)
    cluster.kill()
    for node in (1, 2):
        shutil.rmtree(cluster.nodes[node].data)
        cluster.nodes[node].launch()
    for _ in until(30):
        if cluster.logged(1, "waiting for node 3 at"):
            break
    expect(cluster.logged(1, "waiting for node 3 at"), f"node 1 does not say whom it waits for: {cluster.nodes[1].log_tail()}")
    cluster.nodes[3].launch()
    for _ in until(3):
        for node in (1, 2):
            expect(cluster.cluster_id(node) in ("", name), f"node {node} belongs to another cluster than node 3")
            expect(cluster.nodes[node].alive(), f"node {node} is gone: {cluster.nodes[node].log_tail()}")
    expect_equal(cluster.cluster_id(3), name, "cluster id of the node that kept its disk")
    cluster.nodes[1].process.terminate()
    expect_equal(cluster.nodes[1].process.wait(10), 0, "exit code of a node that waits, after SIGTERM")


@in_cluster_of({1: "broker", 2: "broker", 11: "controller", 12: "controller", 13: "controller"})
def controllers_apart_from_brokers(cluster):
    """The brokers have the lowest ids, and found nothing all the same."""
    cluster.start()
    for node in cluster.brokers:
        cluster.wait_for_brokers(node, cluster.brokers)
    cluster.thalweg(["topic", "create", "orders", "--partitions", "2", "--replicas", "2"])
    cluster.thalweg(["produce", "orders"], "first\n")
    old = cluster.leader()
    expect(old > 10, f"node {old} is the controller, and only a broker")
    cluster.nodes[old].kill()
    for _ in until(LIMIT_SECONDS):
        if cluster.leader() != old:
            break
    expect(cluster.leader() > 10 and cluster.leader() != old, "nobody leads after kill -9 of the active controller")
    cluster.thalweg(["topic", "create", "payments", "--partitions", "2", "--replicas", "2"])
    cluster.start(old)
    cluster.nodes[1].kill()
    cluster.thalweg(["produce", "orders", "--timeout", "60000"], "second\n")
    cluster.start(1)
    cluster.wait_for_brokers(2, {1, 2})
    expect_equal(sorted(cluster.thalweg(["consume", "orders", "--count", "2"]).splitlines()), ["first", "second"], "records")
    for node in (11, 12, 13):
        expect_equal(cluster.nodes[node].stop() < 10, True, "a controller stops when it is asked to")


@in_cluster_of({1: _BOTH, 2: "broker"})
def a_node_that_stood_alone_gets_a_second(cluster):
    cluster.start(1)
    cluster.thalweg(["topic", "create", "orders", "--partitions", "2", "--replicas", "1"], at=cluster.nodes[1].bootstrap)
    cluster.start(2)
    cluster.wait_for_brokers(1, {1, 2})
    expect_equal(cluster.cluster_id(2), cluster.cluster_id(1), "cluster id")
    cluster.thalweg(["topic", "create", "payments", "--partitions", "2", "--replicas", "2"])
    cluster.thalweg(["produce", "payments"], "one\ntwo\n")
    cluster.nodes[1].kill()
    cluster.start(1)
    cluster.wait_for_brokers(2, {1, 2})
    expect_equal(sorted(cluster.thalweg(["consume", "payments", "--count", "2"]).splitlines()), ["one", "two"], "records")


@in_cluster
def a_node_with_an_emptied_disk_joins_again(cluster):
    cluster.start()
    cluster.wait_for_each_other()
    cluster.thalweg(["topic", "create", "orders", "--partitions", "3", "--replicas", "3", "--config", "min.insync.replicas=2"])
    records = [str(i) for i in range(1000)]
    cluster.thalweg(["produce", "orders"], "\n".join(records) + "\n")
    name = cluster.cluster_id(1)
    cluster.nodes[3].kill()
    shutil.rmtree(cluster.nodes[3].data)
    emptied = time.monotonic()
    cluster.start(3)
    cluster.wait_for_each_other()
    cluster.wait_until_all_in_sync("orders")
    seconds = time.monotonic() - emptied
    expect_equal(cluster.cluster_id(3), name, "cluster id of the node that joined")
    cluster.wait_until_all_vote()
    cluster.nodes[1].kill()  # what it led is led by others, among them perhaps by the one that came back with nothing
    got = cluster.thalweg(["consume", "orders", "--count", str(len(records))]).splitlines()
    expect_equal(sorted(got), sorted(records), "records after the disk of one node and kill -9 of another")
    return f"in sync again after {seconds:.1f} s"


ALL = {
    "three nodes with empty disks found one cluster, and go on without their leader": three_empty_nodes_found_one_cluster,
    "what was acknowledged survives kill -9 of its leader": what_was_acknowledged_survives_its_leader,
    "a node with an emptied disk joins again, and holds what was acknowledged": a_node_with_an_emptied_disk_joins_again,
    "two emptied disks of three found nothing": two_emptied_disks_found_nothing,
    "three nodes that are only controllers, and two that are only brokers": controllers_apart_from_brokers,
    "a node that stood alone, with Kafka's file for one, gets a second": a_node_that_stood_alone_gets_a_second,
}

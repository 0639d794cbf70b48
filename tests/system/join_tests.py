"""A server that runs alone becomes a cluster when others are told to join it, a broker leaves it for good, and all stop at once."""

import json
import pathlib
import subprocess
import tempfile
import time

from cluster_tests import LIMIT_SECONDS, Cluster, in_cluster, until
from crash_clients import Client, program, read_back
from figures import compare
from harness import paths
from harness.broker import ThalwegBroker
from harness.outcome import Failure, expect, expect_equal

TOPIC, PARTITIONS, RATE = "orders", 3, 500


class Node(ThalwegBroker):
    """As somebody starts it who sets nothing but its addresses and its folder; `joins`: the address of a member."""

    def __init__(self, folder: pathlib.Path, joins: str = ""):
        super().__init__(folder, {"metrics.listeners": "", "schema.registry.listeners": "", "thalweg.shards": "1"})
        self.joins = joins

    def command(self) -> list[str]:
        properties = self._write_properties({
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "log.dirs": str(self.data),
        })
        return [str(self.binary.resolve()), "server", str(properties), *(["--join", self.joins] if self.joins else [])]

    def id(self) -> int:
        text = (self.data / "meta.properties").read_text()
        return int(next(line for line in text.splitlines() if line.startswith("node.id=")).partition("=")[2])


class Grown:
    """The first is started alone; the others join it."""

    def __init__(self, folder: pathlib.Path, size: int):
        self.nodes = [Node(folder / "1")]
        self.nodes += [Node(folder / str(i), self.nodes[0].bootstrap) for i in range(2, size + 1)]

    @property
    def bootstrap(self) -> str:
        return ",".join(node.bootstrap for node in self.nodes)

    def kill(self) -> None:
        for node in self.nodes:
            node.kill()

    def run(self, arguments: list[str], expected: int = 0) -> subprocess.CompletedProcess:
        done = subprocess.run([str(paths.thalweg_binary()), *arguments, "--brokers", self.bootstrap], capture_output=True, text=True,
                              timeout=LIMIT_SECONDS)
        expect_equal(done.returncode, expected, f"exit code of {' '.join(arguments)} ({done.stderr.strip()})")
        return done

    def table(self, arguments: list[str]):
        return json.loads(self.run([*arguments, "--output", "json"]).stdout)

    def wait_until_they_vote(self, ids: set[int]) -> None:
        roles = {}
        for _ in until(LIMIT_SECONDS):
            nodes = self.table(["cluster", "describe"])["nodes"]
            roles = {node["node"]: node["role"] for node in nodes if node["state"] == "up"}
            if set(roles) == ids and all(role in ("voter", "controller") for role in roles.values()):
                return
        raise Failure(f"not everybody votes: {roles}; {self.nodes[0].log_tail()}")

    def wait_until_in_sync(self, count: int) -> None:
        rows = []
        for _ in until(LIMIT_SECONDS):
            rows = self.table(["topic", "describe", TOPIC])
            if all(len(row["in_sync"]) == count for row in rows):
                return
        raise Failure(f"not all are in sync: {rows}")


def grown(size: int):
    def decorate(body):
        def test() -> str | None:
            with tempfile.TemporaryDirectory(prefix="thalweg-join-") as folder:
                cluster = Grown(pathlib.Path(folder), size)
                try:
                    return body(cluster)
                finally:
                    cluster.kill()
        return test
    return decorate


@grown(3)
def one_becomes_three_under_load(cluster):
    cluster.nodes[0].start()
    cluster.run(["topic", "create", TOPIC, "--partitions", str(PARTITIONS), "--replicas", "1"])
    # It knows all three, as one has to: what a client asks for once in five minutes would be too late for the end of the first.
    writer = Client(program(), "stock", cluster.bootstrap, TOPIC, PARTITIONS, RATE)
    try:
        for node in cluster.nodes[1:]:
            node.start()
        ids = {node.id() for node in cluster.nodes}
        expect_equal(ids, {1, 2, 3}, "ids that the cluster gave")
        began = time.monotonic()
        cluster.wait_until_they_vote(ids)
        seconds = time.monotonic() - began
        cluster.run(["config", "set", "min.insync.replicas=2", "--topic", TOPIC])
        cluster.run(["partition", "move", TOPIC, "--replicas", "3", "--yes"])
        cluster.wait_until_in_sync(3)
        time.sleep(1)
        cluster.nodes[0].kill()  # who founded it
        time.sleep(5)
        writer.tell("stop")
        acknowledged = writer.hear("acknowledged")
    finally:
        writer.end()
    cluster.run(["topic", "create", "later", "--replicas", "2"])
    figures = compare(acknowledged, read_back(cluster.nodes[1].bootstrap, TOPIC, PARTITIONS))
    expect_equal(figures.lost, 0, "acknowledged records that are lost")
    cluster.nodes[0].start()
    cluster.wait_until_in_sync(3)
    return f"{sum(acknowledged)} records, all vote after {seconds:.1f} s"


@grown(4)
def a_broker_is_removed(cluster):
    cluster.nodes[0].start()
    for node in cluster.nodes[1:]:
        node.start()
    ids = {1, 2, 3, 4}
    cluster.run(["topic", "create", TOPIC, "--partitions", "8", "--replicas", "2"])
    expect_equal({node.id() for node in cluster.nodes}, ids, "ids that the cluster gave")
    leaver = cluster.nodes[3]
    gone = leaver.id()
    plan = cluster.table(["cluster", "remove", str(gone), "--dry-run"])
    expect(plan and all(gone in row["from"] and gone not in row["to"] for row in plan), f"the plan does not empty broker {gone}: {plan}")
    said = cluster.table(["cluster", "remove", str(gone)])
    expect_equal((said[0]["broker"], said[0]["partitions_moved"], said[0]["result"]), (gone, len(plan), "removed"), "what it says")
    rows = cluster.table(["topic", "describe", TOPIC])
    expect(all(gone not in row["replicas"] for row in rows), f"replicas are left on broker {gone}: {rows}")
    expect_equal({row["broker"] for row in cluster.table(["cluster", "info"])}, ids - {gone}, "brokers")
    expect(leaver.stop() < 5, "the removed one stops when it is asked to")
    cluster.run(["topic", "create", "three", "--partitions", "1", "--replicas", "3"])
    few = cluster.run(["cluster", "remove", str(cluster.nodes[2].id())], expected=1)
    expect("Start another broker first" in few.stderr, few.stderr)


@grown(2)
def a_foreign_disk_is_refused(cluster):
    first, second = cluster.nodes
    first.start()
    second.joins = ""
    second.start()
    second.stop()
    second.joins = first.bootstrap
    second.launch()
    expect_equal(second.process.wait(LIMIT_SECONDS), 1, "exit code of a server with another cluster's disk")
    expect("belongs to cluster" in second.log_tail() and "empty the directories" in second.log_tail(), second.log_tail())


@in_cluster
def three_stop_at_once(cluster: Cluster):
    cluster.start()
    cluster.wait_for_each_other()
    cluster.thalweg(["topic", "create", TOPIC, "--partitions", "3", "--replicas", "3"])
    cluster.thalweg(["produce", TOPIC], "one\ntwo\n")
    began = time.monotonic()
    for broker in cluster.nodes.values():
        broker.process.terminate()
    for broker in cluster.nodes.values():
        expect_equal(broker.process.wait(30), 0, "exit code")
    seconds = time.monotonic() - began
    expect(seconds < 4, f"three that stop at once take {seconds:.1f} s")
    cluster.start()
    got = cluster.thalweg(["consume", TOPIC, "--count", "2"]).splitlines()
    expect_equal(sorted(got), ["one", "two"], "records")
    return f"stopped within {seconds:.1f} s"


ALL = {
    "a server that ran alone becomes three under load, which do without it": one_becomes_three_under_load,
    "thalweg cluster remove empties a broker and forgets it": a_broker_is_removed,
    "a server with another cluster's disk does not join": a_foreign_disk_is_refused,
    "three servers that stop at once do not wait for each other": three_stop_at_once,
}

"""The metadata quorum changes its voters while partitions move, and who decides about both is killed in the middle."""

import json
import pathlib

from cluster_command_tests import run_tool, tool_output
from cluster_tests import LIMIT_SECONDS, Cluster, in_cluster_of, until
from crash_clients import Client, program, read_back
from figures import compare
from harness.outcome import Failure, expect, expect_equal

_TOPIC, _PARTITIONS, _RATE = "orders", 4, 300
_BULK, _BULK_BYTES, _THROTTLE = "bulk", 12_000_000, 2_000_000
_FOUNDERS, _NODES = (1, 2, 3), (1, 2, 3, 4)


def _found_by_addresses(cluster: Cluster) -> None:
    """Voters are then given and taken by request. All four begin at once; the fourth is at none of the addresses."""
    ports = {node: broker.properties["listeners"].rpartition(":")[2] for node, broker in cluster.nodes.items()}
    for node, broker in cluster.nodes.items():
        del broker.properties["controller.quorum.voters"]
        broker.properties["controller.quorum.bootstrap.servers"] = ",".join(f"127.0.0.1:{ports[founder]}" for founder in _FOUNDERS)
        broker.properties["advertised.listeners"] += f",CONTROLLER://127.0.0.1:{ports[node]}"


def _voters(cluster: Cluster) -> tuple[set[int], int]:
    """Those who vote, and who of them leads."""
    voters, leader = set(), 0
    for line in run_tool(cluster, "kafka-metadata-quorum", "describe", "--replication").stdout.splitlines()[1:]:
        columns = line.split()
        if columns[-1] in ("Leader", "Follower"):
            voters.add(int(columns[0]))
        if columns[-1] == "Leader":
            leader = int(columns[0])
    return voters, leader


def _directory(cluster: Cluster, node: int) -> str:
    text = (cluster.nodes[node].data / "meta.properties").read_text()
    return next(line for line in text.splitlines() if line.startswith("directory.id=")).partition("=")[2]


def _change_voters(cluster: Cluster, wanted: set[int], *command: str) -> None:
    """Asked again where a leader that went took the answer with it."""
    done = None
    for _ in until(LIMIT_SECONDS):
        if _voters(cluster)[0] == wanted:
            return
        done = run_tool(cluster, "kafka-metadata-quorum", *command)
    raise Failure(f"voters are {_voters(cluster)[0]}, not {wanted}: {done}")


def _wanted(cluster: Cluster) -> pathlib.Path:
    path = cluster.nodes[1].folder / "wanted.json"
    moves = [{"topic": topic, "partition": partition, "replicas": [2 + (partition + i) % 3 for i in range(3)]}
             for topic, partitions in ((_TOPIC, _PARTITIONS), (_BULK, 1)) for partition in range(partitions)]
    path.write_text(json.dumps({"version": 1, "partitions": moves}))
    return path


def _moved(cluster: Cluster, wanted: pathlib.Path) -> str:
    said = ""
    for _ in until(2 * LIMIT_SECONDS):
        done = run_tool(cluster, "kafka-reassign-partitions", "--verify", "--reassignment-json-file", str(wanted))
        said = done.stdout + done.stderr
        if done.returncode == 0 and said.count("is completed") == _PARTITIONS + 1:
            return said
    raise Failure(f"the moves do not end: {said}")


@in_cluster_of(dict.fromkeys(_NODES, "broker,controller"))
def voters_change_while_partitions_move_and_controllers_die(cluster: Cluster) -> str:
    _found_by_addresses(cluster)
    cluster.start()
    cluster.wait_for_each_other()
    expect_equal(_voters(cluster)[0], set(_FOUNDERS), "voters at first")
    for topic, replicas in ((_TOPIC, ",".join(["1:2:3"] * _PARTITIONS)), (_BULK, "1:2:3")):
        tool_output(cluster, "kafka-topics", "--create", "--topic", topic, "--replica-assignment", replicas, "--config", "min.insync.replicas=2")
    cluster.thalweg(["produce", _BULK], ("x" * 999 + "\n") * (_BULK_BYTES // 1000))
    wanted = _wanted(cluster)
    writer = Client(program(), "stock", cluster.bootstrap, _TOPIC, _PARTITIONS, _RATE)
    try:
        writer.tell("mark")
        writer.hear("first_ack_us", LIMIT_SECONDS)
        tool_output(cluster, "kafka-reassign-partitions", "--execute", "--reassignment-json-file", str(wanted), "--throttle", str(_THROTTLE))
        _change_voters(cluster, {2, 3}, "remove-controller", "--controller-id", "1", "--controller-directory-id", _directory(cluster, 1))
        _change_voters(cluster, {2, 3, 4}, "--command-config", str(cluster.nodes[4].folder / "server.properties"), "add-controller")
        killed = _voters(cluster)[1]
        cluster.nodes[killed].kill()
        listed = run_tool(cluster, "kafka-reassign-partitions", "--list").stdout
        writer.tell("mark")
        writer.hear("first_ack_us", LIMIT_SECONDS)
        cluster.start(killed)
        cluster.nodes[1].kill()  # what moves away from it is nowhere else yet, perhaps
        cluster.start(1)
        _moved(cluster, wanted)
        expect_equal(_voters(cluster)[0], {2, 3, 4}, "voters at last")
        writer.tell("stop")
        acknowledged = writer.hear("acknowledged")
    finally:
        writer.end()
    expect(_BULK in listed, f"nothing moved any more when the controller was killed: {listed}")
    expect_equal({tuple(sorted(row["replicas"])) for topic in (_TOPIC, _BULK) for row in cluster.partitions(topic)}, {(2, 3, 4)}, "replicas")
    figures = compare(acknowledged, read_back(cluster.bootstrap, _TOPIC, _PARTITIONS))
    expect(figures.clean(), f"records are lost, doubled or out of order: {figures}")
    expect_equal(len(cluster.thalweg(["consume", _BULK, "--count", str(_BULK_BYTES // 1000)]).splitlines()), _BULK_BYTES // 1000, "records that moved")
    return f"{figures.acknowledged} records"


ALL = {"voters change while partitions move and controllers die": voters_change_while_partitions_move_and_controllers_die}

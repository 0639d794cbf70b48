"""Logs that begin inside of a batch, as DeleteRecords leaves them, on several servers: whoever comes to one has to take it so."""

import json
import pathlib
import shutil
import time

from cluster_command_tests import tool_output
from cluster_tests import LIMIT_SECONDS, Cluster, in_cluster, in_cluster_of, until
from harness import batches, messages
from harness.outcome import Failure, expect, expect_equal
from harness.wire import PRODUCE, Connection, produce_answer, produce_body

_BATCH = 10
_OFFSET_OUT_OF_RANGE = 1
_TOPIC = "orders"


def _row(cluster: Cluster) -> dict:
    return cluster.partitions(_TOPIC)[0]


def _append(cluster: Cluster, number: int) -> None:
    """One batch of records that are named by their offsets, at whoever leads."""
    first = number * _BATCH
    records = batches.build({"records": [f"record {first + i}" for i in range(_BATCH)]}, int(time.time() * 1000))
    said = None
    for _ in until(LIMIT_SECONDS):
        leader = _row(cluster)["leader"]
        if leader is None:
            continue
        with Connection(cluster.nodes[leader].port) as connection:
            said = produce_answer(connection.call(PRODUCE, 3, produce_body(_TOPIC, 0, records)), _TOPIC)
        if said[0] == 0:
            expect_equal(said[1], first, "base offset")
            return
    raise Failure(f"batch {number} is not taken: {said}")


def _trim(cluster: Cluster, offset: int) -> None:
    tool_output(cluster, "thalweg", "topic", "trim", _TOPIC, "--offset", str(offset), "--yes")


def _expect_records(cluster: Cluster, first: int, end: int) -> None:
    got = cluster.thalweg(["consume", _TOPIC, "--count", str(end - first)]).splitlines()
    expect_equal(got, [f"record {i}" for i in range(first, end)], "records")


def _read_at(cluster: Cluster, node: int, offset: int) -> tuple[int, int]:
    """Error code and bytes of records that a node answers a consumer with, leader or not (KIP-392)."""
    wanted = {"ReplicaId": -1, "MaxWaitMs": 0, "MinBytes": 1, "MaxBytes": 1 << 20,
              "Topics": [{"Topic": _TOPIC, "Partitions": [{"Partition": 0, "CurrentLeaderEpoch": -1, "FetchOffset": offset,
                                                           "PartitionMaxBytes": 1 << 20}]}]}
    with Connection(cluster.nodes[node].port) as connection:
        connection.send(messages.request_frame("Fetch", 11, wanted, 1))
        answer = messages.response_body("Fetch", 11, connection.receive()[1])
    partition = answer["Responses"][0]["Partitions"][0]
    return partition.get("ErrorCode", 0), len(partition.get("Records") or "")


def _wait_until_in_sync(cluster: Cluster, wanted: list[int]) -> None:
    row = {}
    for _ in until(LIMIT_SECONDS):
        row = _row(cluster)
        if sorted(row["in_sync"]) == wanted:
            return
    raise Failure(f"in sync are not {wanted}: {row}")


def _led_by(cluster: Cluster, others: set[int]) -> None:
    """Whoever leads is killed until one does that is not among those."""
    leader = _row(cluster)["leader"]
    while leader in others:
        cluster.nodes[leader].kill()
        was = leader
        for _ in until(LIMIT_SECONDS):
            leader = _row(cluster)["leader"]
            if leader not in (None, was):
                break


def _begun(cluster: Cluster, replicas: str) -> None:
    cluster.start()
    cluster.wait_for_each_other()
    tool_output(cluster, "kafka-topics", "--create", "--topic", _TOPIC, "--replica-assignment", replicas)
    for number in range(3):
        _append(cluster, number)


@in_cluster
def an_emptied_disk_takes_a_log_that_begins_inside_a_batch(cluster: Cluster) -> str:
    """Node 3 comes back with nothing, and then leads."""
    _begun(cluster, "1:2:3")
    _trim(cluster, 5)
    cluster.nodes[3].kill()
    shutil.rmtree(cluster.nodes[3].data)
    emptied = time.monotonic()
    cluster.start(3)
    cluster.wait_for_each_other()
    _wait_until_in_sync(cluster, [1, 2, 3])
    seconds = time.monotonic() - emptied
    for node in (1, 2, 3):
        expect_equal(_read_at(cluster, node, 4)[0], _OFFSET_OUT_OF_RANGE, f"error code before the log start, at node {node}")
        error, size = _read_at(cluster, node, 5)
        expect(error == 0 and size > 0, f"node {node} answers {error} and {size} bytes at the log start")
    cluster.wait_until_all_vote()
    _append(cluster, 3)
    tool_output(cluster, "thalweg", "partition", "elect", _TOPIC)
    cluster.nodes[1].kill()
    _expect_records(cluster, 5, 40)
    return f"in sync again after {seconds:.1f} s"


@in_cluster
def a_reassigned_replica_takes_a_log_that_begins_inside_a_batch(cluster: Cluster) -> None:
    """It is moved to node 3 alone, so that all that is read is the copy."""
    _begun(cluster, "1")
    _trim(cluster, 17)
    wanted = pathlib.Path(cluster.nodes[1].folder, "wanted.json")
    wanted.write_text(json.dumps({"version": 1, "partitions": [{"topic": _TOPIC, "partition": 0, "replicas": [3]}]}))
    tool_output(cluster, "kafka-reassign-partitions", "--execute", "--reassignment-json-file", str(wanted))
    verified = ""
    for _ in until(LIMIT_SECONDS):
        verified = tool_output(cluster, "kafka-reassign-partitions", "--verify", "--reassignment-json-file", str(wanted))
        if "is completed" in verified:
            break
    expect("is completed" in verified, f"the replica does not move: {verified}")
    _append(cluster, 3)
    _expect_records(cluster, 17, 40)


@in_cluster
def a_follower_that_was_away_takes_a_log_that_begins_inside_a_batch(cluster: Cluster) -> None:
    """All that it has is deleted meanwhile. It keeps the place through a kill -9, which its recovery has to find."""
    _begun(cluster, "1:2:3")
    cluster.nodes[3].kill()
    for number in range(3, 6):
        _append(cluster, number)
    _wait_until_in_sync(cluster, [1, 2])
    _trim(cluster, 44)
    cluster.start(3)
    _wait_until_in_sync(cluster, [1, 2, 3])
    cluster.nodes[3].kill()
    cluster.start(3)
    _wait_until_in_sync(cluster, [1, 2, 3])
    _led_by(cluster, {1, 2} - {cluster.leader()})
    _expect_records(cluster, 44, 60)


@in_cluster_of({1: "broker,controller"})
def a_log_that_begins_inside_a_batch_moves_between_directories(cluster: Cluster) -> None:
    broker = cluster.nodes[1]
    disks = [str(broker.folder / "disk-1"), str(broker.folder / "disk-2")]
    broker.properties["log.dirs"] = ",".join(disks)
    _begun(cluster, "1")
    _trim(cluster, 15)
    source = next(disk for disk in disks if pathlib.Path(disk, f"{_TOPIC}-0").exists())
    target = next(disk for disk in disks if disk != source)
    wanted = pathlib.Path(broker.folder, "wanted.json")
    wanted.write_text(json.dumps({"version": 1, "partitions": [{"topic": _TOPIC, "partition": 0, "replicas": [1], "log_dirs": [target]}]}))
    tool_output(cluster, "kafka-reassign-partitions", "--execute", "--reassignment-json-file", str(wanted))
    for _ in until(LIMIT_SECONDS):
        if pathlib.Path(target, f"{_TOPIC}-0").exists() and not pathlib.Path(source, f"{_TOPIC}-0").exists():
            break
    else:
        raise Failure(f"the replica is not moved: {broker.log_tail()}")
    _append(cluster, 3)
    _expect_records(cluster, 15, 40)
    broker.kill()
    cluster.start()
    _expect_records(cluster, 15, 40)
    expect_equal(_read_at(cluster, 1, 14)[0], _OFFSET_OUT_OF_RANGE, "error code before the log start")


ALL = {
    "a log that begins inside a batch moves between directories": a_log_that_begins_inside_a_batch_moves_between_directories,
    "a log that begins inside a batch is taken by an emptied disk": an_emptied_disk_takes_a_log_that_begins_inside_a_batch,
    "a log that begins inside a batch is taken by a reassigned replica": a_reassigned_replica_takes_a_log_that_begins_inside_a_batch,
    "a log that begins inside a batch is taken by a follower that was away": a_follower_that_was_away_takes_a_log_that_begins_inside_a_batch,
}

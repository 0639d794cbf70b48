"""Replicas that move between three servers: how fast, and what else goes on meanwhile."""

import json
import pathlib
import time

from cluster_command_tests import run_tool, tool_output
from cluster_tests import LIMIT_SECONDS, Cluster, in_cluster, in_cluster_of, until
from harness.outcome import expect, expect_equal

_MEGABYTES = 50
_RATE = 5_000_000
_RECORD_BYTES = 1_000


def _records(megabytes: int) -> str:
    return ("x" * (_RECORD_BYTES - 1) + "\n") * (megabytes * 1_000_000 // _RECORD_BYTES)


def _topic(cluster: Cluster, name: str, replicas: str) -> None:
    tool_output(cluster, "kafka-topics", "--create", "--topic", name, "--replica-assignment", replicas)


def _write_seconds(cluster: Cluster, topic: str, megabytes: int) -> float:
    begun = time.monotonic()
    cluster.thalweg(["produce", topic], _records(megabytes))
    return time.monotonic() - begun


@in_cluster
def a_throttled_move_takes_its_time(cluster: Cluster) -> str:
    """50 MB at 5 MB/s take ten seconds, while another topic, with an in-sync replica on the same brokers, is as fast as before."""
    cluster.start()
    cluster.wait_for_each_other()
    _topic(cluster, "cold", "1")
    _topic(cluster, "hot", "1:2")
    tool_output(cluster, "kafka-configs", "--alter", "--entity-type", "topics", "--entity-name", "hot", "--add-config", "min.insync.replicas=2")
    cluster.thalweg(["produce", "cold"], _records(_MEGABYTES))
    _write_seconds(cluster, "hot", 5)
    before = _write_seconds(cluster, "hot", 20)
    wanted = pathlib.Path(cluster.nodes[1].folder, "wanted.json")
    wanted.write_text(json.dumps({"version": 1, "partitions": [{"topic": "cold", "partition": 0, "replicas": [2]}]}))
    begun = time.monotonic()
    started = tool_output(cluster, "kafka-reassign-partitions", "--execute", "--reassignment-json-file", str(wanted), "--throttle", str(_RATE))
    expect(f"\nThe inter-broker throttle limit was set to {_RATE} B/s\nSuccessfully started" in started, started)
    settings = tool_output(cluster, "kafka-configs", "--describe", "--entity-type", "topics", "--entity-name", "cold")
    expect("leader.replication.throttled.replicas=0:1 " in settings and "follower.replication.throttled.replicas=0:2 " in settings, settings)
    meanwhile = _write_seconds(cluster, "hot", 20)
    expect(time.monotonic() - begun < _MEGABYTES * 1_000_000 / _RATE, f"the other topic took {meanwhile:.1f} s, longer than the move; before {before:.1f} s")
    expect_equal([row["in_sync"] for row in cluster.partitions("hot")], [[1, 2]], "in sync of the other topic")
    verified = ""
    for _ in until(LIMIT_SECONDS):
        verified = tool_output(cluster, "kafka-reassign-partitions", "--verify", "--reassignment-json-file", str(wanted))
        if "is completed" in verified:
            break
    took = time.monotonic() - begun
    expect_equal(verified, "Status of partition reassignment:\nReassignment of partition cold-0 is completed.\n\n"
                           "Clearing broker-level throttles on brokers 1,2,3\nClearing topic-level throttles on topic cold\n", "verify")
    expect(8.5 < took < 14, f"{_MEGABYTES} MB at {_RATE} B/s took {took:.1f} s")
    for kind, name in (("topics", "cold"), ("brokers", "1"), ("brokers", "2")):
        left = run_tool(cluster, "kafka-configs", "--describe", "--entity-type", kind, "--entity-name", name).stdout
        expect("throttled" not in left, f"throttles are left: {left}")
    expect_equal(len(cluster.thalweg(["consume", "cold"]).splitlines()), _MEGABYTES * 1_000_000 // _RECORD_BYTES, "records after the move")
    return f"{_MEGABYTES} MB at {_RATE} B/s took {took:.1f} s; 20 MB of another topic {meanwhile:.1f} s, before {before:.1f} s"


def _directories(cluster: Cluster, topic: str) -> list[tuple[str, bool]]:
    """Where the replica lies, and whether it is the copy."""
    described = json.loads(tool_output(cluster, "kafka-log-dirs", "--describe", "--topic-list", topic).splitlines()[-1])
    return [(directory["logDir"], partition["isFuture"]) for broker in described["brokers"] for directory in broker["logDirs"]
            for partition in directory["partitions"]]


@in_cluster_of({1: "broker,controller"})
def a_replica_moves_between_directories(cluster: Cluster) -> str:
    """It is written to and read meanwhile, and the broker is killed in the middle."""
    broker = cluster.nodes[1]
    disks = [str(broker.folder / "disk-1"), str(broker.folder / "disk-2")]
    broker.properties["log.dirs"] = ",".join(disks)
    cluster.start()
    _topic(cluster, "orders", "1")
    cluster.thalweg(["produce", "orders"], _records(_MEGABYTES))
    [(source, _)] = _directories(cluster, "orders")
    target = next(disk for disk in disks if disk != source)
    wanted = pathlib.Path(broker.folder, "wanted.json")
    wanted.write_text(json.dumps({"version": 1, "partitions": [{"topic": "orders", "partition": 0, "replicas": [1], "log_dirs": [target]}]}))
    started = tool_output(cluster, "kafka-reassign-partitions", "--execute", "--reassignment-json-file", str(wanted),
                          "--replica-alter-log-dirs-throttle", "25000000")
    expect(started.endswith(f"Successfully started moving log directory to {target} for replica orders-0 with broker 1 \n"), started)
    expect_equal(sorted(_directories(cluster, "orders")), sorted([(source, False), (target, True)]), "places during the move")
    cluster.thalweg(["produce", "orders"], _records(1))
    broker.kill()
    expect(any(path.name.endswith("-future") for path in pathlib.Path(target).iterdir()), "there is no copy")
    cluster.start()
    cluster.thalweg(["produce", "orders"], _records(1))
    verified = ""
    for _ in until(LIMIT_SECONDS):
        verified = tool_output(cluster, "kafka-reassign-partitions", "--verify", "--reassignment-json-file", str(wanted))
        if "completed successfully" in verified:
            break
        cluster.thalweg(["produce", "orders"], "one more\n")
    expect("Reassignment of replica orders-0-1 completed successfully.\n" in verified, verified)
    expect_equal(_directories(cluster, "orders"), [(target, False)], "place after the move")
    held = len([line for line in cluster.thalweg(["consume", "orders"]).splitlines() if line != "one more"])
    expect_equal(held, (_MEGABYTES + 2) * 1_000_000 // _RECORD_BYTES, "records after the move")
    left = [path.name for path in pathlib.Path(source).iterdir() if path.name == "orders-0"]
    expect_equal(left, [], "the old folder")
    return f"{_MEGABYTES} MB, through a kill"


ALL = {
    "a replica moves between directories while it serves, and through a kill": a_replica_moves_between_directories,
    "a throttled move takes its time, and nothing else does": a_throttled_move_takes_its_time,
}

"""Replicas that move between three servers: how fast, and what else goes on meanwhile."""

import json
import pathlib
import time

from cluster_command_tests import run_tool, tool_output
from cluster_tests import LIMIT_SECONDS, Cluster, in_cluster, until
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


ALL = {
    "a throttled move takes its time, and nothing else does": a_throttled_move_takes_its_time,
}

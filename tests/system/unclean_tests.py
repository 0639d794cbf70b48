"""Elections of a replica that lacks what was acknowledged, where somebody has allowed them; and what becomes of those who come back."""

import json
import time

from cluster_command_tests import tool_output
from cluster_tests import LIMIT_SECONDS, Cluster, in_cluster_of, until
from harness.outcome import Failure, expect, expect_equal

_TOPIC = "orders"
_OLD, _NEW = [f"old {i}" for i in range(50)], [f"new {i}" for i in range(50)]
_in_four_nodes = in_cluster_of({1: "broker", 2: "broker", 3: "broker", 11: "controller"})  # who decides outlives them all


def _row(cluster: Cluster) -> dict:
    """Without offsets: `topic describe` looks for a leader that tells them."""
    return json.loads(tool_output(cluster, "thalweg", "partition", "list", _TOPIC, "--output", "json"))[0]


def _wait_for_leader(cluster: Cluster, node: int) -> None:
    row = {}
    for _ in until(LIMIT_SECONDS):
        row = _row(cluster)
        if row["leader"] == node:
            return
    raise Failure(f"node {node} does not lead: {row}")


def _wait_for_in_sync(cluster: Cluster, nodes: list[int]) -> None:
    row = {}
    for _ in until(LIMIT_SECONDS):
        row = _row(cluster)
        if sorted(row["in_sync"]) == nodes:
            return
    raise Failure(f"in sync are not {nodes}: {row}")


def _write(cluster: Cluster, records: list[str], acks: str = "all") -> None:
    cluster.thalweg(["produce", _TOPIC, "--acks", acks, "--timeout", "60000"], "\n".join(records) + "\n")


def _expect_records(cluster: Cluster, wanted: list[str]) -> None:
    expect_equal(cluster.thalweg(["consume", _TOPIC, "--count", str(len(wanted))]).splitlines(), wanted, "records")


def _expect_records_of_all(cluster: Cluster, leader: int, wanted: list[str]) -> None:
    """Of the one that leads, and of who leads after it."""
    _expect_records(cluster, wanted)
    cluster.nodes[leader].kill()
    _wait_for_in_sync(cluster, sorted({1, 2, 3} - {leader}))
    _expect_records(cluster, wanted)


def _end_with_the_eligible_away(cluster: Cluster, *options: str) -> None:
    """Nodes 1 and 3 have all that was acknowledged, and are eligible (KIP-966); node 2 has the older half, and is there alone."""
    cluster.start()
    for node in cluster.brokers:
        cluster.wait_for_brokers(node, cluster.brokers)
    tool_output(cluster, "kafka-topics", "--create", "--topic", _TOPIC, "--replica-assignment", "1:2:3",
                "--config", "min.insync.replicas=2", *options)
    _write(cluster, _OLD)
    cluster.nodes[2].kill()
    _wait_for_in_sync(cluster, [1, 3])
    _write(cluster, _NEW)
    cluster.nodes[3].kill()
    _wait_for_in_sync(cluster, [1])
    expect_equal(_row(cluster)["eligible"], [3], "eligible replicas beside the one in sync")
    _write(cluster, [f"ghost {i}" for i in range(20)], acks="1")
    cluster.nodes[1].kill()
    cluster.start(2)
    cluster.wait_for_brokers(2, {2})


def _expect_all_to_follow_node_2(cluster: Cluster) -> None:
    """What it lacks is lost, as whoever allows this has to know; the others take its log for theirs."""
    _wait_for_leader(cluster, 2)
    fork = [f"fork {i}" for i in range(30)]
    _write(cluster, fork, acks="1")
    cluster.start(1, 3)
    _wait_for_in_sync(cluster, [1, 2, 3])
    after = [f"after {i}" for i in range(30)]
    _write(cluster, after)
    _expect_records_of_all(cluster, 2, [*_OLD, *fork, *after])


@_in_four_nodes
def nobody_leads_without_what_was_acknowledged(cluster: Cluster) -> None:
    _end_with_the_eligible_away(cluster)
    row = _row(cluster)
    expect_equal((row["leader"], sorted(row["eligible"])), (None, [1, 3]), "leader and eligible replicas beside the one that lacks something")
    began = time.monotonic()
    described = cluster.partitions(_TOPIC)[0]
    expect_equal((described["leader"], described["begin"], described["end"]), (None, None, None), "what is known without a leader")
    expect(time.monotonic() - began < LIMIT_SECONDS / 3, "a description waits for a leader")
    cluster.start(3)
    _wait_for_leader(cluster, 3)
    after = [f"after {i}" for i in range(30)]
    _write(cluster, after)
    cluster.start(1)
    _wait_for_in_sync(cluster, [1, 2, 3])
    _expect_records_of_all(cluster, 3, [*_OLD, *_NEW, *after])


@_in_four_nodes
def an_option_lets_whoever_is_there_lead(cluster: Cluster) -> None:
    _end_with_the_eligible_away(cluster, "--config", "unclean.leader.election.enable=true")
    _expect_all_to_follow_node_2(cluster)


@_in_four_nodes
def a_request_lets_whoever_is_there_lead(cluster: Cluster) -> None:
    _end_with_the_eligible_away(cluster)
    tool_output(cluster, "kafka-leader-election", "--election-type", "unclean", "--topic", _TOPIC, "--partition", "0")
    _expect_all_to_follow_node_2(cluster)


ALL = {
    "nobody leads without what was acknowledged, until an eligible replica is back": nobody_leads_without_what_was_acknowledged,
    "an unclean election that an option allows: all take the leader's log": an_option_lets_whoever_is_there_lead,
    "an unclean election that is asked for: all take the leader's log": a_request_lets_whoever_is_there_lead,
}

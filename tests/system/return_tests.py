"""A server that comes back under its old name, with what it had when it went."""

from cluster_command_tests import tool_output
from cluster_tests import LIMIT_SECONDS, Cluster, in_cluster, until
from harness.outcome import expect, expect_equal

_TOPIC = "orders"


def _leader(cluster: Cluster) -> int | None:
    return cluster.partitions(_TOPIC)[0]["leader"]


@in_cluster
def who_comes_back_with_old_data_drops_what_nobody_else_has(cluster):
    """It led, took records that only it has (acks=1), and died. The others went on at the same offsets, and deleted from the beginning."""
    cluster.start()
    cluster.wait_for_each_other()
    tool_output(cluster, "kafka-topics", "--create", "--topic", _TOPIC, "--replica-assignment", "3:1:2", "--config", "min.insync.replicas=2")
    records = [f"record {i}" for i in range(200)]
    cluster.thalweg(["produce", _TOPIC], "\n".join(records[:100]) + "\n")
    for node in (1, 2):
        cluster.nodes[node].kill()
    ghosts = "\n".join(f"ghost {i}" for i in range(150)) + "\n"
    cluster.thalweg(["produce", _TOPIC, "--acks", "1"], ghosts, at=cluster.nodes[3].bootstrap)
    cluster.nodes[3].kill()
    cluster.start(1, 2)
    for _ in until(LIMIT_SECONDS):
        if _leader(cluster) in (1, 2):
            break
    expect(_leader(cluster) in (1, 2), f"nobody else leads: {cluster.partitions(_TOPIC)}")
    cluster.thalweg(["produce", _TOPIC, "--timeout", "60000"], "\n".join(records[100:]) + "\n")
    tool_output(cluster, "thalweg", "topic", "trim", _TOPIC, "--offset", "50", "--yes")
    cluster.start(3)
    cluster.wait_for_each_other()
    cluster.wait_until_all_in_sync(_TOPIC)
    tool_output(cluster, "kafka-leader-election", "--election-type", "preferred", "--topic", _TOPIC, "--partition", "0")
    expect_equal(_leader(cluster), 3, "leader")
    for node in (1, 2):
        cluster.nodes[node].kill()
        got = cluster.thalweg(["consume", _TOPIC, "--count", "150"], at=cluster.nodes[3].bootstrap).splitlines()
        expect_equal(got, records[50:], "records of the one that came back")
        cluster.start(node)
        cluster.wait_until_all_in_sync(_TOPIC)


ALL = {
    "who comes back with old data drops what nobody else has": who_comes_back_with_old_data_drops_what_nobody_else_has,
}

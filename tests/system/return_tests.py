"""A server that comes back under its old name: at another address, and with what it had when it went."""

import time

from cluster_command_tests import tool_output
from cluster_tests import LIMIT_SECONDS, Cluster, in_cluster, until
from crash_clients import Client, program, read_back
from figures import compare
from harness.outcome import Failure, expect, expect_equal
from harness.wire import free_port

_TOPIC, _PARTITIONS, _RATE = "orders", 3, 500


def _move(cluster: Cluster, node: int) -> None:
    """Other ports, as another host would be. Only its own file says so: the others go on with theirs, and start again with them."""
    broker = cluster.nodes[node]
    old = broker.properties["listeners"]
    broker.port, controller = free_port(), free_port()
    broker.bootstrap = f"127.0.0.1:{broker.port}"
    broker.properties["listeners"] = f"PLAINTEXT://{broker.bootstrap},CONTROLLER://127.0.0.1:{controller}"
    broker.properties["advertised.listeners"] = f"PLAINTEXT://{broker.bootstrap}"
    was = old.rpartition("//")[2]
    broker.properties["controller.quorum.voters"] = broker.properties["controller.quorum.voters"].replace(was, f"127.0.0.1:{controller}")


def _expect_served(writer: Client, when: str) -> float:
    """Seconds until something more is acknowledged."""
    began = time.monotonic()
    writer.tell("mark")
    try:
        writer.hear("first_ack_us", LIMIT_SECONDS)
    except Failure as e:
        raise Failure(f"{when}: {e}") from None
    return time.monotonic() - began


@in_cluster
def who_comes_back_at_another_address_is_found_there(cluster):
    """Clients know the old address and no other; the others have the old one in their files."""
    cluster.start()
    cluster.wait_for_each_other()
    cluster.thalweg(["topic", "create", _TOPIC, "--partitions", str(_PARTITIONS), "--replicas", "3", "--config", "min.insync.replicas=2"])
    writer = Client(program(), "stock", cluster.bootstrap, _TOPIC, _PARTITIONS, _RATE)
    try:
        _expect_served(writer, "at first")
        cluster.nodes[3].kill()
        _expect_served(writer, "without node 3")
        _move(cluster, 3)
        cluster.start(3)
        cluster.wait_for_each_other()
        cluster.wait_until_all_in_sync(_TOPIC)
        tool_output(cluster, "kafka-leader-election", "--election-type", "preferred", "--all-topic-partitions")
        led = {row["leader"] for row in cluster.partitions(_TOPIC)}
        expect_equal(led, {1, 2, 3}, "leaders, once node 3 is back")
        _expect_served(writer, "with node 3 elsewhere")
        cluster.nodes[1].kill()  # the two that are left decide nothing unless they find each other
        _expect_served(writer, "with node 3 elsewhere and without node 1")
        cluster.thalweg(["topic", "create", "later", "--replicas", "2"], at=cluster.nodes[2].bootstrap)
        cluster.start(1)
        cluster.wait_for_each_other()
        cluster.nodes[2].kill()  # node 1 has the old address in its file
        _expect_served(writer, "with node 3 elsewhere and without node 2")
        cluster.thalweg(["topic", "create", "last", "--replicas", "2"], at=cluster.nodes[1].bootstrap)
        cluster.start(2)
        cluster.wait_until_all_in_sync(_TOPIC)
        writer.tell("stop")
        acknowledged = writer.hear("acknowledged")
    finally:
        writer.end()
    figures = compare(acknowledged, read_back(cluster.bootstrap, _TOPIC, _PARTITIONS))
    expect(figures.clean(), f"records are lost, doubled or out of order: {figures}")
    return f"{figures.acknowledged} records"


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
    "who comes back at another address under the old name is found there": who_comes_back_at_another_address_is_found_there,
    "who comes back with old data drops what nobody else has": who_comes_back_with_old_data_drops_what_nobody_else_has,
}

"""A server whose folders are put back from an older copy of them: what it says of itself is what it was, and not what it has promised since."""

import shutil

from cluster_command_tests import tool_output
from cluster_tests import LIMIT_SECONDS, Cluster, in_cluster, in_cluster_of, until
from harness.outcome import Failure, expect, expect_equal
from harness.process import resume, suspend

_TOPIC = "orders"
_RECORDS = [f"record {i}" for i in range(100)]


def _copy_of(cluster: Cluster, node: int):
    """Of one moment, as a snapshot of a file system has it: the server stands still meanwhile, and goes on as if nothing was."""
    broker = cluster.nodes[node]
    copy = broker.folder / "copy"
    suspend(broker.pid)
    try:
        shutil.copytree(broker.data, copy, symlinks=True)
    finally:
        resume(broker.pid)
    return copy


def _put_back(cluster: Cluster, node: int) -> None:
    broker = cluster.nodes[node]
    shutil.rmtree(broker.data)
    (broker.folder / "copy").rename(broker.data)


def _produce(cluster: Cluster, records: list[str]) -> None:
    cluster.thalweg(["produce", _TOPIC, "--timeout", "60000"], "\n".join(records) + "\n")


def _expect_all(cluster: Cluster, when: str, at: int) -> None:
    got = cluster.thalweg(["consume", _TOPIC, "--count", str(len(_RECORDS))], at=cluster.nodes[at].bootstrap).splitlines()
    expect_equal(got, _RECORDS, f"records {when}")


def _wait(until_it_is, why) -> None:
    for _ in until(LIMIT_SECONDS):
        if until_it_is():
            return
    raise Failure(why())


def _in_sync(cluster: Cluster, wanted: list[int]) -> None:
    _wait(lambda: sorted(cluster.partitions(_TOPIC)[0]["in_sync"]) == wanted,
          lambda: f"in sync are not {wanted}: {cluster.partitions(_TOPIC)}")


@in_cluster_of({1: "broker", 2: "broker,controller", 3: "broker"})
def who_was_put_back_does_not_lead_with_less_than_was_acknowledged(cluster: Cluster) -> None:
    """Under its registration it was eligible, and by its note it has lost nothing since. The quorum does not need it, and has no replica."""
    cluster.start()
    cluster.wait_for_each_other()
    tool_output(cluster, "kafka-topics", "--create", "--topic", _TOPIC, "--replica-assignment", "3:1", "--config", "min.insync.replicas=2")
    _produce(cluster, _RECORDS[:50])
    _copy_of(cluster, 3)
    _in_sync(cluster, [1, 3])
    _produce(cluster, _RECORDS[50:])
    cluster.nodes[3].kill()
    _in_sync(cluster, [1])
    cluster.nodes[1].kill()
    _put_back(cluster, 3)
    cluster.nodes[3].launch()
    cluster.wait_for_brokers(2, {2, 3})
    expect(cluster.partitions(_TOPIC)[0]["leader"] != 3, "a broker leads with less than it has acknowledged")
    cluster.start(1)
    cluster.wait_for_each_other()
    _in_sync(cluster, [1, 3])
    _expect_all(cluster, "once all are back", 2)
    tool_output(cluster, "kafka-leader-election", "--election-type", "preferred", "--all-topic-partitions")
    expect_equal(cluster.partitions(_TOPIC)[0]["leader"], 3, "leader")
    _expect_all(cluster, "of the one that was put back", 2)


@in_cluster
def a_voter_that_was_put_back_does_not_outvote_what_it_has_helped_to_commit(cluster: Cluster) -> None:
    """Two of three decided something. One of the two forgets it, and the other one is away: those who are left are a majority."""
    cluster.start()
    cluster.wait_for_each_other()
    tool_output(cluster, "kafka-topics", "--create", "--topic", _TOPIC, "--replica-assignment", "3:1:2", "--config", "min.insync.replicas=2")
    _produce(cluster, _RECORDS[:50])
    cluster.wait_until_all_in_sync(_TOPIC)
    _copy_of(cluster, 3)
    cluster.nodes[2].kill()
    _produce(cluster, _RECORDS[50:])
    cluster.thalweg(["topic", "create", "later", "--replicas", "2"], at=cluster.nodes[1].bootstrap)
    for node in (1, 3):
        cluster.nodes[node].kill()
    _put_back(cluster, 3)
    for node in (2, 3):
        cluster.nodes[node].launch()
    says = "the metadata log of this node was put back from a copy"
    _wait(lambda: cluster.logged(3, says), lambda: f"node 3 does not say that it waits: {cluster.nodes[3].log_tail()}")
    cluster.start(1)
    for node in (2, 3):
        cluster.nodes[node].wait_until_ready()
    cluster.wait_for_each_other()
    cluster.wait_until_all_in_sync(_TOPIC)
    expect("later" in cluster.thalweg(["topic", "list"]), "a topic that was created is gone")
    _expect_all(cluster, "once all are back", 2)
    cluster.wait_until_all_vote()
    for node in cluster.nodes:
        expect(cluster.nodes[node].alive(), f"node {node} has ended: {cluster.nodes[node].log_tail()}")


@in_cluster
def a_cluster_that_is_put_back_whole_goes_on(cluster: Cluster) -> None:
    """All folders are copies, so there is nobody whose memory goes further."""
    cluster.start()
    cluster.wait_for_each_other()
    cluster.thalweg(["topic", "create", _TOPIC, "--replicas", "3", "--config", "min.insync.replicas=2"])
    _produce(cluster, _RECORDS)
    cluster.kill()
    for node in cluster.nodes.values():
        shutil.copytree(node.data, node.folder / "copy", symlinks=True)
    for node in cluster.nodes:
        _put_back(cluster, node)
    cluster.start()
    cluster.wait_for_each_other()
    cluster.wait_until_all_in_sync(_TOPIC)
    _expect_all(cluster, "of a cluster that was put back", 1)
    cluster.wait_until_all_vote()
    cluster.nodes[2].kill()
    shutil.rmtree(cluster.nodes[2].data)  # and it takes in others again
    cluster.start(2)
    cluster.wait_for_each_other()
    cluster.wait_until_all_in_sync(_TOPIC)


ALL = {
    "a broker that was put back from a copy does not lead with less than was acknowledged":
        who_was_put_back_does_not_lead_with_less_than_was_acknowledged,
    "a voter that was put back from a copy does not outvote what it has helped to commit":
        a_voter_that_was_put_back_does_not_outvote_what_it_has_helped_to_commit,
    "a cluster that is put back whole from copies goes on": a_cluster_that_is_put_back_whole_goes_on,
}

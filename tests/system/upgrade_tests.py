"""A rolling upgrade under load: nodes that stand for the release before are replaced one by one, and then the levels are raised."""

import re
import shutil
import subprocess

from cluster_command_tests import run_tool, tool_output
from cluster_tests import LIMIT_SECONDS, Cluster, in_cluster, until
from failover import Failover
from harness.outcome import Failure, expect, expect_equal

# What the release before had: the levels of metadata.version end with 4.2-IV1, and there is neither thalweg.version nor transaction.version.
_LEVELS = "thalweg.feature.levels.max"
_BEFORE = "metadata.version=29,thalweg.version=0,transaction.version=0"
_RAISE = ("--feature", "thalweg.version=1", "--feature", "transaction.version=2", "--metadata", "4.3-IV0")


def _finalized(cluster: Cluster) -> dict[str, str]:
    levels = {}
    for line in tool_output(cluster, "kafka-features", "describe").splitlines():
        fields = dict(re.findall(r"(\w+): (\S+)", line))
        levels[fields["Feature"]] = fields["FinalizedVersionLevel"]
    return levels


def _refused(cluster: Cluster, *arguments: str) -> str:
    done = run_tool(cluster, "kafka-features", *arguments)
    expect(done.returncode != 0, f"{' '.join(arguments)} is not refused: {done.stdout}")
    return done.stdout + done.stderr


def _works(cluster: Cluster, topic: str) -> None:
    """Records of the metadata log of several kinds, decided by whoever is the controller, and applied by everybody."""
    tool_output(cluster, "kafka-topics", "--create", "--topic", topic, "--partitions", "3", "--replication-factor", "3")
    tool_output(cluster, "kafka-configs", "--alter", "--entity-type", "topics", "--entity-name", topic, "--add-config", "retention.ms=1000000")
    tool_output(cluster, "kafka-topics", "--alter", "--topic", topic, "--partitions", "5")
    cluster.thalweg(["produce", topic], "one\ntwo\n")
    cluster.wait_until_all_in_sync(topic)


def _expect_too_old(cluster: Cluster, node: int, *words: str) -> None:
    broker = cluster.nodes[node]
    broker.launch()
    try:
        code = broker.process.wait(LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        raise Failure(f"a node that is too old runs on: {broker.log_tail()}") from None
    expect_equal(code, 1, "exit code of a node that is too old")
    said = broker.log_tail()
    for wanted in (*words, "Start the release that the other nodes run"):
        expect(wanted in said, f"a node that is too old does not say {wanted!r}: {said}")


@in_cluster
def nodes_are_replaced_one_by_one_under_load(cluster: Cluster) -> str:
    for broker in cluster.nodes.values():
        broker.properties[_LEVELS] = _BEFORE
    failover = Failover(cluster, rate=500)
    gaps = []
    try:
        failover.begin()
        expect_equal(_finalized(cluster), {"metadata.version": "4.2-IV1", "thalweg.version": "0", "transaction.version": "0", "eligible.leader.replicas.version": "1"},
                     "levels of a cluster that the release before has founded")
        _works(cluster, "before")
        for node, broker in cluster.nodes.items():
            del broker.properties[_LEVELS]
            gap = failover.strike(node, broker.stop)
            gaps.append(max(gap.led, gap.others))
            failover.bring_back(node)
            _works(cluster, f"with-new-{node}")
            if node < len(cluster.nodes):
                expect("only supports versions 7-29" in _refused(cluster, "upgrade", "--metadata", "4.3-IV0"),
                       "who does not speak the level is not named")
        expect_equal(_finalized(cluster)["metadata.version"], "4.2-IV1", "the level while nobody has raised it")
        tool_output(cluster, "kafka-features", "upgrade", *_RAISE)
        expect_equal(_finalized(cluster), {"metadata.version": "4.3-IV0", "thalweg.version": "1", "transaction.version": "2", "eligible.leader.replicas.version": "1"},
                     "levels after the upgrade")
        _works(cluster, "after")
        expect("Refusing to perform the requested downgrade" in _refused(cluster, "downgrade", "--metadata", "4.2-IV1"),
               "a downgrade that would lose metadata is not refused")
        victim = failover.leader()
        cluster.nodes[victim].kill()
        cluster.nodes[victim].properties[_LEVELS] = _BEFORE
        _expect_too_old(cluster, victim, "metadata.version at level 30", "speaks 7 to 29", "an older release")
        shutil.rmtree(cluster.nodes[victim].data)  # what it meets first decides who says it: the controller, the image, or a record
        _expect_too_old(cluster, victim)
        del cluster.nodes[victim].properties[_LEVELS]
        failover.bring_back(victim)
        figures = failover.finish()
    finally:
        failover.end()
    expect(figures.clean(), f"records are lost, doubled or out of order: {figures}")
    expect(figures.acknowledged > 1000, f"hardly anything was written: {figures}")
    return f"{figures.acknowledged} records; writers waited {', '.join(f'{gap:.2f} s' for gap in gaps)} when a node was replaced"


ALL = {
    "nodes of the release before are replaced one by one under load, and then the levels are raised": nodes_are_replaced_one_by_one_under_load,
}

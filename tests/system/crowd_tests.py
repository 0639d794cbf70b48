"""Clients that take every connection a server may have, as one does that leaks them: the cluster goes on without their leave."""

import contextlib
import socket
import time
from collections.abc import Iterator

from cluster_tests import LIMIT_SECONDS, Cluster, in_cluster, until
from harness.outcome import Failure, expect_equal

_MAX, _CROWD = 20, 60
_TOPIC = "orders"


@contextlib.contextmanager
def _crowd(cluster: Cluster, nodes: list[int]) -> Iterator[None]:
    """More connections than the listener for clients takes; what it does not take waits in the kernel."""
    with contextlib.ExitStack() as held:
        for node in nodes:
            for _ in range(_CROWD):
                held.enter_context(socket.create_connection(("127.0.0.1", cluster.nodes[node].port), timeout=5))
        yield


def _wait_until_started(cluster: Cluster, node: int, times: int) -> None:
    for _ in until(LIMIT_SECONDS):
        if cluster.nodes[node].log_path.read_text(errors="replace").count("broker started") == times:
            return
    raise Failure(f"node {node} does not get through to the others: {cluster.nodes[node].log_tail()}")


@in_cluster
def clients_that_take_all_connections_keep_no_node_out(cluster: Cluster) -> str:
    """Each node in turn is killed and comes back, so that in the end nobody has a connection from before."""
    for broker in cluster.nodes.values():
        broker.properties["max.connections"] = str(_MAX)
    cluster.start()
    cluster.wait_for_each_other()
    cluster.wait_until_all_vote()
    cluster.thalweg(["topic", "create", _TOPIC, "--replicas", "3", "--config", "min.insync.replicas=2"])
    slowest = 0.0
    with _crowd(cluster, list(cluster.nodes)):
        for node in cluster.nodes:
            cluster.nodes[node].kill()
            began = time.monotonic()
            cluster.nodes[node].launch()
            _wait_until_started(cluster, node, 2)
            slowest = max(slowest, time.monotonic() - began)
    cluster.wait_for_each_other()
    cluster.thalweg(["produce", _TOPIC, "--timeout", "60000"], "after\n")
    expect_equal(cluster.thalweg(["consume", _TOPIC, "--count", "1"]), "after\n", "records")
    return f"back after at most {slowest:.1f} s beside {3 * _CROWD} connections"


ALL = {
    "clients that take all connections of three servers keep no node out": clients_that_take_all_connections_keep_no_node_out,
}

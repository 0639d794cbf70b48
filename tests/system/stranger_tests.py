"""A cluster that strangers speak to: whatever they ask, nobody who writes notices, and nobody falls."""

import contextlib
import random
import time

from cluster_tests import Cluster, in_cluster
from crash_clients import Client, program, read_back
from figures import compare
from harness.outcome import expect
from harness.strange import Strange
from harness.wire import Connection

_TOPIC, _PARTITIONS, _RATE = "orders", 3, 500
_REQUESTS, _ON_A_CONNECTION = 20_000, 5
_UNDERSTOOD = {"UnregisterBroker"}  # of a broker that lives: it does what it is asked to, as Apache Kafka does
_ANSWER_SECONDS = 0.02  # some wait for long, and answers are of no interest


def _ports(cluster: Cluster) -> list[int]:
    """Those for clients and those for controllers."""
    ports = []
    for node in cluster.nodes.values():
        ports += [int(listener.rpartition(":")[2]) for listener in node.properties["listeners"].split(",")]
    return ports


def _ask(port: int, strange: Strange, count: int) -> None:
    with contextlib.suppress(OSError), Connection(port, timeout=_ANSWER_SECONDS) as connection:
        for _ in range(count):
            connection.send(strange.frame())
        connection.receive()


@in_cluster
def strangers_change_nothing_for_those_who_write(cluster: Cluster) -> str:
    """Requests of every API, on every listener, that make no sense: topics and groups of others, epochs and ids of nobody."""
    seed = random.SystemRandom().getrandbits(32)
    cluster.start()
    cluster.wait_for_each_other()
    for topic in (_TOPIC, "strange"):
        cluster.thalweg(["topic", "create", topic, "--partitions", str(_PARTITIONS), "--replicas", "3", "--config", "min.insync.replicas=2"])
    strange = Strange(seed, ["strange", cluster.cluster_id(1)], _UNDERSTOOD)
    writer = Client(program(), "produce", cluster.bootstrap, _TOPIC, _PARTITIONS, _RATE)
    try:
        ports = _ports(cluster)
        began = time.monotonic()
        for number in range(_REQUESTS // _ON_A_CONNECTION):
            _ask(ports[number % len(ports)], strange, _ON_A_CONNECTION)
        took = time.monotonic() - began
        for node, server in cluster.nodes.items():
            expect(server.alive(), f"seed {seed}: node {node} has ended: {server.log_tail()}")
        writer.tell("stop")
        acknowledged = writer.hear("acknowledged")
    finally:
        writer.end()
    cluster.wait_until_all_in_sync(_TOPIC)
    figures = compare(acknowledged, read_back(cluster.bootstrap, _TOPIC, _PARTITIONS))
    expect(figures.clean(), f"seed {seed}: records are lost, doubled or out of order: {figures}")
    return f"{_REQUESTS} requests in {took:.0f} s beside {figures.acknowledged} records, seed {seed}"


ALL = {"strangers change nothing for those who write": strangers_change_nothing_for_those_who_write}

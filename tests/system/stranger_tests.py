"""A cluster that strangers speak to: whatever they ask, nobody who writes notices, and nobody falls."""

import contextlib
import os
import random
import time

from cluster_tests import Cluster, in_cluster
from crash_clients import Client, program, read_back
from figures import compare
from harness import messages
from harness.outcome import Failure, expect, expect_equal
from harness.strange import Strange
from harness.wire import Connection

_TOPIC, _PARTITIONS, _RATE = "orders", 3, 500
_REQUESTS, _ON_A_CONNECTION = 20_000, 5
_UNDERSTOOD = {"UnregisterBroker"}  # after a goodbye in the broker's name, and before its next report, it does what it is asked to
_INVALID_REQUEST = 42
_EPOCHS = 20  # a new cluster gives out the first ones
_ANSWER_SECONDS = 0.02  # some wait for long, and answers are of no interest


def _ports(cluster: Cluster) -> list[tuple[int, int]]:
    """Of each node, that for clients and that for controllers."""
    return [tuple(int(listener.rpartition(":")[2]) for listener in node.properties["listeners"].split(","))
            for node in cluster.nodes.values()]


def _ask(port: int, strange: Strange, count: int) -> None:
    with contextlib.suppress(OSError), Connection(port, timeout=_ANSWER_SECONDS) as connection:
        for _ in range(count):
            connection.send(strange.frame())
        connection.receive()


def _seed() -> int:
    """STRANGE_SEED asks the same again."""
    return int(os.environ.get("STRANGE_SEED") or random.SystemRandom().getrandbits(32))


@contextlib.contextmanager
def _named(seed: int):
    """Whatever fails says by which seed."""
    try:
        yield
    except Exception as failure:
        raise Failure(f"seed {seed}: {failure or repr(failure)}") from failure


@contextlib.contextmanager
def _written_meanwhile(cluster: Cluster):
    """A writer beside it; afterwards everybody is there, everything in sync, and every record in its place. Gives a list, with the number of records."""
    cluster.start()
    cluster.wait_for_each_other()
    for topic in (_TOPIC, "strange"):
        cluster.thalweg(["topic", "create", topic, "--partitions", str(_PARTITIONS), "--replicas", "3", "--config", "min.insync.replicas=2"])
    written = []
    writer = Client(program(), "produce", cluster.bootstrap, _TOPIC, _PARTITIONS, _RATE)
    try:
        yield written
        for node, server in cluster.nodes.items():
            expect(server.alive(), f"node {node} has ended: {server.log_tail()}")
        writer.tell("stop")
        acknowledged = writer.hear("acknowledged")
    finally:
        writer.end()
    cluster.wait_until_all_in_sync(_TOPIC)
    figures = compare(acknowledged, read_back(cluster.bootstrap, _TOPIC, _PARTITIONS))
    expect(figures.clean(), f"records are lost, doubled or out of order: {figures}")
    written.append(figures.acknowledged)


@in_cluster
def strangers_change_nothing_for_those_who_write(cluster: Cluster) -> str:
    """Requests of every API, on every listener, that make no sense: topics and groups of others, epochs and ids of nobody."""
    seed = _seed()
    with _named(seed), _written_meanwhile(cluster) as written:
        strange = Strange(seed, ["strange", cluster.cluster_id(1)], _UNDERSTOOD)
        ports = [port for pair in _ports(cluster) for port in pair]
        began = time.monotonic()
        for number in range(_REQUESTS // _ON_A_CONNECTION):
            _ask(ports[number % len(ports)], strange, _ON_A_CONNECTION)
        took = time.monotonic() - began
    return f"{_REQUESTS} requests in {took:.0f} s beside {written[0]} records, seed {seed}"


def _report_as(cluster: Cluster, node: int, **wants: bool) -> None:
    """As somebody else, to every controller, under every epoch that the broker may have: one of them takes it for true."""
    believed = 0
    for _, port in _ports(cluster):
        with Connection(port) as connection:
            for epoch in range(_EPOCHS):
                beat = {"BrokerId": node, "BrokerEpoch": epoch, "CurrentMetadataOffset": 2**63 - 1, **wants}
                connection.send(messages.request_frame("BrokerHeartbeat", 1, beat, epoch))
                answer = messages.response_body("BrokerHeartbeat", 1, connection.receive()[1])
                believed += answer.get("ErrorCode", 0) == 0
    expect_equal(believed, 1, f"reports in the name of broker {node} that were believed")


def _unregister(cluster: Cluster, node: int) -> int:
    with Connection(_ports(cluster)[0][0]) as connection:
        connection.send(messages.request_frame("UnregisterBroker", 0, {"BrokerId": node}, 1))
        return messages.response_body("UnregisterBroker", 0, connection.receive()[1]).get("ErrorCode", 0)


@in_cluster
def what_others_report_in_a_brokers_name_does_not_last(cluster: Cluster) -> str:
    """That it wants to leave, until it may, and that it wants to be fenced: nobody asks who reports, and epochs are small numbers. Nor is a broker
    forgotten that is at work."""
    with _written_meanwhile(cluster) as written:
        for node in cluster.nodes:
            expect_equal(_unregister(cluster, node), _INVALID_REQUEST, f"error code for unregistering broker {node}")
            for wants in ({"WantShutDown": True}, {"WantShutDown": True}, {"WantFence": True}):
                _report_as(cluster, node, **wants)
            cluster.wait_until_all_in_sync(_TOPIC)
    return f"{3 * len(cluster.nodes)} false reports beside {written[0]} records"


ALL = {
    "strangers change nothing for those who write": strangers_change_nothing_for_those_who_write,
    "what others report in a broker's name does not last": what_others_report_in_a_brokers_name_does_not_last,
}

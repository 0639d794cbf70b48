"""A cluster of three, a writer that never stops, and how long it waits when a server ends.

The writer is librdkafka as people use it who set nothing (acks=all, linger 0), so what is measured is what they notice:
the cluster's part, and the client's pauses before it looks again."""

import dataclasses
import itertools
import time
from collections.abc import Callable

from cluster_tests import Cluster, until
from crash_clients import Client, program, read_back
from figures import Figures, compare
from harness import messages
from harness.outcome import Failure
from harness.wire import Connection

TOPIC, PARTITIONS = "orders", 3
LIMIT_SECONDS = 60
_BACK_SECONDS = 0.5  # who waited no longer than that, looked at twice a second, is served


@dataclasses.dataclass(frozen=True)
class Gap:
    led: float  # seconds without an acknowledgement, of the partitions that the victim led
    others: float  # of the others, which it followed


def stock_librdkafka(*arguments: object) -> Client:
    return Client(program(), "stock", *arguments)


class Failover:
    def __init__(self, cluster: Cluster, rate: int = 1000, writer: Callable[..., Client] = stock_librdkafka):
        self.cluster, self.rate, self._start_writer = cluster, rate, writer
        self.writer: Client | None = None
        self._ids = itertools.count(1)

    def begin(self) -> None:
        self.cluster.start()
        self.cluster.wait_for_each_other()
        self.cluster.thalweg(["topic", "create", TOPIC, "--partitions", str(PARTITIONS), "--replicas", "3",
                              "--config", "min.insync.replicas=2"])
        self.writer = self._start_writer(self.cluster.bootstrap, TOPIC, PARTITIONS, self.rate)
        self._wait_until_served()
        self.spread()

    def end(self) -> None:
        if self.writer:
            self.writer.end()

    def leader(self) -> int:
        """A broker that leads a partition and not the metadata quorum."""
        controller = self.cluster.leader()
        return next(node for node in self._leaders().values() if node != controller)

    def strike(self, victim: int, how: Callable[[], object]) -> Gap:
        """The victim ends; the longest wait of each kind, once everybody is served again."""
        leaders = self._leaders()
        self._gaps()  # what was before
        how()
        worst = self._wait_until_served()
        led = [gap for partition, gap in enumerate(worst) if leaders[partition] == victim]
        others = [gap for partition, gap in enumerate(worst) if leaders[partition] != victim]
        return Gap(max(led, default=0.0), max(others, default=0.0))

    def bring_back(self, node: int, rest: float = 0.0) -> float:
        """The longest wait until the node leads again what it led before, so many seconds after it is there."""
        self.cluster.start(node)
        self.cluster.wait_for_each_other()
        time.sleep(rest)
        return max(self.spread())

    def spread(self) -> list[float]:
        """Everybody is in sync, each leads a partition, and the writer has found them all.

        librdkafka waits up to 10 s before it connects again to a server that was away. Whoever is killed meanwhile would
        be waited for with it, although the others have taken over."""
        self.cluster.wait_until_all_in_sync(TOPIC)
        for _ in until(LIMIT_SECONDS):
            self._elect_preferred()
            if len(set(self._leaders().values())) == len(self.cluster.nodes):
                break
        else:
            raise Failure(f"leaderships do not go back: {self._leaders()}")
        return self._wait_until_served()

    def finish(self) -> Figures:
        """Ends the writer, and compares what it was promised with what is there."""
        self.writer.tell("stop")
        acknowledged = self.writer.hear("acknowledged")
        return compare(acknowledged, read_back(self.cluster.bootstrap, TOPIC, PARTITIONS))

    def _leaders(self) -> dict[int, int]:
        for _ in until(LIMIT_SECONDS):
            rows = self.cluster.partitions(TOPIC)
            if all(row["leader"] is not None for row in rows):
                return {row["partition"]: row["leader"] for row in rows}
        raise Failure(f"a partition has no leader: {rows}")

    def _gaps(self) -> list[float]:
        self.writer.tell("gaps")
        return [microseconds / 1e6 for microseconds in self.writer.hear("gaps_us")]

    def _wait_until_served(self) -> list[float]:
        """The longest wait of each partition."""
        worst = [0.0] * PARTITIONS
        end = time.monotonic() + LIMIT_SECONDS
        served = 0
        while served < 2 and time.monotonic() < end:
            time.sleep(_BACK_SECONDS)
            gaps = self._gaps()
            worst = [max(pair) for pair in zip(worst, gaps, strict=True)]
            served = served + 1 if max(gaps) < _BACK_SECONDS else 0
        return worst

    def _elect_preferred(self) -> None:
        with Connection(self.cluster.nodes[1].port) as connection:
            connection.send(messages.request_frame("ElectLeaders", 1, {"ElectionType": 0, "TopicPartitions": None, "TimeoutMs": 10_000},
                                                   next(self._ids)))
            connection.receive()

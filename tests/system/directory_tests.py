"""One of several log directories is not there at a start, as when a disk was not mounted, and there again later."""

import base64
import pathlib
import tempfile

from cluster_command_tests import tool_output
from cluster_tests import LIMIT_SECONDS, Cluster, in_cluster, until
from harness.outcome import Failure, expect, expect_equal

_TOPIC, _PARTITIONS, _RECORDS = "orders", 4, 80


def _give_two_directories(cluster: Cluster, node: int) -> tuple[pathlib.Path, pathlib.Path]:
    broker = cluster.nodes[node]
    both = broker.folder / "first", broker.folder / "second"
    broker.properties["log.dirs"] = ",".join(map(str, both))
    return both


def _partitions_in(directory: pathlib.Path) -> set[int]:
    return {int(path.name.rpartition("-")[2]) for path in directory.glob(f"{_TOPIC}-?")}


def _id_of(directory: pathlib.Path) -> bytes:
    text = (directory / "meta.properties").read_text()
    name = next(line.partition("=")[2] for line in text.splitlines() if line.startswith("directory.id="))
    return base64.urlsafe_b64decode(name + "==")


def _wait_until_told(first: pathlib.Path, second: pathlib.Path, count: int) -> None:
    """The metadata say of so many replicas that they lie in the second: a broker tells that a moment after it has made them."""
    for _ in until(LIMIT_SECONDS):
        log = b"".join(path.read_bytes() for path in (first / "__cluster_metadata-0").glob("*.log"))
        if log.count(_id_of(second)) - log.count(_id_of(first) + _id_of(second)) >= count:  # without registrations, which name both
            return
    raise Failure(f"the metadata do not say what lies in {second}")


def _write(cluster: Cluster, records: list[str]) -> None:
    cluster.thalweg(["produce", _TOPIC, "--timeout", "60000"], "".join(f"{text}\n" for text in records))


def _read(cluster: Cluster, count: int) -> list[str]:
    return sorted(cluster.thalweg(["consume", _TOPIC, "--count", str(count)]).splitlines())


def _led(cluster: Cluster) -> set[int]:
    return {row["partition"] for row in cluster.partitions(_TOPIC) if row["leader"] is not None}


def _wait_until_led(cluster: Cluster, wanted: set[int]) -> None:
    for _ in until(LIMIT_SECONDS):
        if _led(cluster) == wanted:
            return
    raise Failure(f"partitions with a leader are {_led(cluster)}, not {wanted}: {cluster.nodes[1].log_tail()}")


def a_directory_of_one_server_that_is_not_mounted_is_waited_for() -> None:
    """Nobody else has what lies there: an empty log in its place would take records, and lose them when the directory is back."""
    with tempfile.TemporaryDirectory(prefix="thalweg-directory-") as folder:
        cluster = Cluster(pathlib.Path(folder), {1: "broker,controller"})
        _, second = _give_two_directories(cluster, 1)
        try:
            _go_through_it(cluster, second)
        finally:
            cluster.kill()


def _go_through_it(cluster: Cluster, second: pathlib.Path) -> None:
    cluster.start()
    cluster.thalweg(["topic", "create", _TOPIC, "--partitions", str(_PARTITIONS)])
    records = [f"record {i}" for i in range(_RECORDS)]
    for at in range(0, _RECORDS, 10):  # more than a batch, so that each partition gets some
        _write(cluster, records[at:at + 10])
    there = _partitions_in(second)
    expect(0 < len(there) < _PARTITIONS, f"partitions of the second directory: {there}")
    _wait_until_told(second.with_name("first"), second, len(there))
    cluster.nodes[1].stop()
    away = second.rename(second.with_name("away"))
    second.mkdir()  # where it is mounted
    for _ in range(2):
        cluster.start()
        _wait_until_led(cluster, set(range(_PARTITIONS)) - there)
        expect(cluster.logged(1, "lies in the log directory with directory.id"), f"it does not say why: {cluster.nodes[1].log_tail()}")
        expect_equal(_partitions_in(second.with_name("first")) & there, set(), "logs that began anew in the other directory")
        cluster.nodes[1].stop()
    second.rename(second.with_name("empty"))
    away.rename(second)
    cluster.start()
    _wait_until_led(cluster, set(range(_PARTITIONS)))
    expect_equal(_read(cluster, _RECORDS), sorted(records), "records")


@in_cluster
def a_directory_that_was_away_brings_nothing_old_back(cluster: Cluster) -> None:
    """What others have was copied into the directory that was left. The older logs are there again, and first in log.dirs."""
    first, second = _give_two_directories(cluster, 3)
    cluster.nodes[3].properties["metadata.log.dir"] = str(second)
    cluster.start()
    cluster.wait_for_each_other()
    tool_output(cluster, "kafka-topics", "--create", "--topic", _TOPIC, "--replica-assignment", ",".join(["3:1:2"] * _PARTITIONS),
                "--config", "min.insync.replicas=2")
    records = [f"record {i}" for i in range(_RECORDS)]
    _write(cluster, records)
    cluster.nodes[3].stop()
    away = first.rename(first.with_name("away"))
    cluster.nodes[3].properties["log.dirs"] = str(second)
    cluster.start(3)
    cluster.wait_until_all_in_sync(_TOPIC)
    expect_equal(_partitions_in(second), set(range(_PARTITIONS)), "partitions of the directory that is left")
    more = [f"more {i}" for i in range(_RECORDS)]
    _write(cluster, more)
    cluster.kill()
    away.rename(first)
    cluster.nodes[3].properties["log.dirs"] = f"{first},{second}"
    cluster.start()
    cluster.wait_for_each_other()
    cluster.wait_until_all_in_sync(_TOPIC)
    expect_equal(_partitions_in(second), set(range(_PARTITIONS)), "partitions of the directory that was in use")
    expect(list(first.glob("*-stray")) and not _partitions_in(first), f"the older logs are not set aside: {list(first.iterdir())}")
    tool_output(cluster, "kafka-leader-election", "--election-type", "preferred", "--all-topic-partitions")
    expect_equal({row["leader"] for row in cluster.partitions(_TOPIC)}, {3}, "leaders")
    for node in (1, 2):
        cluster.nodes[node].kill()
    got = cluster.thalweg(["consume", _TOPIC, "--count", str(2 * _RECORDS)], at=cluster.nodes[3].bootstrap).splitlines()
    expect_equal(sorted(got), sorted(records + more), "records of the one whose directory was away")


def directories_in_another_order_are_refused() -> None:
    """The first has the metadata log. A node that looked for it in another would pass for one that has lost it."""
    with tempfile.TemporaryDirectory(prefix="thalweg-directory-") as folder:
        cluster = Cluster(pathlib.Path(folder), {1: "broker,controller"})
        first, second = _give_two_directories(cluster, 1)
        broker = cluster.nodes[1]
        try:
            cluster.start()
            cluster.thalweg(["topic", "create", _TOPIC])
            broker.stop()
            broker.properties["log.dirs"] = f"{second},{first}"
            broker.launch()
            expect_equal(broker.process.wait(LIMIT_SECONDS), 1, "exit code of a server whose directories have another order")
            expect(cluster.logged(1, f"set metadata.log.dir={first}"), f"it does not say what to do: {broker.log_tail()}")
            broker.properties["metadata.log.dir"] = str(first)
            cluster.start()
            _wait_until_led(cluster, {0})
        finally:
            cluster.kill()


ALL = {
    "log directories in another order are refused, with what to set": directories_in_another_order_are_refused,
    "a log directory that is not mounted is waited for where nobody else has what is in it": a_directory_of_one_server_that_is_not_mounted_is_waited_for,
    "a log directory that was away brings nothing old back": a_directory_that_was_away_brings_nothing_old_back,
}

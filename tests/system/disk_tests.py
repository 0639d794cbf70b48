"""Disks that fail one of three servers: a bit flips where nobody looks, or there is no room any more."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import time
from collections.abc import Iterator

from cluster_command_tests import tool_output
from cluster_tests import LIMIT_SECONDS, Cluster, in_cluster, until
from harness import batches, messages, paths
from harness.outcome import Failure, Skip, expect, expect_equal
from harness.wire import PRODUCE, Connection, produce_answer, produce_body

_TOPIC, _OTHER = "orders", "payments"
_BATCHES = 40
_ROOM_MIB, _MORE_ROOM_MIB = 48, 400
_LARGE = "x" * 500_000


def _append(cluster: Cluster, topic: str, text: str) -> None:
    """One batch of one record, at whoever leads, until it is acknowledged by all in sync."""
    said = None
    for _ in until(LIMIT_SECONDS):
        leader = cluster.partitions(topic)[0]["leader"]
        if leader is None:
            continue
        with Connection(cluster.nodes[leader].port) as connection:
            records = batches.build({"records": [text]}, int(time.time() * 1000))
            said = produce_answer(connection.call(PRODUCE, 3, produce_body(topic, 0, records)), topic)[0]
        if said == 0:
            return
    raise Failure(f"{text[:20]!r} is not taken: error code {said}")


def _flip_a_bit(cluster: Cluster, node: int) -> None:
    """In the middle of what the node has of the topic, which is running nowhere."""
    path = cluster.nodes[node].data / f"{_TOPIC}-0" / "00000000000000000000.log"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _begin(cluster: Cluster) -> list[str]:
    """What was acknowledged by all three; node 3 leads."""
    cluster.start()
    cluster.wait_for_each_other()
    tool_output(cluster, "kafka-topics", "--create", "--topic", _TOPIC, "--replica-assignment", "3:1:2", "--config", "min.insync.replicas=2")
    wanted = [f"record {i}" for i in range(_BATCHES)]
    for text in wanted:
        _append(cluster, _TOPIC, text)
    return wanted


def _expect_all_when_it_leads_again(cluster: Cluster, wanted: list[str]) -> None:
    """Node 3, whose disk had lost some of it."""
    tool_output(cluster, "kafka-leader-election", "--election-type", "preferred", "--topic", _TOPIC, "--partition", "0")
    expect_equal(cluster.partitions(_TOPIC)[0]["leader"], 3, "leader")
    got = cluster.thalweg(["consume", _TOPIC, "--count", str(len(wanted))]).splitlines()
    expect_equal(got, wanted, "records of the one whose disk had lost some")


@in_cluster
def a_bit_that_flips_on_one_disk_of_three_costs_no_record(cluster: Cluster) -> None:
    """All are killed, and the one whose log is damaged led. It cuts its log there, and must not lead with what is left."""
    wanted = _begin(cluster)
    cluster.kill()
    _flip_a_bit(cluster, 3)
    cluster.start()
    cluster.wait_for_each_other()
    expect(cluster.logged(3, "log is damaged"), f"the damage is not seen: {cluster.nodes[3].log_tail()}")
    _append(cluster, _TOPIC, "afterwards")
    got = cluster.thalweg(["consume", _TOPIC, "--count", str(_BATCHES + 1)]).splitlines()
    expect_equal(got, [*wanted, "afterwards"], "records")
    cluster.wait_until_all_in_sync(_TOPIC)
    _expect_all_when_it_leads_again(cluster, [*wanted, "afterwards"])


def _noted(cluster: Cluster, node: int) -> bool:
    path = cluster.nodes[node].data / "recovery-point-offset-checkpoint"
    return path.exists() and f"{_TOPIC} 0 {_BATCHES}\n" in path.read_text()


@in_cluster
def a_folder_that_is_taken_away_on_one_disk_of_three_costs_no_record(cluster: Cluster) -> None:
    """All are killed, and the one without its folder comes back first: it led, and is in sync by the metadata."""
    for broker in cluster.nodes.values():
        broker.properties["log.flush.offset.checkpoint.interval.ms"] = "500"
    wanted = _begin(cluster)
    for _ in until(LIMIT_SECONDS):
        if _noted(cluster, 3):
            break
    cluster.kill()
    shutil.rmtree(cluster.nodes[3].data / f"{_TOPIC}-0")
    for node in (3, 1):
        cluster.nodes[node].launch()
    for _ in until(LIMIT_SECONDS):
        if cluster.logged(3, "the folder of a partition is gone"):
            break
    cluster.start(2)
    cluster.wait_for_each_other()
    _append(cluster, _TOPIC, "afterwards")
    cluster.wait_until_all_in_sync(_TOPIC)
    got = cluster.thalweg(["consume", _TOPIC, "--count", str(_BATCHES + 1)]).splitlines()
    expect_equal(got, [*wanted, "afterwards"], "records")
    _expect_all_when_it_leads_again(cluster, [*wanted, "afterwards"])


@contextlib.contextmanager
def _small_disk(folder: pathlib.Path) -> Iterator[None]:
    if os.geteuid() != 0:
        raise Skip("only root mounts disks")
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_ROOM_MIB}m", "tmpfs", str(folder)], capture_output=True, text=True)
    if done.returncode:
        raise Skip(f"no disk can be mounted: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _read_all(cluster: Cluster, topic: str) -> list[str]:
    """The first word of each record, once: what was not acknowledged in time was sent again."""
    leader = cluster.partitions(topic)[0]["leader"]
    with Connection(cluster.nodes[leader].port) as connection:
        wanted = {"ReplicaId": -1, "Topics": [{"Name": topic, "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}]}]}
        connection.send(messages.request_frame("ListOffsets", 5, wanted, 1))
        answer = messages.response_body("ListOffsets", 5, connection.receive()[1])
    end = answer["Topics"][0]["Partitions"][0]["Offset"]
    got = cluster.thalweg(["consume", topic, "--count", str(end)]).splitlines()
    return list(dict.fromkeys(text.split(" ", 1)[0] for text in got))


def _in_sync(cluster: Cluster, topic: str) -> list[int]:
    return sorted(cluster.partitions(topic)[0]["in_sync"])


@in_cluster
def a_full_disk_of_one_holds_up_only_what_it_leads(cluster: Cluster) -> str:
    """What others lead goes on without the one that has no room, which is in sync again once it has some."""
    with _small_disk(cluster.nodes[2].data):
        try:
            return _fill_and_make_room(cluster)
        finally:
            cluster.kill()  # nobody is in the folder any more


def _fill_and_make_room(cluster: Cluster) -> str:
    cluster.start()
    cluster.wait_for_each_other()
    for topic, replicas in ((_TOPIC, "1:2:3"), (_OTHER, "2:3:1")):
        tool_output(cluster, "kafka-topics", "--create", "--topic", topic, "--replica-assignment", replicas, "--config", "min.insync.replicas=2")
    _append(cluster, _OTHER, "before")
    count = 0
    for _ in until(LIMIT_SECONDS):
        _append(cluster, _TOPIC, f"{count} {_LARGE}")
        count += 1
        if 2 not in _in_sync(cluster, _TOPIC):
            break
    expect_equal(_in_sync(cluster, _TOPIC), [1, 3], "in sync without the one that is full")
    for _ in range(5):
        _append(cluster, _TOPIC, f"{count} {_LARGE}")
        count += 1
    expect(cluster.nodes[2].alive(), f"the one that is full has ended: {cluster.nodes[2].log_tail()}")
    cluster.thalweg(["topic", "create", "while-full", "--replicas", "2"])
    subprocess.run(["mount", "-o", f"remount,size={_MORE_ROOM_MIB}m", str(cluster.nodes[2].data)], check=True)
    for topic in (_TOPIC, _OTHER):
        cluster.wait_until_all_in_sync(topic)
    _append(cluster, _OTHER, "after")
    cluster.nodes[1].kill()
    for _ in until(LIMIT_SECONDS):  # the next of the replicas
        if cluster.partitions(_TOPIC)[0]["leader"] == 2:
            break
    expect_equal(cluster.partitions(_TOPIC)[0]["leader"], 2, "leader")
    expect_equal(_read_all(cluster, _TOPIC), [str(i) for i in range(count)], "records of the one that was full")
    expect_equal(_read_all(cluster, _OTHER), ["before", "after"], "records of what it leads")
    return f"{count} records of {len(_LARGE) // 1000} KB"


def _stand_still(cluster: Cluster, node: int, stands: bool) -> None:
    path = pathlib.Path(cluster.nodes[node].environment["STANDING_DISK"])
    path.touch() if stands else path.unlink()


@in_cluster
def a_disk_that_stands_still_holds_up_nobody_for_long(cluster: Cluster) -> str:
    """Under the leader of a partition, and then under the active controller: its process is as alive as ever."""
    library = paths.built("standing_disk.so")
    if library is None:
        raise Skip("standing_disk.so is not built")
    for broker in cluster.nodes.values():
        broker.environment = {"LD_PRELOAD": str(library), "STANDING_DISK": str(broker.folder / "stands-still")}
        broker.properties["replica.lag.time.max.ms"] = "3000"
    cluster.start()
    cluster.wait_for_each_other()
    cluster.wait_until_all_vote()
    controller = cluster.leader()
    leader, third = (node for node in cluster.nodes if node != controller)
    tool_output(cluster, "kafka-topics", "--create", "--topic", _TOPIC, "--replica-assignment", f"{leader}:{third}:{controller}",
                "--config", "min.insync.replicas=2")
    _append(cluster, _TOPIC, "before")
    cluster.brokers = {third}  # who asks the one that stands still is told what it knew before, and asks another
    _stand_still(cluster, leader, True)
    began = time.monotonic()
    _append(cluster, _TOPIC, "while-the-leaders-stands-still")
    led = time.monotonic() - began
    expect(cluster.partitions(_TOPIC)[0]["leader"] != leader, "the one whose disk stands still leads on")
    _stand_still(cluster, leader, False)
    cluster.wait_until_all_in_sync(_TOPIC)
    _stand_still(cluster, controller, True)
    began = time.monotonic()
    at = cluster.nodes[third].bootstrap
    subprocess.run([str(paths.thalweg_binary()), "topic", "create", _OTHER, "--replicas", "2", "--brokers", at],
                   capture_output=True, timeout=LIMIT_SECONDS)  # asked again, it may find its own work and say so
    cluster.thalweg(["topic", "describe", _OTHER], at=at)
    controlled = time.monotonic() - began
    expect(cluster.leader() != controller, "the active controller is the one whose disk stands still")
    _append(cluster, _TOPIC, "while-the-controllers-stands-still")
    _stand_still(cluster, controller, False)
    cluster.wait_until_all_in_sync(_TOPIC)
    expect_equal(_read_all(cluster, _TOPIC), ["before", "while-the-leaders-stands-still", "while-the-controllers-stands-still"], "records")
    return f"written again after {led:.1f} s, and a topic made after {controlled:.1f} s"


ALL = {
    "a bit that flips on one disk of three costs no record": a_bit_that_flips_on_one_disk_of_three_costs_no_record,
    "a folder that is taken away on one disk of three costs no record": a_folder_that_is_taken_away_on_one_disk_of_three_costs_no_record,
    "a disk that stands still under one of three servers holds up nobody for long": a_disk_that_stands_still_holds_up_nobody_for_long,
    "a full disk of one server holds up only what it leads": a_full_disk_of_one_holds_up_only_what_it_leads,
}

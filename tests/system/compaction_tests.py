"""Compacted topics of a real server: much of few keys becomes little, while it is written and read, and through kill -9."""

import pathlib
import struct
import subprocess
import threading
import time

from harness import batches, messages, paths
from harness.outcome import Failure, expect, expect_equal
from harness.wire import PRODUCE, Connection, produce_answer, produce_body
from process_tests import _in_folder

_TOPIC = "prices"
_KEYS, _VALUE_BYTES = 95, 10_000
_BATCHES = 1_060  # of nearly 1 MB each: a good GB
_LIMIT_SECONDS = 120
_LITTLE = 120 << 20
_OPTIONS = ["cleanup.policy=compact", "segment.bytes=16777216", "min.cleanable.dirty.ratio=0.3", "file.delete.delay.ms=500"]


def _thalweg(broker, *arguments: str) -> str:
    done = subprocess.run([str(paths.thalweg_binary()), *arguments, "--brokers", broker.bootstrap], capture_output=True, text=True, timeout=60)
    expect_equal(done.returncode, 0, f"exit code of thalweg {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def _batch(number: int) -> bytes:
    padding = "v" * _VALUE_BYTES
    records = [{"key": f"key {i}", "value": f"{number} {padding}"} for i in range(_KEYS)]
    return batches.build({"records": records}, int(time.time() * 1000))


def _send(broker, connection: Connection, batch: bytes) -> None:
    code, _ = produce_answer(connection.call(PRODUCE, 3, produce_body(_TOPIC, 0, batch)), _TOPIC)
    expect_equal(code, 0, "error code of a produce request")


def _size(broker) -> int:
    total = 0
    for file in (broker.data / f"{_TOPIC}-0").glob("*.log"):
        try:
            total += file.stat().st_size
        except FileNotFoundError:
            pass  # it was compacted away
    return total


def _fetch(connection: Connection, offset: int) -> bytes:
    wanted = {"ReplicaId": -1, "MaxWaitMs": 100, "MinBytes": 1, "MaxBytes": 8 << 20,
              "Topics": [{"Topic": _TOPIC, "Partitions": [{"Partition": 0, "CurrentLeaderEpoch": -1, "FetchOffset": offset,
                                                           "PartitionMaxBytes": 8 << 20}]}]}
    connection.send(messages.request_frame("Fetch", 11, wanted, 1))
    answer = messages.response_body("Fetch", 11, connection.receive()[1])
    partition = answer["Responses"][0]["Partitions"][0]
    expect_equal(partition.get("ErrorCode", 0), 0, f"error code of a fetch at {offset}")
    return partition.get("Records") or b""


def _read_on(connection: Connection, offset: int) -> int:
    """Where to read on, after batches whose offsets have to rise."""
    data, at = _fetch(connection, offset), 0
    while at + 61 <= len(data):
        base, length = struct.unpack_from(">qi", data, at)
        if at + 12 + length > len(data):
            break  # the last one may be cut
        last = base + struct.unpack_from(">i", data, at + 23)[0]
        expect(last >= offset, f"batch {base}-{last} where {offset} was asked for")
        offset, at = last + 1, at + 12 + length
    return offset


def _read_for_ever(broker, stop: threading.Event, failures: list) -> None:
    """From the beginning to the end, again and again, past the server's restarts."""
    while not stop.is_set():
        try:
            with Connection(broker.port) as connection:
                offset = 0
                while not stop.is_set():
                    following = _read_on(connection, offset)
                    offset = following if following > offset else 0
        except Failure as failure:
            failures.append(failure)
            return
        except (OSError, EOFError):
            time.sleep(0.05)


def _wait_until_little(broker) -> None:
    end = time.monotonic() + _LIMIT_SECONDS
    while (size := _size(broker)) > _LITTLE:
        if time.monotonic() > end:
            raise Failure(f"{size >> 20} MiB are left after {_LIMIT_SECONDS} s: {broker.log_tail()}")
        time.sleep(0.1)


def _expect_newest(broker, number: int) -> None:
    newest = {}
    for line in _thalweg(broker, "consume", _TOPIC, "--from", "start", "--format", "%k|%s\\n").splitlines():
        key, _, value = line.partition("|")
        newest[key] = value.split(" ")[0]
    expect_equal(newest, {f"key {i}": str(number) for i in range(_KEYS)}, "newest values")


@_in_folder
def a_gigabyte_of_few_keys_becomes_little(folder: pathlib.Path, new) -> None:
    broker = new(folder, log_cleaner_backoff_ms="100")
    broker.start()
    _thalweg(broker, "topic", "create", _TOPIC, "--partitions", "1", *[word for option in _OPTIONS for word in ("--config", option)])
    some, last = [_batch(n) for n in range(3)], _batch(9999)
    stop, failures = threading.Event(), []
    reader = threading.Thread(target=_read_for_ever, args=(broker, stop, failures))
    reader.start()
    largest = 0
    try:
        for half in range(2):
            with Connection(broker.port, timeout=60) as connection:
                for i in range(_BATCHES // 2):
                    _send(broker, connection, some[i % len(some)])
                    largest = max(largest, _size(broker)) if i % 20 == 0 else largest
                if half:
                    _send(broker, connection, last)
            if not half:
                broker.kill()  # compaction is under way, or about to be
                broker.start()
        _wait_until_little(broker)
    finally:
        stop.set()
        reader.join()
    if failures:
        raise failures[0]
    _expect_newest(broker, 9999)
    broker.kill()
    broker.start()
    _expect_newest(broker, 9999)
    left = [file.name for file in (broker.data / f"{_TOPIC}-0").iterdir() if file.suffix in (".cleaned", ".swap")]
    expect_equal(left, [], "files of a compaction that was cut short")
    checkpoint = (broker.data / "cleaner-offset-checkpoint").read_text().splitlines()
    expect(checkpoint[0] == "0" and any(line.startswith(f"{_TOPIC} 0 ") for line in checkpoint[2:]), f"checkpoint: {checkpoint}")


_PARTITIONS, _COMMITS = 20, 4_000


def _ask(connection: Connection, api: str, version: int, body: dict) -> dict:
    connection.send(messages.request_frame(api, version, body, 1))
    return messages.response_body(api, version, connection.receive()[1])


def _commit(connection: Connection, offset: int) -> list[int]:
    partitions = [{"PartitionIndex": p, "CommittedOffset": offset + p, "CommittedMetadata": ""} for p in range(_PARTITIONS)]
    answer = _ask(connection, "OffsetCommit", 2, {"GroupId": "billing", "GenerationIdOrMemberEpoch": -1, "MemberId": "",
                                                  "Topics": [{"Name": _TOPIC, "Partitions": partitions}]})
    return [partition.get("ErrorCode", 0) for partition in answer["Topics"][0]["Partitions"]]


def _committed(broker) -> dict[int, int]:
    wanted = {"GroupId": "billing", "Topics": [{"Name": _TOPIC, "PartitionIndexes": list(range(_PARTITIONS))}]}
    end = time.monotonic() + 30
    while True:
        with Connection(broker.port) as connection:
            _ask(connection, "FindCoordinator", 0, {"Key": "billing"})
            answer = _ask(connection, "OffsetFetch", 3, wanted)
        if answer.get("ErrorCode", 0) == 0:
            return {p.get("PartitionIndex", 0): p.get("CommittedOffset", 0) for p in answer["Topics"][0]["Partitions"]}
        expect(time.monotonic() < end, f"error code of a fetch of offsets: {answer}")
        time.sleep(0.05)


@_in_folder
def committed_offsets_are_compacted(folder: pathlib.Path, new) -> None:
    broker = new(folder, log_cleaner_backoff_ms="100", offsets_topic_segment_bytes="1048576", offsets_topic_num_partitions="1",
                 log_cleaner_delete_retention_ms="1000")
    broker.start()
    _thalweg(broker, "topic", "create", _TOPIC, "--partitions", str(_PARTITIONS))
    end = time.monotonic() + 30
    with Connection(broker.port) as connection:
        while _ask(connection, "FindCoordinator", 0, {"Key": "billing"}).get("ErrorCode", 0) or any(_commit(connection, 0)):
            expect(time.monotonic() < end, "no offset can be committed")
            time.sleep(0.05)
        for i in range(1, _COMMITS):
            expect_equal(set(_commit(connection, i)), {0}, "error codes of a commit")
    offsets = broker.data / "__consumer_offsets-0"
    while (size := sum(file.stat().st_size for file in list(offsets.glob("*.log")) if file.exists())) > 2 << 20:
        expect(time.monotonic() < end + _LIMIT_SECONDS, f"{size} bytes of offsets are left: {broker.log_tail()}")
        time.sleep(0.1)
    wanted = {p: _COMMITS - 1 + p for p in range(_PARTITIONS)}
    for end_it in (broker.kill, broker.stop):
        end_it()
        broker.start()
        expect_equal(_committed(broker), wanted, "committed offsets")


ALL = {
    "a gigabyte of few keys is compacted to little while it is written, read and killed": a_gigabyte_of_few_keys_becomes_little,
    "committed offsets are compacted, and are the same after kill -9": committed_offsets_are_compacted,
}

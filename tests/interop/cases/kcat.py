"""kcat on librdkafka 2.0: the smallest tool that people try first."""

import json
import re

from harness import clients
from harness.case import Context, Registry
from harness.outcome import expect, expect_equal

registry = Registry()
_READ_FORMAT = "%p|%o|%T|%k|%h|%s\n"


def _kcat(context: Context, *arguments: str, stdin: str | None = None) -> str:
    command = [clients.program("kcat", "kcat"), "-b", context.broker.bootstrap, "-q", *arguments]
    return context.run(command, stdin=stdin).stdout


def _lines(count: int) -> str:
    return "".join(f"key{i % 10}:value {i}\n" for i in range(count))


@registry.case("kcat/metadata")
def metadata(context: Context) -> None:
    topic = context.prefix + "metadata"
    _kcat(context, "-P", "-t", topic, stdin="first\n")
    listed = json.loads(_kcat(context, "-L", "-J"))
    host, port = context.broker.bootstrap.split(":")
    expect_equal([b["name"] for b in listed["brokers"]], [f"{host}:{port}"], "brokers")
    found = [t for t in listed["topics"] if t["topic"] == topic]
    expect_equal(len(found), 1, f"topics named {topic}")
    leader = listed["brokers"][0]["id"]
    for partition in found[0]["partitions"]:
        expect_equal((partition["leader"], [r["id"] for r in partition["replicas"]], [r["id"] for r in partition["isrs"]]),
                     (leader, [leader], [leader]), "leader, replicas, in-sync replicas")


@registry.case("kcat/produce-consume")
def produce_consume(context: Context) -> None:
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        topic = context.prefix + codec
        _kcat(context, "-P", "-t", topic, "-K:", "-z", codec, "-H", "origin=kcat", "-X", "acks=all", stdin=_lines(300))
        read = _kcat(context, "-C", "-t", topic, "-e", "-o", "beginning", "-f", _READ_FORMAT).splitlines()
        _check(read, 300, codec)


def _check(read: list[str], count: int, what: str) -> None:
    seen = []
    next_offset: dict[str, int] = {}
    latest: dict[str, int] = {}
    for line in read:
        partition, offset, timestamp, key, headers, value = line.split("|")
        expect_equal(int(offset), next_offset.get(partition, 0), f"{what}: next offset of partition {partition}")
        next_offset[partition] = int(offset) + 1
        number = int(re.fullmatch(r"value (\d+)", value)[1])
        expect_equal(key, f"key{number % 10}", f"{what}: key of {value}")
        expect_equal(headers, "origin=kcat", f"{what}: headers of {value}")
        expect(int(timestamp) > 1_600_000_000_000, f"{what}: timestamp {timestamp}")
        expect(latest.get(key, -1) < number, f"{what}: {key} out of order at {number}")
        latest[key] = number
        seen.append(number)
    expect_equal(sorted(seen), list(range(count)), f"{what}: values")


@registry.case("kcat/offsets")
def offsets(context: Context) -> None:
    topic = context.prefix + "offsets"
    _kcat(context, "-P", "-t", topic, "-p", "0", stdin="".join(f"{i}\n" for i in range(20)))
    expect_equal(_kcat(context, "-C", "-t", topic, "-p", "0", "-o", "15", "-e").split(), ["15", "16", "17", "18", "19"], "from 15")
    expect_equal(_kcat(context, "-C", "-t", topic, "-p", "0", "-o", "-3", "-e").split(), ["17", "18", "19"], "last three")
    expect_equal(_kcat(context, "-C", "-t", topic, "-p", "0", "-o", "beginning", "-c", "2").split(), ["0", "1"], "first two")
    stamps = _kcat(context, "-C", "-t", topic, "-p", "0", "-o", "beginning", "-e", "-f", "%T\n").split()
    found = _kcat(context, "-Q", "-t", f"{topic}:0:{stamps[0]}").strip()
    expect(found.endswith("offset 0"), f"offset for the first timestamp: {found}")


@registry.case("kcat/group")
def group(context: Context) -> None:
    topic, group_id = context.prefix + "group", context.prefix + "g"
    _kcat(context, "-P", "-t", topic, "-K:", stdin=_lines(50))
    member = ["-X", "auto.offset.reset=earliest", "-G", group_id, "-e", topic]
    expect_equal(sorted(_kcat(context, *member).splitlines()), sorted(f"value {i}" for i in range(50)), "first run")
    _kcat(context, "-P", "-t", topic, stdin="later\n")
    expect_equal(_kcat(context, *member).splitlines(), ["later"], "second run, from the committed offsets")


@registry.case("kcat/transactions")
def transactions(context: Context) -> None:
    topic = context.prefix + "tx"
    _kcat(context, "-P", "-t", topic, "-X", f"transactional.id={context.prefix}tx", stdin="a\nb\n")
    expect_equal(_kcat(context, "-C", "-t", topic, "-e", "-X", "isolation.level=read_committed").split(), ["a", "b"], "committed")

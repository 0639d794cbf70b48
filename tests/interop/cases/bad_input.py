"""Requests that no client sends on purpose: the broker stays up, and others are not disturbed. What each is answered is
in conversations/."""

import contextlib
import random
import struct
import time

from harness.case import Context, Registry
from harness.outcome import Failure, expect, expect_equal
from harness.wire import (METADATA, PRODUCE, Connection, answers_metadata, batch, produce_answer, produce_body, request,
                          string)

registry = Registry()


def _topic(context: Context) -> str:
    """A topic that automatic creation has made, with a leader."""
    topic = context.prefix + "bad-input"
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with Connection(context.broker.port) as connection:
            answer = connection.call(PRODUCE, 3, produce_body(topic, 0, batch("first")))
            if produce_answer(answer, topic)[0] == 0:
                return topic
            connection.call(METADATA, 1, struct.pack(">i", 1) + string(topic))
        time.sleep(0.1)
    raise Failure("the topic does not become ready")


def _undisturbed(context: Context, others: list[Connection]) -> None:
    expect(answers_metadata("127.0.0.1", context.broker.port), "no Metadata answer for a new connection")
    for other in others:
        other.call(METADATA, 1, struct.pack(">i", 0))


def _closed_by(context: Context, **frames: bytes) -> None:
    """Each frame makes the broker close its connection, and nothing else."""
    with Connection(context.broker.port) as other:
        other.call(METADATA, 1, struct.pack(">i", 0))
        for what, frame in frames.items():
            with Connection(context.broker.port) as rude:
                rude.send(frame)
                try:
                    expect(rude.closed(), f"{what.replace('_', ' ')} was answered")
                except TimeoutError:
                    raise Failure(f"{what.replace('_', ' ')}: the connection stays open") from None
            _undisturbed(context, [other])


@registry.case("bad-input/sizes")
def sizes(context: Context) -> None:
    _closed_by(context,
               a_negative_size=struct.pack(">i", -1),
               a_very_negative_size=struct.pack(">i", -(1 << 31)),
               a_size_of_2_GiB=struct.pack(">i", (1 << 31) - 1),
               a_size_over_the_limit=struct.pack(">i", 104857601) + b"\0" * 1000,
               a_frame_without_a_header=struct.pack(">i", 3) + b"\0\3\0",
               an_http_request=b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")


@registry.case("bad-input/counts")
def counts(context: Context) -> None:
    """Counts and lengths that claim gigabytes in a few bytes."""
    huge = struct.pack(">i", (1 << 31) - 1)
    _closed_by(context,
               a_huge_count_of_topics=request(METADATA, 1, huge),
               a_huge_count_of_topics_and_some_bytes=request(METADATA, 1, huge + b"\0\1a" * 100),
               a_name_longer_than_the_frame=request(METADATA, 1, struct.pack(">ih", 1, 32000) + b"abc"),
               records_longer_than_the_frame=request(PRODUCE, 3, struct.pack(">hhii", -1, -1, 1000, 1) + string("t") + struct.pack(">ii", 1, 0) + huge),
               a_huge_count_of_partitions=request(PRODUCE, 3, struct.pack(">hhii", -1, -1, 1000, 1) + string("t") + huge),
               a_body_cut_short=request(PRODUCE, 3, struct.pack(">hh", -1, -1)))


@registry.case("bad-input/garbage", limit_seconds=120)
def garbage(context: Context) -> None:
    """Random bytes, random frames, random bodies behind a good header: the broker may answer or close, but not die."""
    seed = 20240607
    chance = random.Random(seed)
    with Connection(context.broker.port) as other:
        for round_number in range(300):
            body = chance.randbytes(chance.choice([1, 10, 100, 2000]))
            kind = round_number % 3
            if kind == 0:
                data = body
            elif kind == 1:
                data = struct.pack(">i", len(body)) + body
            else:
                data = request(chance.randrange(0, 70), chance.randrange(0, 15), body)
            with contextlib.suppress(OSError), Connection(context.broker.port, timeout=0.02) as rude:
                rude.send(data)
                rude.socket.recv(100)
            if round_number % 50 == 0:
                _undisturbed(context, [other])
        _undisturbed(context, [other])


@registry.case("bad-input/slow-and-broken-off")
def slow_and_broken_off(context: Context) -> None:
    frame = request(METADATA, 1, struct.pack(">i", 0))
    with Connection(context.broker.port) as slow:
        for byte in frame:
            slow.send(bytes([byte]))
            time.sleep(0.01)
        expect_equal(slow.receive()[0], 1, "correlation id of the answer to a request that came byte by byte")
        for cut in list(range(1, len(frame))) * 5:
            with Connection(context.broker.port) as broken:
                broken.send(frame[:cut])
        _undisturbed(context, [slow])


@registry.case("bad-input/pipelining")
def pipelining(context: Context) -> None:
    """Requests sent together are answered in their order; acks=0 has no answer."""
    topic = _topic(context)
    with Connection(context.broker.port) as connection:
        metadata = struct.pack(">i", 0)
        frames = [request(METADATA, 1, metadata, correlation_id=i) for i in range(100)]
        frames[50] = request(PRODUCE, 3, produce_body(topic, 0, batch("waits for the disk")), correlation_id=50)
        frames[60] = request(PRODUCE, 3, produce_body(topic, 0, batch("no answer"), acks=0), correlation_id=60)
        connection.send(b"".join(frames))
        got = [connection.receive()[0] for _ in range(99)]
        expect_equal(got, [i for i in range(100) if i != 60], "correlation ids")


@registry.case("bad-input/memory", not_on={"kafka": "Kafka sets aside what a frame claims, here 10 GB, and runs out"})
def memory(context: Context) -> None:
    """A hundred connections that each claim 100 MB and send a few bytes cost a few bytes. Those that send are in tests/system."""
    broker = context.new_broker()
    broker.start()
    before = broker.resident_mib()
    with contextlib.ExitStack() as stack:
        claiming = [stack.enter_context(Connection(broker.port)) for _ in range(100)]
        for connection in claiming:
            connection.send(struct.pack(">i", 100_000_000) + b"\0\3\0\1" + b"x" * 100)
        expect(answers_metadata("127.0.0.1", broker.port), "no Metadata answer beside a hundred large claims")
        grown = broker.resident_mib() - before
    expect(grown < 100, f"a hundred claims of 100 MB cost {grown:.0f} MiB")

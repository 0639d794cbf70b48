"""What hostile clients can make a server with default settings take: frames are really sent, memory is read from /proc."""

import contextlib
import pathlib
import selectors
import socket
import struct
import tempfile
import time

from harness import messages, paths
from harness.broker import ThalwegBroker
from harness.outcome import Skip, expect
from harness.process import peak_mib
from harness.wire import Connection, answers_metadata, batch, produce_answer, produce_body, PRODUCE, METADATA, string

_MIB = 1 << 20
_INVALID_REQUEST = 42


def _on_a_broker(body):
    def test() -> str | None:
        if paths.thalweg_binary() is None:
            raise Skip("no thalweg binary")
        with tempfile.TemporaryDirectory(prefix="thalweg-memory-") as folder:
            broker = ThalwegBroker(pathlib.Path(folder))
            broker.start()
            try:
                return body(broker)
            finally:
                broker.kill()
    return test


def _forget_peak(broker: ThalwegBroker) -> None:
    pathlib.Path(f"/proc/{broker.pid}/clear_refs").write_text("5")


def _push(clients: list[socket.socket], left: dict[socket.socket, int], seconds: float, meanwhile) -> None:
    """Sends to all at once what they take, until nothing is left, nobody takes any more for a second, or time is over."""
    piece = memoryview(bytes(_MIB))
    with selectors.DefaultSelector() as selector:
        for client in clients:
            client.setblocking(False)
            selector.register(client, selectors.EVENT_WRITE)
        end = time.monotonic() + seconds
        while time.monotonic() < end and selector.get_map():
            for key, _ in selector.select(0.2):
                client = key.fileobj
                try:
                    left[client] -= client.send(piece[:min(left[client], _MIB)])
                except BlockingIOError:
                    continue
                except OSError:  # the server has closed it
                    left[client] = 0
                if left[client] == 0:
                    selector.unregister(client)
            meanwhile()


def _topic(broker: ThalwegBroker) -> str:
    with Connection(broker.port) as connection:
        connection.call(METADATA, 1, struct.pack(">i", 1) + string("orders"))
    return "orders"


def _produces(broker: ThalwegBroker, topic: str, size: int) -> bool:
    with Connection(broker.port) as connection:
        answer = connection.call(PRODUCE, 3, produce_body(topic, 0, batch("x" * size)))
        return produce_answer(answer, topic)[0] == 0


@_on_a_broker
def unfinished_frames(broker):
    """40 clients send 95 MB each of a frame of 100 MB, and then nothing."""
    topic = _topic(broker)
    asked, slowest = 0, 0.0

    def others() -> None:
        nonlocal asked, slowest
        if time.monotonic() < others.next:
            return
        started = time.monotonic()
        expect(answers_metadata("127.0.0.1", broker.port), "no Metadata answer beside unfinished frames")
        expect(_produces(broker, topic, 900_000), "no Produce answer beside unfinished frames")
        asked, slowest = asked + 1, max(slowest, time.monotonic() - started)
        others.next = time.monotonic() + 0.3
    others.next = 0.0

    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", broker.port))) for _ in range(40)]
        for client in clients:
            client.sendall(struct.pack(">i", 100_000_000) + b"\0\3\0\1")
        _push(clients, dict.fromkeys(clients, 95_000_000 - 8), 6, others)
        peak = peak_mib(broker.pid)
    expect(peak < 512, f"40 unfinished frames of 95 MB take {peak:.0f} MiB")
    expect(asked >= 3, f"the others were asked {asked} times only")
    return f"{peak:.0f} MiB at most; {asked} others answered, the slowest after {1000 * slowest:.0f} ms"


def _frame_in_time(broker: ThalwegBroker, frame: bytes, seconds: float) -> bytes:
    with Connection(broker.port, timeout=seconds) as connection:
        connection.send(frame)
        return connection.receive()[1]


@_on_a_broker
def one_broker_described_8000_times(broker):
    resources = [{"ResourceType": 4, "ResourceName": "1"}] * 8000
    frame = messages.request_frame("DescribeConfigs", 4, {"Resources": resources, "IncludeSynonyms": True}, 1)
    expect(len(frame) < 66_000, f"the frame has {len(frame)} bytes")
    before = broker.resident_mib()
    _forget_peak(broker)
    answer = _frame_in_time(broker, frame, 15)
    grown = peak_mib(broker.pid) - before
    expect(grown < 64, f"DescribeConfigs of one broker 8,000 times takes {grown:.0f} MiB for {len(answer) / _MIB:.1f} MiB")
    return f"{grown:.0f} MiB for a frame of {len(frame)} bytes"


@_on_a_broker
def many_resources_described(broker):
    """Resources that need not exist, each with rows of its own: what has no room is an error, and not an abort."""
    resources = [{"ResourceType": 32, "ResourceName": f"{i:x}"} for i in range(100_000)]
    frame = messages.request_frame("DescribeConfigs", 4, {"Resources": resources, "IncludeSynonyms": True,
                                                           "IncludeDocumentation": True}, 1)
    before = broker.resident_mib()
    _forget_peak(broker)
    answer = messages.response_body("DescribeConfigs", 4, _frame_in_time(broker, frame, 30))
    grown = peak_mib(broker.pid) - before
    codes = [result.get("ErrorCode", 0) for result in answer["Results"]]
    expect(len(codes) == len(resources), f"{len(codes)} answers for {len(resources)} resources")
    expect(set(codes) == {0, _INVALID_REQUEST}, f"error codes {set(codes)}")
    expect(grown < 256, f"DescribeConfigs of 100,000 groups takes {grown:.0f} MiB")
    return f"{grown:.0f} MiB for {codes.count(0)} of {len(codes)} resources, the rest refused"


@_on_a_broker
def long_polls_that_hold_memory(broker):
    """Fetches of 1 MB each that may wait for an hour fill the memory for requests; others are answered all the same, since such polls end early then."""
    topic = _topic(broker)
    expect(_produces(broker, topic, 10), "no Produce answer")
    partition = {"Partition": 0, "FetchOffset": 1, "PartitionMaxBytes": 1}  # the end: nothing to read yet
    body = {"MaxWaitMs": 3_600_000, "MinBytes": 1, "MaxBytes": 1 << 20, "SessionEpoch": -1,
            "Topics": [{"Topic": topic, "Partitions": [partition] * 25_000}]}
    frame = messages.request_frame("Fetch", 11, body, 1)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", broker.port))) for _ in range(60)]
        left = {}
        selector = stack.enter_context(selectors.DefaultSelector())
        for client in clients:
            client.setblocking(False)
            left[client] = memoryview(frame)
            selector.register(client, selectors.EVENT_WRITE)
        end = time.monotonic() + 20
        while time.monotonic() < end and selector.get_map():
            for key, _ in selector.select(0.5):
                client = key.fileobj
                with contextlib.suppress(BlockingIOError):
                    left[client] = left[client][client.send(left[client]):]
                if not left[client]:
                    selector.unregister(client)
            expect(answers_metadata("127.0.0.1", broker.port, 10), "no Metadata answer beside long polls of large requests")
        sent, peak = sum(not rest for rest in left.values()), peak_mib(broker.pid)
    expect(peak < 512, f"fetches that wait take {peak:.0f} MiB")
    expect(sent >= 50, f"{sent} of {len(clients)} fetches were read")
    return f"{sent} fetches of {len(frame) / _MIB:.1f} MiB, {peak:.0f} MiB at most"


ALL = {
    "40 unfinished frames of 95 MB take less than 512 MiB, and others are served": unfinished_frames,
    "one broker described 8,000 times takes less than 64 MiB": one_broker_described_8000_times,
    "an answer that would be too large is an error of what has no room": many_resources_described,
    "long polls of large requests keep nobody out": long_polls_that_hold_memory,
}

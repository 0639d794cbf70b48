"""Just enough of the protocol to speak to a broker without any client library: readiness, and rude requests."""

import itertools
import random
import socket
import struct
import threading
import time

from . import batches

PRODUCE, METADATA, API_VERSIONS = 0, 3, 18


def string(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()


def request(key: int, version: int, body: bytes, correlation_id: int = 1) -> bytes:
    """A frame with a request header of version 1."""
    payload = struct.pack(">hhi", key, version, correlation_id) + string("interop") + body
    return struct.pack(">i", len(payload)) + payload


def batch(value: str) -> bytes:
    """A record batch of one record without a key."""
    return batches.build({"records": [value]}, int(time.time() * 1000))


def produce_body(topic: str, partition: int, records: bytes, acks: int = -1) -> bytes:
    """A Produce request, version 3."""
    return (struct.pack(">hhii", -1, acks, 10_000, 1) + string(topic)
            + struct.pack(">iii", 1, partition, len(records)) + records)


def produce_answer(answer: bytes, topic: str) -> tuple[int, int]:
    """Error code and base offset of a Produce response of version 3 for one partition."""
    return struct.unpack_from(">hq", answer, 4 + 2 + len(topic) + 4 + 4)


class Closed(OSError):
    """The broker has closed the connection."""


class Connection:
    def __init__(self, port: int, host: str = "127.0.0.1", timeout: float = 15.0):
        self.socket = socket.create_connection((host, port), timeout=timeout)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def receive(self) -> tuple[int, bytes]:
        """The next answer: its correlation id, and what follows it."""
        payload = self._read(struct.unpack(">i", self._read(4))[0])
        return struct.unpack_from(">i", payload)[0], payload[4:]

    def call(self, key: int, version: int, body: bytes = b"", correlation_id: int = 1) -> bytes:
        self.send(request(key, version, body, correlation_id))
        return self.receive()[1]

    def closed(self) -> bool:
        """True when the broker closes without an answer."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise Closed("closed")
            data += piece
        return data


def free_port() -> int:
    """A port below those that the system gives to outgoing connections: a connection of another test, or of a server of
    the same test, would have taken it before whoever asked here listens. No port is given twice in a row by one process, and
    none that was given in a range: tests run side by side, and who was given one may not listen yet, or just now not."""
    with _giving:
        for _ in range(len(_FREE_PORTS)):
            port = _FREE_PORTS[next(_next_port) % len(_FREE_PORTS)]
            if port not in _in_ranges and _is_free(port):
                _given.add(port)
                return port
    raise RuntimeError("no free port")


def _ports_of_listeners() -> range:
    with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
        outgoing = int(f.read().split()[0])
    return range(10_000, outgoing) if outgoing > 11_000 else range(10_000, 60_000)


_FREE_PORTS = _ports_of_listeners()
_next_port = itertools.count(random.SystemRandom().randrange(len(_FREE_PORTS)))
_giving = threading.Lock()
_given: set[int] = set()
_in_ranges: set[int] = set()


def free_shift(first: tuple[int, ...], count: int) -> int:
    """What can be added to `count` ports from each of these on, so that all are free and were given to nobody."""
    begin, room = _FREE_PORTS.start - min(first), _FREE_PORTS.stop - max(first) - count
    with _giving:
        for _ in range(1000):
            shift = random.SystemRandom().randrange(max(begin, 0), room)
            ports = {port + shift + n for port in first for n in range(count)}
            if not ports & (_given | _in_ranges) and all(_is_free(port) for port in ports):
                _in_ranges.update(ports)
                return shift
    raise RuntimeError("no free range of ports")


def _is_free(port: int) -> bool:
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def answers_metadata(host: str, port: int, timeout: float = 2.0) -> bool:
    """True when a Metadata request (version 1, no topics) is answered with at least one broker."""
    try:
        with Connection(port, host, timeout) as connection:
            return struct.unpack_from(">i", connection.call(METADATA, 1, struct.pack(">i", 0)))[0] >= 1
    except (OSError, struct.error):
        return False


def wait_for_metadata(host: str, port: int, limit: float, alive=lambda: True) -> float | None:
    """Seconds until the first Metadata answer, or None when the limit passed or `alive` turned false."""
    return _wait(lambda: answers_metadata(host, port), limit, alive)


def produce_once(port: int, topic: str, partition: int = 0) -> bool:
    """True when a record was acknowledged with acks=all."""
    try:
        with Connection(port) as connection:
            answer = connection.call(PRODUCE, 3, produce_body(topic, partition, batch("probe")))
            return produce_answer(answer, topic)[0] == 0
    except (OSError, struct.error):
        return False


def wait_for_produce(port: int, topic: str, limit: float) -> float | None:
    """Seconds until the first acknowledged record."""
    return _wait(lambda: produce_once(port, topic), limit, lambda: True)


def _wait(done, limit: float, alive) -> float | None:
    started = time.monotonic()
    while time.monotonic() - started < limit and alive():
        if done():
            return time.monotonic() - started
        time.sleep(0.003)
    return None

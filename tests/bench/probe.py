"""A produce request by hand, to see when a broker takes its first record: no client library's own start is measured."""

import socket
import struct
import time

_CRC32C = []
for _n in range(256):
    for _ in range(8):
        _n = _n >> 1 ^ 0x82F63B78 if _n & 1 else _n >> 1
    _CRC32C.append(_n)


def _crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC32C[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _batch(value: bytes) -> bytes:
    """A record batch of one record without a key (lengths below 64 are one varint byte)."""
    record = b"\0\0\0\1" + bytes([2 * len(value)]) + value + b"\0"
    now = int(time.time() * 1000)
    after_crc = struct.pack(">hiqqqhii", 0, 0, now, now, -1, -1, -1, 1) + bytes([2 * len(record)]) + record
    body = struct.pack(">ibI", -1, 2, _crc32c(after_crc)) + after_crc
    return struct.pack(">qi", 0, len(body)) + body


def _string(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()


def produce_once(port: int, topic: str, partition: int = 0) -> bool:
    """True when a record was acknowledged with acks=all (Produce v3)."""
    batch = _batch(b"probe")
    body = struct.pack(">hhi", 0, 3, 1) + _string("probe") + struct.pack(">hhii", -1, -1, 10000, 1) + _string(topic)
    body += struct.pack(">iii", 1, partition, len(batch)) + batch
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=15) as s:
            s.sendall(struct.pack(">i", len(body)) + body)
            answer = b""
            while len(answer) < 4 or len(answer) < 4 + struct.unpack_from(">i", answer)[0]:
                piece = s.recv(4096)
                if not piece:
                    return False
                answer += piece
        # length, correlation id, one topic: its name, one partition: index, error, base offset
        return struct.unpack_from(">h", answer, 4 + 4 + 4 + 2 + len(topic) + 4 + 4)[0] == 0
    except OSError:
        return False


def wait_for_produce(port: int, topic: str, limit: float) -> float | None:
    """Seconds until the first acknowledged record."""
    started = time.monotonic()
    while time.monotonic() - started < limit:
        if produce_once(port, topic):
            return time.monotonic() - started
        time.sleep(0.003)
    return None

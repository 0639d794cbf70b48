"""Just enough of the protocol to see that a broker answers, without any client library."""

import socket
import struct
import time

_METADATA_V1_NO_TOPICS = struct.pack(">hhihi", 3, 1, 1, -1, 0)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers_metadata(host: str, port: int, timeout: float = 2.0) -> bool:
    """True when a Metadata request is answered with at least one broker."""
    try:
        with socket.create_connection((host, port), timeout=timeout) as s:
            s.sendall(struct.pack(">i", len(_METADATA_V1_NO_TOPICS)) + _METADATA_V1_NO_TOPICS)
            body = _receive(s, struct.unpack(">i", _receive(s, 4))[0])
            correlation_id, brokers = struct.unpack_from(">ii", body)
            return correlation_id == 1 and brokers >= 1
    except (OSError, struct.error):
        return False


def wait_for_metadata(host: str, port: int, limit: float, alive=lambda: True) -> float | None:
    """Seconds until the first Metadata answer, or None when the limit passed or `alive` turned false."""
    started = time.monotonic()
    while time.monotonic() - started < limit and alive():
        if answers_metadata(host, port):
            return time.monotonic() - started
        time.sleep(0.005)
    return None


def _receive(s: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = s.recv(count - len(data))
        if not piece:
            raise OSError("closed")
        data += piece
    return data

"""What machines lack now and then: descriptors, the ends of files, a disk that is quick."""

import importlib.machinery
import importlib.util
import pathlib
import re
import subprocess
import tempfile

from harness import messages, paths, wire
from harness.broker import ThalwegBroker
from harness.outcome import Skip, expect, expect_equal

HERE = pathlib.Path(__file__).resolve().parent
_STRIPPED_MAX_MB = 14
# What a package of the server depends on, by Debian's names. Its C++ libraries are in it (cmake/cplusplus_inside.cmake).
_LIBRARIES = {"libc.so.6": "libc6", "libm.so.6": "libc6", "ld-linux-x86-64.so.2": "libc6", "libisal.so.2": "libisal2", "liblz4.so.1": "liblz4-1",
              "libpcre2-8.so.0": "libpcre2-8-0", "libz.so.1": "zlib1g", "libzstd.so.1": "libzstd1"}
_CHECKPOINTS = ("recovery-point-offset-checkpoint", "log-start-offset-checkpoint", "replication-offset-checkpoint",
                "orders-0/leader-epoch-checkpoint")


class _FewDescriptors(ThalwegBroker):
    limit = ""

    def command(self) -> list[str]:
        return [*(["prlimit", f"--nofile={self.limit}:{self.limit}"] if self.limit else []), *super().command()]


def _create(port: int, topic: str, partitions: int) -> None:
    with wire.Connection(port, timeout=60) as connection:
        connection.send(messages.request_frame("CreateTopics", 5, {
            "Topics": [{"Name": topic, "NumPartitions": partitions, "ReplicationFactor": 1}], "timeoutMs": 60_000}, 1))
        answer = messages.response_body("CreateTopics", 5, connection.receive()[1])
        expect(not answer["Topics"][0].get("ErrorCode"), f"{topic}: {answer}")


def serves_with_few_descriptors() -> str:
    partitions = 400
    with tempfile.TemporaryDirectory(prefix="thalweg-system-") as folder:
        broker = _FewDescriptors(pathlib.Path(folder))
        try:
            broker.start()
            _create(broker.port, "orders", partitions)
            broker.stop()
            broker.limit = "300"
            broker.start()
            written = sum(wire.produce_once(broker.port, "orders", p) for p in range(0, partitions, 4))
            expect_equal(written, partitions // 4, "partitions written")
            connections = [wire.Connection(broker.port) for _ in range(40)]
            for connection in connections:
                connection.call(wire.METADATA, 1, b"\0\0\0\0")
                connection.socket.close()
            log = broker.log_path.read_text(errors="replace")
            expect("LimitNOFILE" in log, "the log does not say which limit to raise")
            expect("log offline" not in log, "a log went offline")
            return f"{partitions} partitions and {len(connections)} connections with {broker.limit} descriptors"
        finally:
            broker.kill()


def starts_with_damaged_checkpoints() -> str:
    with tempfile.TemporaryDirectory(prefix="thalweg-system-") as folder:
        broker = ThalwegBroker(pathlib.Path(folder), {"log.flush.offset.checkpoint.interval.ms": "300"})
        try:
            broker.start()
            _create(broker.port, "orders", 1)
            damages, ends = 0, (broker.stop, broker.kill)
            for name in _CHECKPOINTS:
                for damage in (b"", b"0\n1\norder", b"\0" * 64, b"\xff\xfe"):
                    expect(wire.produce_once(broker.port, "orders"), f"not served after {damages} damages")
                    ends[damages % 2]()
                    (broker.data / name).write_bytes(damage)
                    broker.start()
                    expect(wire.produce_once(broker.port, "orders"), f"{name} was {damage!r}: not served")
                    expect(name in broker.log_path.read_text(errors="replace"), f"{name} was {damage!r}: nothing is said")
                    damages += 1
            return f"{damages} damages"
        finally:
            broker.kill()


def deletes_a_thousand_partitions_aside() -> str:
    """On a machine that others use, so the bounds are far above what an idle one needs; tests/bench/deletion prints it."""
    loader = importlib.machinery.SourceFileLoader("deletion", str(HERE.parent / "bench" / "deletion"))
    deletion = importlib.util.module_from_spec(importlib.util.spec_from_loader("deletion", loader))
    loader.exec_module(deletion)
    with tempfile.TemporaryDirectory(prefix="thalweg-system-") as folder:
        binary = ThalwegBroker(pathlib.Path(folder)).binary
    figures = deletion.measure(binary, 1000)
    expect(figures["delete"] < 5, f"took {figures['delete']:.1f} s")
    expect(max(figures["meanwhile"]) < max(figures["alone"]) + 2, f"another change waited {max(figures['meanwhile']):.2f} s")
    return f"in {figures['delete'] * 1000:.0f} ms, another change waited {max(figures['meanwhile']) * 1000:.0f} ms at most"


def _released() -> pathlib.Path:
    binary = paths.thalweg_binary()
    settings = binary.resolve().parent.parent / "CMakeCache.txt"
    if settings.exists() and not re.search(r"^CMAKE_BUILD_TYPE:\w+=Release$", settings.read_text(), re.MULTILINE):
        raise Skip("this is no Release build")
    return binary


def needs_few_libraries() -> str:
    """What else it needs is looked up at each start, has to be in the image, and is in no package's list."""
    dynamic = subprocess.run(["readelf", "-d", str(_released())], capture_output=True, text=True, check=True).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    expect_equal(sorted(set(needed) - _LIBRARIES.keys()), [], "libraries that nobody declares")
    image = (paths.REPOSITORY / "packaging" / "docker" / "Dockerfile").read_text()
    installed = re.search(r"^FROM debian:bookworm-slim$.*?install [^\n]*--no-install-recommends ([^\n\\]*)", image, re.M | re.S)[1].split()
    expect_equal(installed, sorted({_LIBRARIES[name] for name in needed} - {"libc6"}), "packages of the image")
    return " ".join(needed)


def is_small() -> str:
    """Without symbols, as it is packaged. What grew: `nm --size-sort -S -C`; what no record passes through is COLD (cmake/layers.cmake)."""
    binary = _released()
    with tempfile.TemporaryDirectory(prefix="thalweg-system-") as folder:
        stripped = pathlib.Path(folder) / "thalweg"
        subprocess.run(["strip", "-o", str(stripped), str(binary)], check=True)
        megabytes = stripped.stat().st_size / 1e6
    expect(megabytes < _STRIPPED_MAX_MB, f"the binary without symbols has {megabytes:.2f} MB, of {_STRIPPED_MAX_MB}")
    return f"{megabytes:.2f} MB"


ALL = {
    "the binary without symbols is small": is_small,
    "the binary needs what the image has, and no C++ library": needs_few_libraries,
    "400 partitions and 40 connections with 300 descriptors": serves_with_few_descriptors,
    "empty, cut and garbled checkpoint files do not stop the start": starts_with_damaged_checkpoints,
    "the deletion of 1,000 partitions holds up no other change": deletes_a_thousand_partitions_aside,
}

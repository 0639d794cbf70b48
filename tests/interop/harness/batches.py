"""Record batches of format 2, built from and read into plain dictionaries; also such as no producer would send."""

import gzip
import struct

_HEADER = struct.Struct(">qiibIhiqqqhii")
_CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]

_CRC32C = []
for _n in range(256):
    for _ in range(8):
        _n = _n >> 1 ^ 0x82F63B78 if _n & 1 else _n >> 1
    _CRC32C.append(_n)


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC32C[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _varint(value: int) -> bytes:
    value = (value << 1) ^ (value >> 63)
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _bytes(data: str | None) -> bytes:
    return _varint(-1) if data is None else _varint(len(data)) + data.encode()


def _record(record: dict, index: int) -> bytes:
    headers = record.get("headers", {})
    body = b"\0" + _varint(record.get("timestamp", 0)) + _varint(record.get("offset", index))
    body += _bytes(record.get("key")) + _bytes(record.get("value")) + _varint(len(headers))
    body += b"".join(_bytes(k) + _bytes(v) for k, v in headers.items())
    return _varint(len(body)) + body


def build(batch: dict, now: int) -> bytes:
    """`records` is a list of values, or of {"key", "value", "timestamp", "headers", "offset"}; timestamps are relative to
    `now`. Everything of the header may be given instead of what the records say, to tell a lie."""
    records = [{"value": r} if isinstance(r, str) else r for r in batch.get("records", [])]
    body = b"".join(_record(record, i) for i, record in enumerate(records))
    codec = batch.get("codec", "none")
    if codec == "gzip":
        body = gzip.compress(body, mtime=0)
    attributes = batch.get("attributes", 0) | _CODECS.index(codec)
    base = now + batch.get("timestamp", 0)
    latest = base + max([r.get("timestamp", 0) for r in records], default=0)
    count = batch.get("count", len(records))
    after_crc = struct.pack(">hiqqqhii", attributes, batch.get("last_delta", count - 1), base,
                            now + batch["max_timestamp"] if "max_timestamp" in batch else latest,
                            batch.get("producer", -1), batch.get("epoch", -1), batch.get("sequence", -1), count) + body
    length = batch.get("length", 4 + 1 + 4 + len(after_crc))
    whole = struct.pack(">qiibI", batch.get("base_offset", 0), length, batch.get("leader_epoch", -1),
                        batch.get("magic", 2), crc32c(after_crc) ^ batch.get("crc_error", 0)) + after_crc
    return whole[:batch.get("cut", len(whole))] * batch.get("repeat", 1)


def read(data: bytes, now: int) -> list[dict]:
    """What lies in the records of a Fetch answer, batch by batch. One that is cut does not count: clients skip it."""
    batches = []
    while len(data) >= 12:
        base, length = struct.unpack_from(">qi", data)
        whole, data = data[:12 + length], data[12 + length:]
        if len(whole) < 12 + length:
            break
        (_, _, epoch, magic, crc, attributes, last_delta, first_time, last_time, producer, producer_epoch, sequence,
         count) = _HEADER.unpack_from(whole)
        batch = {"base_offset": base, "leader_epoch": epoch, "magic": magic, "crc_ok": crc == crc32c(whole[21:]),
                 "attributes": attributes, "last_delta": last_delta, "count": count,
                 "times": [relative(first_time, now), relative(last_time, now)]}
        if producer >= 0:
            batch |= {"ProducerId": producer, "epoch": producer_epoch, "sequence": sequence}
        batches.append(batch)
    return batches


def relative(time: int, now: int) -> int | str:
    """Times that we gave ourselves are near `now`, which is an hour ago; others are the broker's clock."""
    return f"now+{time - now}" if abs(time - now) < 1_000_000 else time if time < 0 else "CLOCK"

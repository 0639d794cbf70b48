"""Records in the console: with Kafka's own tools at the other end, with the registry, and in a cluster of which any broker shows all."""

import json
import struct
import subprocess
import time
import urllib.parse

from cluster_tests import in_cluster, until
from console_tests import Console, _tool, _with_console, start_with_consoles
from harness import batches, wire
from harness.broker import ThalwegBroker
from harness.outcome import expect, expect_equal
from harness.process import peak_mib
from harness.wire import free_port
from registry_tests import Registry

_WAIT_SECONDS = 60
_SCHEMAS = {
    "AVRO": ('{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}', b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
    "PROTOBUF": ('syntax = "proto3"; message Order { int64 id = 1; }', b"\x00\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
    "JSON": ('{"type":"object"}', b'{"id":9223372036854775807}'),
}


def _write(console: Console, topic: str, record: dict, status: int = 200) -> dict:
    got, _, body = console.ask("POST", f"/api/v1/topics/{topic}/records", record)
    expect_equal(got, status, f"status of the write: {body[:300]!r}")
    return json.loads(body)


@_with_console()
def _reads_and_writes_what_kafkas_tools_do(broker: ThalwegBroker, console: Console) -> str:
    _tool(broker, "kafka-topics", "--create", "--topic", "orders", "--partitions", "3")
    _tool(broker, "kafka-console-producer", "--topic", "orders", "--property", "parse.key=true", "--property", "key.separator=:",
          says="".join(f"k{n}:value {n}\n" for n in range(200)))
    seen, cursor = [], ""
    while cursor is not None:
        page = console.get(f"/topics/orders/records?limit=37{cursor and '&cursor=' + cursor}")
        seen += [(item["partition"], item["offset"], item["key"]["text"], item["value"]["text"]) for item in page["items"]]
        cursor = page.get("cursor")
    expect_equal(sorted(value for _, _, _, value in seen), sorted(f"value {n}" for n in range(200)), "all of them, once")
    written = _write(console, "orders", {"key": {"text": "k7"}, "value": {"text": "by hand"}})
    beside = next(partition for partition, _, key, _ in seen if key == "k7")
    expect_equal(written["partition"], beside, "a key has one partition, whoever writes it")
    read = _tool(broker, "kafka-console-consumer", "--topic", "orders", "--from-beginning", "--max-messages", "201")
    expect("by hand" in read, "kafka-console-consumer has not read what the console wrote")
    status, headers, body = console.ask("GET", f"/api/v1/topics/orders/records/{written['partition']}/{written['offset']}/value")
    expect_equal((status, body, headers["Content-Type"]), (200, b"by hand", "application/octet-stream"), "the download")
    return f"{len(seen)} records"


@_with_console()
def _stands_a_record_of_a_hundred_megabytes(broker: ThalwegBroker, console: Console) -> str:
    """Packed it takes little, so that any producer may send it: lists show its beginning, the search says that it did not look, all of it is saved."""
    size = 100_000_000
    _tool(broker, "kafka-topics", "--create", "--topic", "orders")
    with wire.Connection(broker.port, timeout=_WAIT_SECONDS) as connection:
        for value in ("before", "x" * size, "after"):
            batch = batches.build({"records": [value], "codec": "gzip"}, int(time.time() * 1000))
            answer = connection.call(wire.PRODUCE, 3, wire.produce_body("orders", 0, batch))
            expect_equal(wire.produce_answer(answer, "orders")[0], 0, f"the error of a record of {len(value)} bytes")
    seen, cursor = [], ""
    while cursor is not None:
        page = console.get(f"/topics/orders/records?from=oldest{cursor and '&cursor=' + cursor}")
        seen += [(item["offset"], item["value"]["bytes"], len(item["value"]["text"])) for item in page["items"]]
        cursor = page.get("cursor")
    expect_equal(seen, [(0, 6, 6), (1, size, 512), (2, 5, 5)], "offsets, sizes, and how much of each is in the list")
    expect_equal(console.get("/topics/orders/records/0/1")["record"]["value"]["cut"], True, "the open record says that there is more")
    found = console.get("/topics/orders/search?where=after")
    expect_equal((found["progress"]["matches"], found["progress"]["unreadable"], found["troubles"][0]["offset"]), (1, 1, 1), "what the search says")
    status, _, body = console.ask("GET", "/api/v1/topics/orders/records/0/1/value")
    expect_equal((status, len(body), body.strip(b"x")), (200, size, b""), "the download")
    peak = peak_mib(broker.pid)
    expect(peak < 800, f"memory went up to {peak:.0f} MiB")
    return f"{peak:.0f} MiB at most"


def _schemas_are_those_of_the_registry() -> str:
    port = free_port()

    @_with_console({"schema.registry.listeners": f"http://127.0.0.1:{port}"})
    def test(broker: ThalwegBroker, console: Console) -> str:
        registry = Registry(port)
        _tool(broker, "kafka-topics", "--create", "--topic", "orders")
        for kind, (schema, payload) in _SCHEMAS.items():
            status, answer = registry.register(f"orders-{kind}-value", schema, kind)
            expect_equal(status, 200, f"{kind} is registered")
            framed = b"\x00" + struct.pack(">i", answer["id"]) + payload
            at = _write(console, "orders", {"value": {"text": framed.hex(), "format": "hex"}})
            value = console.get(f"/topics/orders/records/0/{at['offset']}")["record"]["value"]
            expect_equal((value["format"], value["text"]), (kind.lower().replace("json", "json_schema"), '{"id":9223372036854775807}'), kind)
            expect_equal((value["schema"]["subject"], value["schema"]["version"]), (f"orders-{kind}-value", 1), "its schema")
        _are_found_by_their_fields(broker, console, port)
        return ", ".join(_SCHEMAS)
    return test()


def _are_found_by_their_fields(broker: ThalwegBroker, console: Console, registry: int) -> None:
    """The search, a column and consume --where look into all of them, by the same schemas."""
    where = "value.id == 9223372036854775807"
    query = urllib.parse.urlencode({"where": where, "columns": "value.id,schema_id"})
    found = console.get(f"/topics/orders/search?{query}")
    expect_equal((found["why"], len(found["items"]), found["progress"]["troubled"]), ("end", len(_SCHEMAS), 0), "what the search finds")
    for item in found["items"]:
        expect_equal(item["value"]["read"]["json"], '{"id":9223372036854775807}', "what it says of a match")
        expect_equal([column["text"] for column in item["columns"]], ["9223372036854775807", str(item["value"]["read"]["schema"])], "columns")
    listed = console.get("/topics/orders/records?columns=value.id")["items"]
    expect_equal([item["columns"][0]["text"] for item in listed], ["9223372036854775807"] * len(_SCHEMAS), "columns of the list")
    expect_equal(console.get(f"/topics/orders/search?{urllib.parse.urlencode({'where': 'value.id == 1'})}")["items"], [], "what does not match")
    nobody = free_port()
    for expression, asked, count in ((where, registry, len(_SCHEMAS)), ("value.id == 1", registry, 0), (where, nobody, 0)):
        done = subprocess.run([str(broker.binary), "consume", "orders", "--output", "json", "--where", expression, "--registry",
                               f"http://127.0.0.1:{asked}", "--brokers", broker.bootstrap], capture_output=True, text=True, check=False, timeout=60)
        expect_equal((done.returncode, len(done.stdout.splitlines())), (0, count), f"lines of consume --where {expression}: {done.stderr}")
        expect_equal(f"{len(_SCHEMAS)} records are left out" in done.stderr, asked == nobody, f"what it says of records that it cannot read: {done.stderr}")


@in_cluster
def _any_broker_shows_and_writes_all(cluster) -> str:
    consoles = start_with_consoles(cluster)
    cluster.thalweg(["topic", "create", "orders", "--partitions", "6", "--replicas", "3"])
    cluster.wait_until_all_in_sync("orders")
    leaders = {partition["leader"] for partition in cluster.partitions("orders")}
    expect(len(leaders) > 1, "one broker leads all: nothing would be asked of another")
    for node, console in consoles.items():
        for partition in range(6):
            _write(console, "orders", {"partition": partition, "value": {"text": f"from {node} to {partition}"}})
    wanted = sorted(f"from {node} to {partition}" for node in consoles for partition in range(6))
    for node, console in consoles.items():
        page = console.get("/topics/orders/records?limit=100")
        expect_equal(sorted(item["value"]["text"] for item in page["items"]), wanted, f"seen at node {node}")
        times = [item["timestamp"] for item in page["items"]]
        expect_equal(times, sorted(times, reverse=True), "in order of time")
    lost = next(iter(leaders - {1}))
    cluster.nodes[lost].kill()
    for _ in until(_WAIT_SECONDS):
        page = consoles[1].get("/topics/orders/records?limit=100")
        if len(page["items"]) == len(wanted):
            break
    expect_equal(sorted(item["value"]["text"] for item in page["items"]), wanted, "after kill -9 of a leader")
    return f"led by {len(leaders)} brokers"


ALL = {
    "the console reads and writes what Kafka's tools do": _reads_and_writes_what_kafkas_tools_do,
    "the console reads by the schemas of the registry": _schemas_are_those_of_the_registry,
    "any broker's console shows and writes all records": _any_broker_shows_and_writes_all,
    "the console stands a record of a hundred megabytes": _stands_a_record_of_a_hundred_megabytes,
}

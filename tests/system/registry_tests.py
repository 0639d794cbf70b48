"""The schema registry of the real binary over HTTP: what its clients ask, what is refused and how, and that nothing is lost."""

import concurrent.futures
import json
import pathlib
import socket
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from harness import wire
from harness.broker import ThalwegBroker
from harness.outcome import expect, expect_equal

_V1 = "application/vnd.schemaregistry.v1+json"
_USER = {"type": "record", "name": "User", "namespace": "shop", "fields": [{"name": "id", "type": "long"}]}


def _equal(got: object, want: object) -> None:
    expect_equal(got, want, "the registry's answer")


class Registry:
    def __init__(self, port: int):
        self.port = port

    def ask(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> tuple[int, object]:
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, method=method,
                                         headers={"Content-Type": _V1, **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read().decode()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as e:
            return e.code, json.loads(e.read().decode())

    def register(self, subject: str, schema: object, kind: str = "AVRO") -> tuple[int, object]:
        text = schema if isinstance(schema, str) else json.dumps(schema)
        return self.ask("POST", f"/subjects/{urllib.parse.quote(subject, safe='')}/versions", {"schema": text, "schemaType": kind})


def _with_registry(body):
    """A server with a registry, in a folder of its own."""
    def test() -> str | None:
        with tempfile.TemporaryDirectory(prefix="thalweg-registry-") as folder:
            broker = ThalwegBroker(pathlib.Path(folder))
            port = wire.free_port()
            broker.properties["schema.registry.listeners"] = f"http://127.0.0.1:{port}"
            try:
                broker.start()
                return body(broker, Registry(port))
            finally:
                broker.kill()
    return test


def _with_field(name: str, **more: object) -> dict:
    return {**_USER, "fields": [*_USER["fields"], {"name": name, "type": "string", **more}]}


def _evolves(broker: ThalwegBroker, registry: Registry) -> str:
    _equal(registry.ask("GET", "/subjects"), (200, []))
    status, first = registry.register("users-value", _USER)
    _equal((status, first["id"]), (200, 1))
    _equal(registry.register("users-value", _USER)[1]["id"], 1)
    status, refused = registry.register("users-value", _with_field("name"))
    _equal((status, refused["error_code"]), (409, 40901))
    expect("/fields/1" in refused["message"], f"the message does not name the field: {refused['message']}")
    status, second = registry.register("users-value", _with_field("name", default=""))
    _equal((status, second["id"]), (200, 2))
    _equal(registry.ask("GET", "/subjects/users-value/versions"), (200, [1, 2]))
    _equal(json.loads(registry.ask("GET", "/schemas/ids/1")[1]["schema"]), _USER)
    _equal(registry.ask("GET", "/subjects/users-value/versions/latest/schema")[1], _with_field("name", default=""))
    _equal(registry.ask("PUT", "/config/users-value", {"compatibility": "none"}), (200, {"compatibility": "NONE"}))
    _equal(registry.ask("GET", "/config/users-value"), (200, {"compatibilityLevel": "NONE"}))
    _equal(registry.register("users-value", _with_field("name"))[1]["id"], 3)
    _equal(registry.register("a/b c", _USER)[1]["id"], 1)
    _equal(registry.ask("GET", "/subjects"), (200, ["a/b c", "users-value"]))
    _equal(registry.ask("GET", "/contexts/.test/subjects"), (200, []))
    return "3 ids, 2 subjects"


def _tags(broker: ThalwegBroker, registry: Registry) -> None:
    """As Confluent's own test of tags goes through them (RestApiRegisterSchemaTagsTest)."""
    def tag(path: str, kind: str, *tags: str) -> dict:
        return {"schemaEntity": {"entityPath": path, "entityType": kind}, "tags": list(tags)}

    registry.register("users-value", _USER)
    whole, mail = tag("shop.User", "sr_record", "A", "B"), tag("shop.User.id", "sr_field", "PII")
    status, answer = registry.ask("POST", "/subjects/users-value/versions",
                                  {"schema": json.dumps(_USER), "version": 2, "schemaTagsToAdd": [whole, mail]})
    _equal((status, answer["version"], answer["metadata"]), (200, 2, {"properties": {"confluent:version": "2"}}))
    status, found = registry.ask("GET", "/subjects/users-value/versions/2?findTags=*")
    _equal((found["schemaTags"], json.loads(found["schema"])["confluent:tags"]), ([whole, mail], ["A", "B"]))
    _equal(registry.ask("GET", f"/schemas/ids/{found['id']}?findTags=PII")[1]["schemaTags"], [mail])
    expect("schemaTags" not in registry.ask("GET", "/subjects/users-value/versions/2")[1], "tags that nobody asked for")
    status, answer = registry.ask("POST", "/subjects/users-value/versions/latest/tags",
                                  {"newVersion": 3, "tagsToRemove": [tag("shop.User", "sr_record", "B")]})
    _equal((status, answer["version"], answer["metadata"]), (200, 3, {"properties": {"confluent:version": "3"}}))
    _equal(registry.ask("GET", "/subjects/users-value/versions/3?findTags=A")[1]["schemaTags"], [tag("shop.User", "sr_record", "A")])
    status, answer = registry.ask("POST", "/subjects/users-value/versions",
                                  {"schema": json.dumps(_with_field("name", default="")), "propagateSchemaTags": True})
    _equal((status, answer["version"]), (200, 4))
    _equal(registry.ask("GET", "/subjects/users-value/versions/4?findTags=*")[1]["schemaTags"], [tag("shop.User", "sr_record", "A"), mail])
    for path, body in (("/subjects/users-value/versions/4/tags", {"tagsToAdd": [tag("shop.User.none", "sr_field", "X")]}),
                       ("/subjects/users-value/versions/4/tags", {"newVersion": 9, "tagsToAdd": [mail]})):
        _equal((path, registry.ask("POST", path, body)[1]["error_code"]), (path, 42201))
    _equal(registry.ask("POST", "/subjects/users-value/versions/4/tags", {"tagsToAdd": [{"tags": ["X"]}]})[1]["error_code"], 400)


def _survives(broker: ThalwegBroker, registry: Registry) -> str:
    told: dict[int, str] = {}

    def register(number: int) -> None:
        try:
            status, answer = registry.register(f"s{number % 20}", {"type": "fixed", "name": f"F{number}", "size": 4})
        except OSError:
            return  # killed meanwhile
        if status == 200:
            told.setdefault(answer["id"], f"F{number}")
            _equal(told[answer["id"]], f"F{number}")

    registry.ask("PUT", "/config", {"compatibility": "NONE"})
    number = 0
    for kill in range(5):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            some = [pool.submit(register, number + i) for i in range(200)]
            number += 200
            time.sleep(0.05 + 0.05 * kill)
            broker.kill()
            for one in some:
                one.result()
        broker.start()
    for schema_id, name in told.items():
        status, answer = registry.ask("GET", f"/schemas/ids/{schema_id}")
        _equal((status, json.loads(answer["schema"])["name"]), (200, name))
    return f"{len(told)} schemas through 5 kills"


def _refuses(broker: ThalwegBroker, registry: Registry) -> str:
    cases = [("GET", "/nowhere", None, 404, 404), ("PATCH", "/subjects", None, 405, 405),
             ("GET", "/subjects/none/versions", None, 404, 40401), ("GET", "/schemas/ids/9", None, 404, 40403),
             ("GET", "/schemas/ids/x", None, 404, 404), ("GET", "/subjects/none/versions/0", None, 422, 42202),
             ("POST", "/subjects/s/versions", b"{", 400, 400), ("POST", "/subjects/s/versions", b"", 422, 422),
             ("POST", "/subjects/s/versions", {"schema": "{}"}, 422, 42201), ("POST", "/subjects/s/versions", {"schema": 3}, 400, 400),
             ("POST", "/subjects/s/versions", b"[" * 100_000, 400, 400), ("POST", "/subjects/s/versions", b"\xff\xfe", 400, 400),
             ("PUT", "/config", {"compatibility": "SOME"}, 422, 42203), ("PUT", "/mode", {"mode": "SOME"}, 422, 42204),
             ("GET", "/config/s", None, 404, 40408), ("GET", "/mode/s", None, 404, 40409)]
    for method, path, body, status, code in cases:
        got, answer = registry.ask(method, path, body)
        _equal((method, path, got, answer["error_code"]), (method, path, status, code))
        expect(len(answer["message"]) > 5, f"{path} says nothing: {answer}")
    huge = {"schema": json.dumps({**_USER, "doc": "x" * 1_500_000})}
    _equal(registry.ask("POST", "/subjects/s/versions", huge)[1]["error_code"], 42209)
    deep = '{"type":"array","items":' * 5000 + '"int"' + "}" * 5000
    _equal(registry.ask("POST", "/subjects/s/versions", {"schema": deep})[1]["error_code"], 42201)
    got, answer = registry.ask("POST", "/subjects/s/versions", {"schema": '"int"'}, {"Content-Type": "text/plain"})
    _equal((got, answer["error_code"]), (415, 415))
    got, answer = registry.ask("GET", "/subjects", headers={"Origin": "http://elsewhere.example", "User-Agent": "Mozilla/5.0"})
    _equal((got, answer["error_code"]), (403, 403))
    with socket.create_connection(("127.0.0.1", registry.port), timeout=20) as rude:
        rude.sendall(b"POST /subjects/s/versions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900000000\r\n\r\n")
        expect(b" 413 " in rude.recv(4096), "a body of 900 MB is not refused by what it claims")
    _equal(registry.ask("GET", "/subjects"), (200, []))
    return f"{len(cases) + 5} requests"


def _others_are_served(broker: ThalwegBroker, registry: Registry) -> str:
    """64 bodies in chunks that never end, from another address, since one may have as many connections as that."""
    head = b"POST /subjects/s/versions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    part = b"3e8\r\n" + b" " * 1000 + b"\r\n"
    slow = []
    try:
        for _ in range(64):
            one = socket.create_connection(("127.0.0.1", registry.port), timeout=10, source_address=("127.0.0.2", 0))
            slow.append(one)
            one.sendall(head + part)
        for one in slow:
            one.sendall(part)
        slowest = 0.0
        for number in range(20):
            begun = time.monotonic()
            status, _ = registry.register(f"served-{number}", {"type": "fixed", "name": f"F{number}", "size": 4})
            slowest = max(slowest, time.monotonic() - begun)
            _equal(status, 200)
        expect(slowest < 5, f"a schema took {slowest:.1f} s while others were sending slowly")
        for one in slow:  # they are still there, and may go on
            one.sendall(part)
        slow[0].sendall(b"0\r\n\r\n")
        expect(slow[0].recv(4096).startswith(b"HTTP/1.1 4"), "a body of spaces got no answer")
    finally:
        for one in slow:
            one.close()
    return f"20 schemas beside 64 slow bodies, the slowest in {slowest * 1000:.0f} ms"


ALL = {
    "schema registry: schemas are registered and evolve": _with_registry(_evolves),
    "schema registry: tags are changed and found": _with_registry(_tags),
    "schema registry: what was answered survives kill -9, no id twice": _with_registry(_survives),
    "schema registry: what is wrong is refused with its code": _with_registry(_refuses),
    "schema registry: slow bodies in chunks keep nobody else waiting": _with_registry(_others_are_served),
}

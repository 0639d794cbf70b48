"""The console of the real binary over HTTP: what it answers, who is let in, what is left when it is not there."""

import contextlib
import http.client
import json
import pathlib
import re
import socket
import stat
import subprocess
import tempfile
import time

from cluster_tests import Cluster, until
from harness import wire
from harness.broker import ThalwegBroker
from harness.outcome import Failure, expect, expect_equal
from harness.process import resume, suspend



class Console:
    def __init__(self, port: int, host: str = "127.0.0.1"):
        self.host, self.port = host, port

    def ask(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        with contextlib.closing(connection):
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, path, data, {**({"Content-Type": "application/json"} if data else {}), **(headers or {})})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def get(self, path: str, headers: dict[str, str] | None = None) -> dict:
        status, _, body = self.ask("GET", "/api/v1" + path, headers=headers)
        expect_equal(status, 200, f"status of {path}: {body[:300]!r}")
        return json.loads(body)


def start_with_consoles(cluster: Cluster) -> dict[int, Console]:
    """Starts the cluster with a console at each node."""
    consoles = {}
    for node, broker in cluster.nodes.items():
        consoles[node] = Console(wire.free_port())
        broker.properties["console.listeners"] = f"http://127.0.0.1:{consoles[node].port}"
    cluster.start()
    cluster.wait_for_each_other()
    return consoles


def _with_console(more: dict[str, str] | None = None, host: str = "127.0.0.1"):
    """A server with a console, in a folder of its own."""
    def wrapped(body):
        def test() -> str | None:
            with tempfile.TemporaryDirectory(prefix="thalweg-console-") as folder:
                broker = ThalwegBroker(pathlib.Path(folder), more)
                port = wire.free_port()
                broker.properties["console.listeners"] = f"http://{host}:{port}"
                try:
                    broker.start()
                    return body(broker, Console(port))
                finally:
                    broker.kill()
        return test
    return wrapped


def _tool(broker: ThalwegBroker, name: str, *arguments: str, says: str = "") -> str:
    done = subprocess.run([str(broker.binary.with_name(name)), *arguments, "--bootstrap-server", broker.bootstrap], input=says,
                          capture_output=True, text=True, check=False, timeout=60)
    expect_equal(done.returncode, 0, f"{name} {arguments}: {done.stderr}")
    return done.stdout


@_with_console()
def _shows_what_kafkas_tools_do(broker: ThalwegBroker, console: Console) -> str:
    expect_equal(console.get("/topics")["total"], 0, "topics of a new server")
    _tool(broker, "kafka-topics", "--create", "--topic", "orders", "--partitions", "3", "--config", "retention.ms=60000")
    topics = console.get("/topics?q=ORD")
    expect_equal([t["name"] for t in topics["items"]], ["orders"], "the topic, as soon as the tool has made it")
    expect_equal(topics["items"][0]["retention_ms"], 60000, "its retention")
    _tool(broker, "kafka-console-producer", "--topic", "orders", says="one\ntwo\nthree\n")
    _tool(broker, "kafka-console-consumer", "--topic", "orders", "--group", "readers", "--from-beginning", "--max-messages", "3")
    _tool(broker, "kafka-console-producer", "--topic", "orders", says="four\nfive\n")
    expect_equal(console.get("/topics/orders")["records"], 5, "records")
    group = console.get("/groups/readers")
    told = _tool(broker, "kafka-consumer-groups", "--describe", "--group", "readers")
    lag = sum(int(line.split()[5]) for line in told.splitlines() if line.startswith("readers"))
    expect_equal(group["lag"], lag, f"lag beside kafka-consumer-groups: {told}")
    expect_equal([g["name"] for g in console.get("/topics/orders/groups")["items"]], ["readers"], "who reads it")
    described = _tool(broker, "kafka-configs", "--describe", "--entity-type", "topics", "--entity-name", "orders", "--all")
    theirs = dict(re.findall(r"^ +([a-z.]+)=(\S*) ", described, re.M))
    ours = {o["name"]: o.get("value", "null") for o in console.get("/topics/orders/config")["items"]}
    expect_equal({n: ours.get(n) for n in theirs}, theirs, "options beside kafka-configs")
    return f"{len(ours)} options, lag {lag}"


def _change(console: Console, method: str, path: str, body: object = None) -> dict:
    """Plans, and carries out what was planned."""
    status, _, answer = console.ask(method, f"/api/v1{path}{'&' if '?' in path else '?'}dry_run=true", body)
    expect_equal(status, 200, f"the plan of {method} {path}: {answer[:300]!r}")
    plan = json.loads(answer)
    expect_equal(plan["applied"], False, "nothing is done by planning")
    status, _, answer = console.ask(method, "/api/v1" + path, body, {"If-Match": plan["plan"]})
    expect_equal(status, 200, f"{method} {path}: {answer[:300]!r}")
    return json.loads(answer)


def _committed(broker: ThalwegBroker, group: str) -> list[str]:
    told = _tool(broker, "kafka-consumer-groups", "--describe", "--group", group)
    return [line.split()[3] for line in told.splitlines() if line.startswith(group)]


@_with_console()
def _changes_what_kafkas_tools_then_show(broker: ThalwegBroker, console: Console) -> None:
    _change(console, "POST", "/topics", {"name": "orders", "partitions": 2, "options": [{"name": "retention.ms", "value": "60000"}]})
    _change(console, "POST", "/topics/orders/partitions", {"partitions": 3})
    _change(console, "PATCH", "/topics/orders/config", {"set": [{"name": "max.message.bytes", "value": "2000000"}], "unset": ["retention.ms"]})
    described = _tool(broker, "kafka-topics", "--describe", "--topic", "orders")
    expect("PartitionCount: 3" in described and "max.message.bytes=2000000" in described and "retention.ms" not in described, described)
    _tool(broker, "kafka-console-producer", "--topic", "orders", says="".join(f"record {n}\n" for n in range(30)))
    _tool(broker, "kafka-console-consumer", "--topic", "orders", "--group", "readers", "--from-beginning", "--max-messages", "30")
    ends = _committed(broker, "readers")
    _change(console, "POST", "/groups/readers/offsets", {"to": "earliest"})
    expect_equal(_committed(broker, "readers"), ["0"] * len(ends), "offsets after a reset to the earliest")
    _change(console, "POST", "/groups/readers/offsets", {"to": "latest"})
    expect_equal(_committed(broker, "readers"), ends, "offsets after a reset to the latest")
    _change(console, "POST", "/topics/orders/delete-records", {"before": "end"})
    earliest = _tool(broker, "kafka-get-offsets", "--topic", "orders", "--time", "earliest")
    expect_equal(sum(int(line.split(":")[2]) for line in earliest.split()), 30, "where the topic begins when its records are deleted")
    _change(console, "DELETE", "/groups/readers")
    expect("readers" not in _tool(broker, "kafka-consumer-groups", "--list"), "the group is there after it was deleted")
    _change(console, "DELETE", "/topics/orders")
    expect("orders" not in _tool(broker, "kafka-topics", "--list"), "the topic is there after it was deleted")
    lines = broker.log_path.read_text().count("console change")
    expect_equal(lines, 8, "lines of the log, one a change")


def _shows_and_changes_what_other_brokers_lead() -> str:
    """Whoever is asked: groups are asked of who coordinates them, ends of logs of who leads them, and so are changes."""
    with tempfile.TemporaryDirectory(prefix="thalweg-console-") as folder:
        cluster = Cluster(pathlib.Path(folder))
        port = wire.free_port()
        cluster.nodes[1].properties |= {"console.listeners": f"http://127.0.0.1:{port}"}
        for node in cluster.nodes.values():
            node.properties |= {"offsets.topic.num.partitions": "9", "offsets.topic.replication.factor": "3"}
        try:
            cluster.start()
            cluster.wait_for_each_other()
            return _tries_a_cluster(cluster, Console(port), cluster.nodes[1])
        finally:
            cluster.kill()


def _tries_a_cluster(cluster: Cluster, console: Console, broker: ThalwegBroker) -> str:
    _tool(broker, "kafka-topics", "--create", "--topic", "orders", "--partitions", "6", "--replication-factor", "1")
    leaders = {partition["leader"] for partition in console.get("/topics/orders/partitions")["items"]}
    expect_equal(leaders, {1, 2, 3}, "brokers that lead a partition")
    _tool(broker, "kafka-console-producer", "--topic", "orders", says="".join(f"key-{n}:record {n}\n" for n in range(60)))
    names = [f"readers-{n}" for n in range(8)]
    for name in names:
        _tool(broker, "kafka-console-consumer", "--topic", "orders", "--group", name, "--from-beginning", "--max-messages", "60")
    _tool(broker, "kafka-console-producer", "--topic", "orders", says="".join(f"more {n}\n" for n in range(5)))
    page = console.get("/groups")
    expect_equal([(group["name"], group.get("lag")) for group in page["items"]], [(name, 5) for name in names], "groups and their lag")
    expect_equal((page["all"], page["not_asked"]), (8, []), "how many there are, and who did not answer")
    topic = console.get("/topics/orders")
    expect_equal((topic["records"], topic["groups"]), (65, 8), "records and readers of the topic, wherever they are")
    expect_equal(sum(p["records"] for p in console.get("/topics/orders/partitions")["items"]), 65, "records of its partitions")
    readers = console.get("/topics/orders/groups?sort=-name")
    expect_equal([(group["name"], group["lag"], group["members"]) for group in readers["items"]], [(name, 5, 0) for name in reversed(names)],
                 "who reads it, at whichever broker")
    expect_equal(readers["not_asked"], [], "who did not say which groups read it")
    coordinators = {group["name"]: group["coordinator"] for group in page["items"]}
    elsewhere = [name for name in names if coordinators[name] != 1]
    expect(len(set(coordinators.values())) > 1, f"who coordinates them: {coordinators}")
    group = elsewhere[0]
    detail = console.get(f"/groups/{group}")
    expect_equal((detail["lag"], detail["coordinator"], detail["partitions"]), (5, coordinators[group], 6), "one group")
    read = _committed(broker, group)
    _change(console, "POST", f"/groups/{group}/offsets", {"to": "earliest"})
    expect_equal(_committed(broker, group), ["0"] * len(read), "offsets after a reset")
    plan = _change(console, "POST", "/topics/orders/delete-records", {"before": "end"})
    expect_equal((plan["records"], plan["partitions"]), (65, 6), "what was deleted")
    earliest = _tool(broker, "kafka-get-offsets", "--topic", "orders", "--time", "earliest")
    expect_equal(sum(int(line.split(":")[2]) for line in earliest.split()), 65, "where the topic begins then")
    _change(console, "DELETE", f"/groups/{group}")
    expect(group not in _tool(broker, "kafka-consumer-groups", "--list").split(), "the group is there after it was deleted")
    silent = coordinators[elsewhere[-1]]
    suspend(cluster.nodes[silent].pid)
    try:
        _names_who_is_silent(console, silent)
    finally:
        resume(cluster.nodes[silent].pid)
    return f"coordinators: {sorted(coordinators.values())}"


def _names_who_is_silent(console: Console, silent: int) -> None:
    """At once, while it is believed to be there, and later, when it is fenced and others coordinate its groups."""
    page = console.get("/groups")
    expect_equal(page["not_asked"], [silent], "who did not answer")
    expect_equal(console.get("/topics/orders/groups")["not_asked"], [silent], "who did not say which groups read it")
    expect(page["total"] < 7, f"groups of a broker that stands still: {page['items']}")
    for _ in until(60):
        status, _, answer = console.ask("GET", "/api/v1/groups")  # 503 while its own are loaded
        page = json.loads(answer)
        if status == 200 and page["total"] == 7:
            break
    expect_equal((page["total"], page["not_asked"]), (7, [silent]), "groups when others coordinate them")


@_with_console({"console.read.only": "true"})
def _changes_nothing_where_it_only_reads(broker: ThalwegBroker, console: Console) -> None:
    _tool(broker, "kafka-topics", "--create", "--topic", "orders")
    status, _, answer = console.ask("DELETE", "/api/v1/topics/orders", headers={"If-Match": "*"})
    expect_equal((status, json.loads(answer)["type"]), (403, "/problems/read-only"), "a change")
    expect("orders" in _tool(broker, "kafka-topics", "--list"), "the topic is gone")


@_with_console(host="0.0.0.0")
def _asks_for_the_token_on_other_addresses(broker: ThalwegBroker, console: Console) -> None:
    link = re.search(r"link=\"?http://localhost:(\d+)/#token=([0-9a-f]{32})", broker.log_path.read_text())
    expect(link is not None, f"no link in the log: {broker.log_tail()}")
    expect_equal(int(link[1]), console.port, "the port of the link")
    file = broker.data / "console.token"
    expect_equal(file.read_text().strip(), link[2], "the token of the file")
    expect_equal(stat.S_IMODE(file.stat().st_mode), 0o600, "who may read it")
    expect_equal(console.ask("GET", "/api/v1/topics")[0], 401, "without a token")
    expect_equal(console.get("/topics", {"Authorization": f"Bearer {link[2]}"})["total"], 0, "with it")
    status, headers, _ = console.ask("POST", "/api/v1/session", {"token": link[2]})
    expect_equal(status, 200, "signing in")
    cookie = headers["Set-Cookie"].split(";")[0]
    expect_equal(console.get("/cluster", {"Cookie": cookie})["status"], "ok", "with the cookie")
    for _ in range(5):
        expect_equal(console.ask("POST", "/api/v1/session", {"token": "0" * 32})[0], 401, "a wrong token")
    expect_equal(console.ask("POST", "/api/v1/session", {"token": link[2]})[0], 429, "after five of them")
    expect_equal(console.get("/cluster", {"Cookie": cookie})["status"], "ok", "whoever is signed in stays so")


@_with_console()
def _serves_pages(broker: ThalwegBroker, console: Console) -> str:
    status, headers, page = console.ask("GET", "/topics/any/partitions")
    expect_equal((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"), "a deep link")
    expect("trusted-types 'none'" in headers["Content-Security-Policy"], f"no policy: {headers}")
    if b'id="boot"' not in page:
        expect(b"nodejs npm" in page, "the page says neither what it is nor what is missing")
        return "built without pages"
    files = set(re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.decode()))
    expect(len(files) > 1, f"no files in the page: {page[:400]!r}")
    size = 0
    for path in files:
        status, headers, body = console.ask("GET", path, headers={"Accept-Encoding": "gzip"})
        expect_equal((status, headers.get("Content-Encoding")), (200, "gzip"), path)
        expect("immutable" in headers["Cache-Control"], f"{path} is not kept: {headers}")
        size += len(body)
        expect_equal(console.ask("GET", path, headers={"If-None-Match": headers["ETag"]})[0], 304, path)
    return f"{len(files)} files, {size / 1024:.0f} KiB"


@_with_console()
def _is_closed_to_pages_of_others(broker: ThalwegBroker, console: Console) -> None:
    cases = [({"Host": "evil.example"}, 421), ({"Origin": "http://evil.example"}, 403), ({"Sec-Fetch-Site": "cross-site"}, 403),
             ({"Sec-Fetch-Site": "same-origin"}, 200), ({"Host": f"localhost:{console.port}"}, 200), ({}, 200)]
    for headers, status in cases:
        expect_equal(console.ask("GET", "/api/v1/topics", headers=headers)[0], status, str(headers))
        expect("Access-Control-Allow-Origin" not in console.ask("GET", "/", headers=headers)[1], "a CORS header")


@_with_console()
def _stands_rude_clients(broker: ThalwegBroker, console: Console) -> str:
    """What is no request, is endless or stops in the middle is answered or cut off, and others are served meanwhile."""
    before = broker.resident_mib()
    with contextlib.ExitStack() as held:
        for said in (b"GET /api/v1/topics HTTP/1.1\r\n", b"POST /api/v1/session HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"\x16\x03\x01\x02\x00\x01",
                     b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n", b"GET /%ff%00 HTTP/1.1\r\nHost: localhost\r\n\r\n") * 8:
            connection = held.enter_context(socket.create_connection(("127.0.0.1", console.port), timeout=5))
            connection.sendall(said)
        names = ["/topics/" + "x" * 300, "/topics/%2e%2e%2fetc", "/topics/%00", "/groups/%F0%9F%98%80", "/topics?q=%2F(a%2B)%2B%24%2F", "/brokers/-1"]
        for name in names:
            expect(console.ask("GET", "/api/v1" + name)[0] in (200, 400, 404), name)
        expect_equal(console.get("/cluster")["status"], "ok", "others meanwhile")
    grown = broker.resident_mib() - before
    expect(grown < 16, f"{grown:.1f} MiB more")
    return f"{grown:.1f} MiB more"


def _gives_way_when_the_port_is_taken() -> None:
    with tempfile.TemporaryDirectory(prefix="thalweg-console-") as folder, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        broker = ThalwegBroker(pathlib.Path(folder) / "set", {"console.listeners": f"http://127.0.0.1:{taken.getsockname()[1]}"})
        try:
            broker.launch()
            expect_equal(broker.process.wait(20), 1, "exit code with a port that was set and is taken")
            expect("console.listeners" in broker.log_tail(), f"the option is not named: {broker.log_tail()}")
        finally:
            broker.kill()
        first, second = (ThalwegBroker(pathlib.Path(folder) / name) for name in ("first", "second"))
        try:
            first.start()
            second.start()
            _wait_for(lambda: "console: not served" in second.log_path.read_text(errors="replace"), "the warning of the second server")
        finally:
            first.kill()
            second.kill()


def _wait_for(what, described: str) -> None:
    end = time.monotonic() + 20
    while not what():
        if time.monotonic() > end:
            raise Failure(f"{described} does not come")
        time.sleep(0.05)


@_with_console()
def _is_turned_off_by_nothing(broker: ThalwegBroker, console: Console) -> None:
    broker.stop()
    broker.properties["console.listeners"] = ""
    broker.start()
    try:
        socket.create_connection(("127.0.0.1", console.port), timeout=2).close()
    except OSError:
        return
    raise Failure("somebody listens")


ALL = {
    "the console shows what Kafka's tools do": _shows_what_kafkas_tools_do,
    "the console changes what Kafka's tools then show": _changes_what_kafkas_tools_then_show,
    "the console changes what other brokers lead": _shows_and_changes_what_other_brokers_lead,
    "the console changes nothing where it only reads": _changes_nothing_where_it_only_reads,
    "the console asks for the token on other addresses": _asks_for_the_token_on_other_addresses,
    "the console serves its pages": _serves_pages,
    "the console is closed to other sites' pages": _is_closed_to_pages_of_others,
    "the console stands rude clients": _stands_rude_clients,
    "the console gives way when its port is taken": _gives_way_when_the_port_is_taken,
    "the console is turned off by nothing": _is_turned_off_by_nothing,
}

"""Metrics and health over HTTP: Prometheus' own tools look at them, dashboards find their data, rude clients are held off."""

import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from harness import paths, wire
from harness.broker import ThalwegBroker
from harness.outcome import Failure, Skip, expect, expect_equal

_PACKAGED = paths.REPOSITORY / "packaging" / "monitoring"
_DASHBOARDS = sorted(_PACKAGED.glob("dashboard-*.json"))
# What is not called as a function; labels and their matchers are taken away before.
_WORD = re.compile(r"\b([a-z][a-z0-9_]+)\b(?!\s*\()")


def _tool(name: str) -> str:
    """Debian's package `prometheus`; THALWEG_PROMETHEUS names another folder that has its programs."""
    folder = os.environ.get("THALWEG_PROMETHEUS")
    found = shutil.which(name, path=folder) if folder else shutil.which(name)
    if found:
        return found
    if os.environ.get("CI"):
        raise Failure(f"no {name}; tools/test.sh installs Debian's package prometheus")
    raise Skip(f"no {name}: apt-get install prometheus")


def _with_server(body):
    """A server with a metrics port, in a folder of its own."""
    def test() -> str | None:
        with tempfile.TemporaryDirectory(prefix="thalweg-monitoring-") as folder:
            broker = ThalwegBroker(pathlib.Path(folder))
            broker.metrics_port = wire.free_port()
            broker.properties["metrics.listeners"] = f"http://127.0.0.1:{broker.metrics_port}"
            try:
                broker.start()
                return body(broker)
            finally:
                broker.kill()
    return test


def _get(port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, str, dict[str, str]]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode(), dict(e.headers)


def _names_in(page: str) -> set[str]:
    return {re.match(r"[a-z0-9_]+", line).group() for line in page.splitlines() if line and not line.startswith("#")}


def _exchange(port: int, sent: bytes, limit: float = 30.0) -> bytes:
    """What a connection is told until the server ends it."""
    with socket.create_connection(("127.0.0.1", port), timeout=limit) as s:
        try:
            s.sendall(sent)
        except OSError:
            pass  # it does not take all; what it said is still there
        said = b""
        try:
            while piece := s.recv(65536):
                said += piece
        except ConnectionResetError:
            pass
        return said


def _tools(broker: ThalwegBroker, tool: str, *arguments: str, text: str = "") -> str:
    done = subprocess.run([str(broker.binary.resolve().parent / tool), *arguments, "--bootstrap-server", broker.bootstrap],
                          input=text, capture_output=True, text=True, timeout=60)
    expect_equal(done.returncode, 0, f"{tool}: {done.stdout}{done.stderr}")
    return done.stdout


def _load(broker: ThalwegBroker) -> None:
    """Something of everything: records, a group that has read some of them, an error."""
    _tools(broker, "kafka-topics", "--create", "--if-not-exists", "--topic", "orders")
    _tools(broker, "kafka-console-producer", "--topic", "orders", text="".join(f"record {n}\n" for n in range(50)))
    _tools(broker, "kafka-console-consumer", "--topic", "orders", "--group", "billing", "--from-beginning", "--max-messages", "20")
    with wire.Connection(broker.port) as connection:
        connection.call(wire.PRODUCE, 3, wire.produce_body("orders", 99, wire.batch("nowhere")))


@_with_server
def serves_what_promtool_likes(broker) -> str:
    promtool = _tool("promtool")
    _load(broker)
    lines = 0
    for path in ("/metrics", "/metrics/detail"):
        status, page, headers = _get(broker.metrics_port, path)
        expect_equal((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"), path)
        done = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, text=True, timeout=60)
        expect_equal((done.returncode, done.stdout + done.stderr), (0, ""), f"promtool check metrics, {path}")
        lines += len(page.splitlines())
    done = subprocess.run([promtool, "check", "rules", str(_PACKAGED / "alerts.yml")], capture_output=True, text=True)
    expect_equal(done.returncode, 0, done.stdout + done.stderr)
    return f"{lines} lines"


def _queries() -> dict[str, str]:
    """Every expression of the dashboards, by dashboard and title of its panel."""
    found = {}
    for file in _DASHBOARDS:
        for panel in json.loads(file.read_text())["panels"]:
            for n, target in enumerate(panel["targets"]):
                found[f"{file.stem}: {panel['title']} {n}"] = target["expr"]
    return found


def _alert_expressions() -> list[str]:
    return re.findall(r"^ +expr: (.*)$", (_PACKAGED / "alerts.yml").read_text(), re.M)


def _metrics_of(expression: str) -> set[str]:
    bare = re.sub(r"\{[^}]*\}|\"[^\"]*\"|\b(by|without) \([^)]*\)|\[[^\]]*\]", " ", expression)
    return set(_WORD.findall(bare))


@_with_server
def every_query_names_what_is_served(broker) -> str:
    _load(broker)
    served = _names_in(_get(broker.metrics_port, "/metrics")[1]) | {"up"}
    queries = [*_queries().values(), *_alert_expressions()]
    expect(len(queries) > 30, f"{len(queries)} queries are no dashboards")
    asked = set()
    for query in queries:
        names = _metrics_of(query)
        expect(bool(names), f"no metric in {query}")
        expect(names <= served, f"{sorted(names - served)} of {query} is not served")
        asked |= names
    expect("kafka_nothing_total" not in served and _metrics_of("sum(rate(kafka_nothing_total[1m]))") == {"kafka_nothing_total"},
           "this test would not notice a name that is not served")
    return f"{len(queries)} queries, {len(asked)} metrics"


class _Prometheus:
    """Debian's Prometheus, which scrapes one server every second."""

    def __init__(self, folder: pathlib.Path, target: int):
        self.port = wire.free_port()
        (folder / "alerts.yml").write_bytes((_PACKAGED / "alerts.yml").read_bytes())
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: thalweg\n    static_configs:\n"
            f"      - targets: ['127.0.0.1:{target}']\nrule_files: [alerts.yml]\n")
        self.log = folder / "prometheus.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [_tool("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
                 f"--web.listen-address=127.0.0.1:{self.port}"], stdout=log, stderr=log, start_new_session=True)

    def ask(self, path: str, **parameters: str) -> dict:
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            return json.load(answer)["data"]

    def wait_for_scrapes(self, wanted: int) -> None:
        end = time.monotonic() + 90
        while time.monotonic() < end:
            try:
                result = self.ask("query", query=f"sum_over_time(up[5m]) >= {wanted}")["result"]
            except (OSError, ValueError):
                result = []
            if result:
                return
            expect(self.process.poll() is None, f"Prometheus has ended: {self.log.read_text()[-500:]}")
            time.sleep(0.5)
        raise Failure(f"no {wanted} scrapes in 90 s: {self.ask('targets')}")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@_with_server
def fills_every_panel_from_a_real_prometheus(broker) -> str:
    _tool("prometheus")
    _load(broker)
    prometheus = _Prometheus(broker.folder, broker.metrics_port)
    try:
        prometheus.wait_for_scrapes(3)
        _load(broker)
        prometheus.wait_for_scrapes(8)
        targets = prometheus.ask("targets")["activeTargets"]
        expect_equal([t["lastError"] for t in targets], [""], "errors of the scrape")
        empty = [f"{title}: {query}" for title, query in _queries().items() if not prometheus.ask("query", query=query)["result"]]
        expect(not empty, "queries without data:\n" + "\n".join(empty))
        firing = [a["labels"]["alertname"] for a in prometheus.ask("alerts")["alerts"] if a["state"] == "firing"]
        expect(not set(firing) - {"DiskAlmostFull"}, f"alerts of a healthy server: {firing}")
        return f"{len(_queries())} queries"
    finally:
        prometheus.stop()


@_with_server
def tells_health(broker) -> None:
    port = broker.metrics_port
    for path in ("/livez", "/readyz", "/livez/event_loops", "/readyz/registered"):
        expect_equal(_get(port, path)[:2], (200, "ok\n"), path)
    expect_equal(_get(port, "/readyz?verbose")[1], "[+]serving ok\n[+]metadata ok\n[+]registered ok\nok\n", "/readyz?verbose")
    expect_equal(_get(port, "/readyz/nothing")[0], 404, "a check that is not there")
    expect_equal(_get(port, "/nothing")[0], 404, "a page that is not there")
    status, text, headers = _get(port, "/health")
    health = json.loads(text)
    expect_equal((status, health["status"], health["ready"], health["node"]), (200, "ok", True, 1), "/health")
    expect_equal(headers["Content-Type"], "application/json", "type of /health")
    answer = _get(port, "/metrics", {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"})
    expect(answer[1].endswith("# EOF\n") and "openmetrics" in answer[2]["Content-Type"], "no OpenMetrics for who accepts it")


@_with_server
def says_that_it_stops(broker) -> str:
    """A consumer that polls long holds the stop up for a moment: readiness is gone in that time, and the answer still comes."""
    seen = set()
    broker.process.send_signal(signal.SIGTERM)
    while broker.alive():
        try:
            status, text, _ = _get(broker.metrics_port, "/readyz")
            seen.add(status)
            if status == 503:
                expect("stopping" in text, text)
        except (OSError, urllib.error.URLError):
            pass
    expect_equal(broker.process.returncode, 0, "exit code")
    expect(200 not in seen or 503 in seen or len(seen) <= 1, f"answers while it stops: {seen}")
    return f"{sorted(seen)}"


@_with_server
def holds_off_rude_clients(broker) -> str:
    port = broker.metrics_port
    big = _exchange(port, b"GET /metrics HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n")
    expect(big.startswith(b"HTTP/1.1 431 "), f"a head of a megabyte: {big[:80]}")
    body = _exchange(port, b"GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000000000000000\r\n\r\n" + b"x" * 100_000)
    expect(body.startswith(b"HTTP/1.1 413 "), f"a body of nine exabytes: {body[:80]}")
    rubbish = _exchange(port, b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n" + os.urandom(10_000))
    expect(rubbish.startswith(b"HTTP/1.1 200 ") and b"HTTP/1.1 400 " in rubbish, f"rubbish behind a request: {rubbish[:200]}")
    ahead = _exchange(port, b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n" * 999 + b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    expect_equal(ahead.count(b"HTTP/1.1 200 OK"), 1000, "answers of a thousand requests sent ahead")
    rebound = _get(port, "/metrics", {"Host": "evil.example", "User-Agent": "Mozilla/5.0"})
    expect_equal(rebound[0], 421, "a browser by a name that is not ours")
    expect_equal(_get(port, "/metrics", {"Sec-Fetch-Site": "cross-site"})[0], 403, "another site's page")
    return _slowloris(port)


def _slowloris(port: int) -> str:
    """Sixty clients that send a letter a second are gone after ten seconds, and others are served meanwhile."""
    slow = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(60)]
    begun, served = time.monotonic(), 0
    try:
        while slow and time.monotonic() - begun < 25:
            for s in list(slow):
                try:
                    s.sendall(b"G" if served else b"GET /livez HTTP/1.1\r\nX: ")
                    s.setblocking(False)
                    if s.recv(1) == b"":
                        raise ConnectionResetError
                except BlockingIOError:
                    s.setblocking(True)
                except OSError:
                    slow.remove(s)
                    s.close()
            expect_equal(_get(port, "/livez")[0], 200, "somebody else, meanwhile")
            served += 1
            time.sleep(1)
        expect(not slow, f"{len(slow)} slow clients are still there after {time.monotonic() - begun:.0f} s")
        return f"slow clients gone after {time.monotonic() - begun:.0f} s"
    finally:
        for s in slow:
            s.close()


@_with_server
def takes_ten_thousand_connections_within_its_limits(broker) -> str:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    before = broker.resident_mib()
    held: list[socket.socket] = []
    try:
        for _ in range(min(10_000, hard - 100)):
            held.append(socket.create_connection(("127.0.0.1", broker.metrics_port), timeout=10))
        count = len(held)
        expect(wire.answers_metadata("127.0.0.1", broker.port), "Kafka's clients are not served meanwhile")
        _tools(broker, "kafka-topics", "--create", "--if-not-exists", "--topic", "orders")
        expect(wire.produce_once(broker.port, "orders"), "nor can they write")
        grown = broker.resident_mib() - before
        expect(grown < 16, f"{grown:.1f} MiB more for connections that say nothing")
    finally:
        for s in held:
            s.close()
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if _get(broker.metrics_port, "/livez")[0] == 200:
            return f"{count} connections, {grown:.1f} MiB"
    raise Failure("nobody is served after they have gone")


def gives_way_when_the_port_is_taken() -> None:
    with tempfile.TemporaryDirectory(prefix="thalweg-monitoring-") as folder, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        broker = ThalwegBroker(pathlib.Path(folder), {"metrics.listeners": f"http://127.0.0.1:{port}"})
        try:
            broker.launch()
            expect_equal(broker.process.wait(20), 1, "exit code with a port that was set and is taken")
            expect("metrics.listeners" in broker.log_tail(), f"the option is not named: {broker.log_tail()}")
        finally:
            broker.kill()
    _default_gives_way()


def _default_gives_way() -> None:
    """Two servers without the option: whoever comes second says so, and serves."""
    with tempfile.TemporaryDirectory(prefix="thalweg-monitoring-") as folder:
        first, second = (ThalwegBroker(pathlib.Path(folder) / name) for name in ("first", "second"))
        try:
            first.start()
            second.start()
            expect("metrics and health: not served" in second.log_path.read_text(errors="replace"), f"no warning: {second.log_tail()}")
        finally:
            first.kill()
            second.kill()


@_with_server
def is_turned_off_by_nothing(broker) -> None:
    broker.stop()
    broker.properties["metrics.listeners"] = ""
    broker.start()
    try:
        socket.create_connection(("127.0.0.1", broker.metrics_port), timeout=2).close()
    except OSError:
        return
    raise Failure("somebody listens")


ALL = {
    "metrics: promtool has nothing to say": serves_what_promtool_likes,
    "metrics: every query of dashboards and alerts names what is served": every_query_names_what_is_served,
    "metrics: every panel has data from a real Prometheus": fills_every_panel_from_a_real_prometheus,
    "metrics: health is told": tells_health,
    "metrics: readiness goes first when it stops": says_that_it_stops,
    "metrics: rude clients are held off": holds_off_rude_clients,
    "metrics: ten thousand connections within its limits": takes_ten_thousand_connections_within_its_limits,
    "metrics: the default port gives way, one that was set does not": gives_way_when_the_port_is_taken,
    "metrics: nothing turns it off": is_turned_off_by_nothing,
}

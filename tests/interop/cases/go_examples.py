"""The guide's chapters in Go, examples/go: each program against the server, and what it left in topics, pages and tables."""

import contextlib
import datetime
import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

from harness import clients, paths
from harness.broker import Broker
from harness.case import Case, Context, Registry
from harness.mariadb import mariadb
from harness.outcome import Failure, Skip, expect, expect_equal
from harness.wire import free_port

registry = Registry()
_LIMIT_SECONDS = 40


class _World:
    """A broker of the case's own and what its programs are told."""

    def __init__(self, context: Context, **properties: str):
        self.context = context
        self.broker: Broker = context.new_broker(num_partitions="3", **properties)
        self.broker.start()
        self.tool = getattr(self.broker, "binary", None) or paths.thalweg_binary()
        if self.tool is None:
            raise Skip("no thalweg binary, which reads and writes topics here")
        self.settings = {"BOOTSTRAP": self.broker.bootstrap}

    def run(self, name: str, **settings: str) -> str:
        done = self.context.run([_program(name)], env={**self.settings, **settings})
        return done.stdout + done.stderr

    def thalweg(self, *arguments: str, stdin: str | None = None) -> str:
        return self.context.run([str(self.tool), *arguments, "--brokers", self.broker.bootstrap], stdin=stdin).stdout

    def produce(self, topic: str, *values: object) -> None:
        """All with one key, so that they stay in order."""
        lines = [value if isinstance(value, str) else json.dumps(value) for value in values]
        self.thalweg("produce", topic, "--key", "one", stdin="\n".join(lines) + "\n")

    def records(self, topic: str) -> list[dict]:
        if topic not in self.thalweg("topic", "list").split():
            return []
        return [json.loads(line) for line in self.thalweg("consume", topic, "--output", "json").splitlines()]

    def values(self, topic: str) -> list[dict]:
        return [json.loads(record["value"]) for record in self.records(topic)]

    @contextlib.contextmanager
    def running(self, name: str, **settings: str):
        """A program that runs until the block ends, and then must leave on Ctrl-C without complaint."""
        output = self.context.folder / f"{name}-{time.monotonic_ns()}.log"
        with open(output, "w") as log:
            process = subprocess.Popen([_program(name)], stdout=log, stderr=log, env={**os.environ, **self.settings, **settings})
        try:
            yield output.read_text
            process.send_signal(signal.SIGINT)
            if process.wait(20) != 0:
                raise Failure(f"{name} exited {process.returncode}: {output.read_text()[-1000:]}")
        except subprocess.TimeoutExpired:
            raise Failure(f"{name} did not stop on Ctrl-C") from None
        except Failure as e:
            raise Failure(f"{e}\n{name} said: {output.read_text()[-1000:]}") from None
        finally:
            process.kill()
            process.wait()


def _program(name: str) -> str:
    return str(clients.go_binary(paths.REPOSITORY / "examples" / "go", f"./{name}", f"example-{name}"))


def _until(condition, what: str) -> None:
    end = time.monotonic() + _LIMIT_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise Failure(f"not within {_LIMIT_SECONDS} s: {what}")
        time.sleep(0.1)


def _headers(record: dict) -> dict[str, str]:
    found = record["headers"]
    return found if isinstance(found, dict) else {h["key"]: h["value"] for h in found}


def _producers(context: Context) -> None:
    world = _World(context)
    expect("150 delivered, 0 failed" in world.run("async-producer", COUNT="150"), "the asynchronous producer's count")
    said = world.run("batch-producer", COUNT="250")
    expect_equal(re.findall(r"a batch of (\d+)", said)[:2], ["100", "100"], "full batches")
    expect("250 delivered" in said, said)
    records = world.records("user-events")
    expect_equal(len(records), 400, "records in the topic")
    expect_equal({_headers(r)["content-type"] for r in records}, {"application/json"}, "their content type")
    partitions = {}
    for record in records:
        partitions.setdefault(record["key"], set()).add(record["partition"])
    expect(all(len(p) == 1 for p in partitions.values()), "a user's events are in one partition")


def _errors(context: Context) -> None:
    world = _World(context)
    for topic in ("user-events", "order-events", "payment-events"):
        world.thalweg("topic", "create", topic)
    with world.running("retry-consumer") as said:
        world.produce("user-events", {"user_id": 1, "event_type": "user_registered", "timestamp": 1}, "not JSON")
        world.produce("order-events", {"order_id": 5, "event_type": "order_created", "data": {"status": "stock unknown"}})
        world.produce("payment-events", {"payment_id": 7, "event_type": "payment_processed", "data": {"amount": 0}},
                      {"payment_id": 8, "event_type": "payment_processed", "data": {"amount": 3}})
        for handled in ("user_registered", "order_created", "payment_processed"):
            _until(lambda: f"handled {handled}, 1 so far" in said(), f"{handled} was handled")
        _until(lambda: world.records("dlq.user-events") and world.records("dlq.payment-events"), "dead letters")
    poison, refused = world.records("dlq.user-events"), world.records("dlq.payment-events")
    expect_equal([(r["value"], _headers(r)["__dlq.errors.delivery.count"]) for r in poison], [("not JSON", "1")], "poison is not tried again")
    expect_equal([(json.loads(r["value"])["payment_id"], _headers(r)["__dlq.errors.delivery.count"]) for r in refused], [(7, "3")],
                 "what keeps failing is tried three times")
    expect_equal(_headers(refused[0])["__dlq.errors.topic"], "payment-events", "where it came from")
    expect("attempt 1 of order-events" in said() and "attempt 2 of order-events" not in said(), "the order got through at the second try")


def _streams(context: Context) -> None:
    world = _World(context)
    world.produce("user-events", {"user_id": 1, "event_type": "user_registered", "timestamp": 1, "data": {"email": "a@b.c", "name": "Ann"}},
                  {"user_id": 1, "event_type": "user_updated", "timestamp": 1, "data": {"name": "Bea"}},
                  {"user_id": 2, "event_type": "user_registered", "timestamp": 1},
                  {"user_id": 1, "event_type": "user_login", "timestamp": 1}, {"user_id": 1, "event_type": "user_deleted", "timestamp": 1})
    with world.running("stream-processor"):
        _until(lambda: world.records("cleanup-events"), "the last event was processed")
    expect_equal([(v["event_type"], v["data"]) for v in world.values("email-events")], [("welcome_email_sent", {"email": "a@b.c"})], "mails")
    expect_equal([(v["event_type"], v["data"]) for v in world.values("notification-events")], [("profile_updated", {"name": "Bea"})], "notifications")
    expect_equal([v["event_type"] for v in world.values("cleanup-events")], ["user_cleanup"], "cleanups")
    expect_equal([v["user_id"] for v in world.values("dlq.user-events")], [2], "dead letters")


def _schemas(context: Context) -> None:
    port = free_port()
    world = _World(context, schema_registry_listeners=f"http://127.0.0.1:{port}")
    for _ in range(2):  # the second time everything is there already, under the same ids
        said = world.run("schema-registry", REGISTRY=f"http://127.0.0.1:{port}")
        ids = re.findall(r"registered with id (\d+)", said)
        expect(len(set(ids)) == 2 and f"latest is version 2, id {ids[1]}" in said, said)
        expect("refused: " in said and "user_id" in said, f"the refusal names the field: {said}")
        expect(f"follows schema {ids[1]}: " in said and '"timestamp"' in said, said)


_FIVE = {"kafka_messages_produced_total", "kafka_message_produce_duration_seconds_bucket", "kafka_messages_consumed_total",
         "kafka_message_consume_duration_seconds_bucket", "kafka_consumer_lag"}


def _monitoring(context: Context) -> None:
    world = _World(context)
    address = f"127.0.0.1:{free_port()}"

    def page(path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://{address}{path}", timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()
        except OSError:
            return 0, ""

    with world.running("monitoring", LISTEN=address, RATE="20"):
        _until(lambda: _FIVE <= {re.split(r"[{ ]", line)[0] for line in page("/metrics")[1].splitlines()}, "all five metrics")
        expect(re.search(r'kafka_messages_consumed_total\{consumer_group="monitoring-example",status="success",topic="user-events"\} [1-9]', page("/metrics")[1]) is not None,
               "successes are counted")
        expect_equal(page("/health")[0], 200, "health")
        world.broker.stop()
        _until(lambda: page("/health")[0] == 503, "503 when the broker is away")
        world.broker.start()
        _until(lambda: page("/health")[0] == 200, "well again")


def _ecommerce(context: Context) -> None:
    world = _World(context)
    with mariadb(context.folder, "kafka_example") as socket:
        settings = {"DATABASE": f"root@unix({socket})/kafka_example", "COUNT": "20"}
        for _ in range(2):
            expect("20 users, 20 orders\n20 paid" in world.run("ecommerce", **settings), "all orders are paid")
    orders = sorted(v["order_id"] for v in world.values("order-events"))
    paid = [v["order_id"] for v in world.values("payment-events")]
    expect_equal(len(orders), 40, "orders")
    expect_equal(sorted(set(paid)), orders, "every order has a payment's event")
    expect_equal(len({r["key"] for r in world.records("user-events")}), 40, "users")


def _analytics(context: Context) -> None:
    world = _World(context)
    day = int(datetime.datetime(2025, 11, 6, 12, tzinfo=datetime.timezone.utc).timestamp())
    events = [{"user_id": i, "event_type": kind, "timestamp": day + 86400 * (i % 2)} for i in range(50)
              for kind in ("user_registered", "user_login", "user_purchase", "user_updated")]
    with mariadb(context.folder, "kafka_example") as socket:
        settings = {"DATABASE": f"root@unix({socket})/kafka_example"}
        world.produce("user-events", *events, "not JSON")
        with world.running("analytics", **settings) as said:
            _until(lambda: world.records("dlq.user-events"), "all events were seen")
        # Another group reads all of it again: the offsets beside the counts say that it was counted.
        world.produce("user-events", {"user_id": 1, "event_type": "user_login", "timestamp": day})
        with world.running("analytics", GROUP="again", **settings) as said:
            _until(lambda: len(world.records("dlq.user-events")) == 2 and world.broker.alive(), "all events were seen again")
            _until(lambda: _lag(world, "again") == 0, "the last one too")
    want = [f"daily_{table} {date} {25 + (table == 'logins' and date.endswith('6'))}"
            for table in ("registrations", "logins", "purchases") for date in ("2025-11-06", "2025-11-07")]
    expect_equal([line for line in said().splitlines() if line.startswith("daily_")], want, "counts")


def _mistakes(context: Context) -> None:
    """Nobody there: a reason, what to do about it, and code 1. No case with a broker may pass by ending early."""
    nobody = {"BOOTSTRAP": f"127.0.0.1:{free_port()}", "DATABASE": f"root@unix({context.folder}/none)/kafka_example"}
    for name, says in {"batch-producer": "BOOTSTRAP", "async-producer": "connect", "retry-consumer": "BOOTSTRAP", "analytics": "MariaDB or MySQL running",
                       "ecommerce": "MariaDB or MySQL running"}.items():
        done = context.run([_program(name)], env=nobody, check=False)
        expect_equal(done.returncode, 1, f"exit code of {name}: {done.stderr}")
        expect(says in done.stderr and "panic" not in done.stderr, f"{name} says what to do: {done.stderr}")


def _lag(world: _World, group: str) -> int:
    said = json.loads(world.thalweg("group", "describe", group, "--output", "json"))
    rows = said if isinstance(said, list) else said.get("partitions", said.get("offsets", []))
    lags = [row["lag"] for row in rows if row.get("lag") is not None]
    return sum(lags) if lags else -1


_NO_REGISTRY = {"kafka": "Apache Kafka has no schema registry"}
for _name, _body in {"producers": _producers, "errors": _errors, "streams": _streams, "monitoring": _monitoring, "ecommerce": _ecommerce,
                     "analytics": _analytics, "mistakes": _mistakes}.items():
    registry.add(Case(f"examples/go-{_name}", _body))
registry.add(Case("examples/go-schemas", _schemas, not_on=_NO_REGISTRY))

"""The example services beside a server of their own: started, killed, and compared with their databases."""

import json
import os
import pathlib
import re
import resource
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter

from harness import paths
from harness.broker import ThalwegBroker
from harness.outcome import Failure, Skip, expect

TOPICS = ("user-events", "order-events", "payment-events")
SETTLED_WITHIN_SECONDS = 90
QUIET_SECONDS = 4


def folder() -> tempfile.TemporaryDirectory:
    """In memory where that can be had: a process that is killed loses nothing it wrote, so the disk would only slow us down."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) and os.statvfs("/dev/shm").f_bavail * 4096 > 1 << 30 else None
    return tempfile.TemporaryDirectory(prefix="thalweg-shop-", dir=memory)


class Service:
    def __init__(self, where: pathlib.Path, name: str, *arguments: object, log: str = ""):
        program = paths.built(name)
        if program is None:
            raise Skip(f"{name} is not built: it needs libsqlite3-dev")
        self.name, self.log_path = name, where / f"{log or name}.log"
        self.command = [str(program), *map(str, arguments)]
        self.process: subprocess.Popen | None = None
        self.asked_to_stop: float | None = None

    def launch(self, *more: object) -> None:
        self.asked_to_stop = None
        with open(self.log_path, "ab") as log:
            # Signals stay as Python has them, which ignores SIGXFSZ: see limit_files().
            self.process = subprocess.Popen([*self.command, *map(str, more)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
                                            start_new_session=True, restore_signals=False)

    def limit_files(self, size: int) -> None:
        """None of its files can grow beyond so many bytes any more, as on a full disk."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def stop(self) -> float:
        """Seconds that it took since SIGTERM, which may have been sent before."""
        self.ask_to_stop()
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"{self.name} did not stop within 20 s of SIGTERM: {self.log()}") from None
        expect(code == 0, f"{self.name} exited {code} after SIGTERM: {self.log()}")
        return time.monotonic() - self.asked_to_stop

    def _minds_sigterm(self) -> bool:
        """Whether it has come so far that it looks for the signal, which it blocks to wait for it."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return bool(int(re.search(r"^SigBlk:\s*(\w+)", status, re.M)[1], 16) >> (signal.SIGTERM - 1) & 1)

    def ask_to_stop(self) -> None:
        deadline = time.monotonic() + 20
        while self.process.poll() is None and not self._minds_sigterm() and time.monotonic() < deadline:
            time.sleep(0.01)
        if self.asked_to_stop is None:
            self.asked_to_stop = time.monotonic()
            self.process.send_signal(signal.SIGTERM)

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")[-3000:] if self.log_path.exists() else ""

    def wait_for_line(self, text: str, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.log_path.read_text(errors="replace"):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise Failure(f"{self.name} did not say {text!r}: {self.log()}")
            time.sleep(0.05)


class Sqlite:
    def __init__(self, file: pathlib.Path):
        self.file = self.url = file

    def __call__(self, sql: str) -> list[tuple]:
        connection = sqlite3.connect(f"file:{self.file}?mode=rw", uri=True, timeout=10)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()


class Shop:
    """A server, two instances of `ecommerce` with all three services (the second when it is launched), and `analytics`."""

    def __init__(self, where: pathlib.Path, *, rate: int = 60, shop=None, counts=None, shop_options: tuple = (), analytics_options: tuple = ()):
        self.rate = rate
        self.shop, self.counts = shop or Sqlite(where / "shop.db"), counts or Sqlite(where / "counts.db")
        self.broker = ThalwegBroker(where / "broker", {"num.partitions": "3", "schema.registry.listeners": "", "metrics.listeners": "", "console.listeners": ""})
        common = ("--brokers", self.broker.bootstrap, "--output", "none")
        self.ecommerce = Service(where, "ecommerce", *common, "--database", self.shop.url, "--instance", "first", *shop_options)
        self.second = Service(where, "ecommerce", *common, "--database", self.shop.url, "--instance", "second", *shop_options, log="second")
        self.analytics = Service(where, "analytics", *common, "--database", self.counts.url, "--instance", "only", *analytics_options)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        for part in (self.ecommerce, self.second, self.analytics, self.broker):
            part.kill()
        if isinstance(error, Failure):
            raise Failure(f"{error}\necommerce: {self.ecommerce.log()}\nsecond: {self.second.log()}\nanalytics: {self.analytics.log()}\nbroker: {self.broker.log_tail()}") from None

    def create_topics(self) -> None:
        done = subprocess.run([self.broker.binary, "topic", "create", *TOPICS, "--partitions", "3", "--brokers", self.broker.bootstrap], capture_output=True,
                              text=True)
        expect(done.returncode == 0, f"thalweg topic create: {done.stderr}")

    def launch(self, part) -> None:
        part.launch(*(("--rate", self.rate) if part in (self.ecommerce, self.second) else ()))

    def stop_both(self) -> list[float]:
        """The shop and analytics at once; how many seconds each took."""
        self.ecommerce.ask_to_stop()
        self.analytics.ask_to_stop()
        return [self.ecommerce.stop(), self.analytics.stop()]

    def finish(self) -> str:
        """No more customers; what has begun is done; then everything is compared. What was compared, in words."""
        shops = [service for service in (self.ecommerce, self.second) if service.process]
        for service in shops:
            service.kill()
        for service in shops:
            service.launch("--rate", 0)
        figures = self.settle()
        for service in (*shops, self.analytics):
            service.stop()
        said = compare(self.read_topics(), self.shop, figures)
        self.broker.stop()
        return said

    def settle(self) -> Counter:
        """Until the counts are those of the shop, or nothing has changed for a while. The counts of analytics."""
        deadline, changed, last = time.monotonic() + SETTLED_WITHIN_SECONDS, time.monotonic(), None
        while time.monotonic() < deadline and time.monotonic() - changed < QUIET_SECONDS:
            now = self.look()
            if now[0] == now[1]:
                return now[1]
            if now != last:
                changed, last = time.monotonic(), now
            time.sleep(0.2)
        return self.look()[1]

    def look(self) -> tuple[Counter, Counter]:
        (users, logins, purchases), = self.shop("SELECT COUNT(*), COALESCE(SUM(logins), 0), (SELECT COUNT(*) FROM purchases) FROM users")
        (paid, undecided), = self.shop("SELECT COALESCE(SUM(status = 'paid'), 0), COALESCE(SUM(status = 'created'), 0) FROM orders")
        unsent = sum(self.shop(f"SELECT COUNT(*) FROM {name}_outbox WHERE sent_at = 0")[0][0] for name in ("users", "orders", "payments"))
        sums = [self.counts(f"SELECT COALESCE(SUM(count), 0) FROM daily_{name}")[0][0] for name in ("registrations", "logins", "purchases")]
        want = Counter(registrations=int(users), logins=int(logins), purchases=int(purchases), paid=int(paid), unfinished=int(undecided) + int(unsent))
        got = Counter(registrations=int(sums[0]), logins=int(sums[1]), purchases=int(sums[2]), paid=int(purchases), unfinished=0)
        return want, got

    def read_topics(self) -> list[dict]:
        done = subprocess.run([self.broker.binary, "consume", *TOPICS, "--brokers", self.broker.bootstrap, "--output", "json"], capture_output=True,
                              text=True, timeout=60)
        expect(done.returncode == 0, f"thalweg consume: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]


def compare(records: list[dict], shop, counts: Counter) -> str:
    """Every row has its event and every event its row, each key is in order, and each event was counted once."""
    seen, events = set(), []
    for record in sorted(records, key=lambda r: (r["topic"], r["partition"], r["offset"])):
        event_id = next((h["value"] for h in record["headers"] if h["key"] == "event-id"), f"{record['topic']}-{record['partition']}-{record['offset']}")
        if event_id not in seen:
            seen.add(event_id)
            events.append(json.loads(record["value"]))
    of = {kind: [e for e in events if e["event_type"] == kind] for kind in
          ("user_registered", "user_login", "user_purchase", "order_created", "order_paid", "order_cancelled", "payment_processed")}
    expect(sum(map(len, of.values())) == len(events), "there are events of an unknown type")
    wrong = []

    def same(what: str, rows: list, told: list) -> None:
        rows, told = Counter(rows), Counter(told)
        if rows != told:
            wrong.append(f"{what}: {sum((rows - told).values())} rows without an event, {sum((told - rows).values())} events without a row")

    ids = lambda sql: [int(row[0]) for row in shop(sql)]  # noqa: E731
    same("users", ids("SELECT id FROM users"), [e["user_id"] for e in of["user_registered"]])
    same("logins", [(int(user), n + 1) for user, logins in shop("SELECT id, logins FROM users") for n in range(int(logins))],
         [(e["user_id"], e["data"]["logins"]) for e in of["user_login"]])
    same("purchases", ids("SELECT order_id FROM purchases"), [e["data"]["order_id"] for e in of["user_purchase"]])
    same("orders", ids("SELECT id FROM orders"), [e["order_id"] for e in of["order_created"]])
    for status in ("paid", "cancelled"):
        same(f"orders {status}", ids(f"SELECT id FROM orders WHERE status = '{status}'"), [e["order_id"] for e in of[f"order_{status}"]])
    same("payments", ids("SELECT id FROM payments"), [e["payment_id"] for e in of["payment_processed"]])
    same("orders against payments", ids("SELECT id FROM orders"), ids("SELECT order_id FROM payments"))
    wrong += out_of_order(events)
    for kind, name in (("user_registered", "registrations"), ("user_login", "logins"), ("user_purchase", "purchases")):
        if len(of[kind]) != counts[name]:
            wrong.append(f"{name}: {len(of[kind])} events, {counts[name]} counted")
    if wrong:
        raise Failure("; ".join(wrong))
    return f"{len(events)} events, {len(records) - len(events)} published twice, {len(of['user_purchase'])} purchases; rows, events and counts agree"


def out_of_order(events: list[dict]) -> list[str]:
    """Of each key, by the first delivery of each event: registered, then logins counting up; created, then decided."""
    logins: dict[int, int] = {}
    created, wrong = set(), []
    for event in events:
        kind = event["event_type"]
        if kind == "user_registered":
            logins[event["user_id"]] = 0
        elif kind == "user_login":
            if logins.get(event["user_id"]) != event["data"]["logins"] - 1:
                wrong.append(f"login {event['data']['logins']} of user {event['user_id']} follows {logins.get(event['user_id'])}")
            logins[event["user_id"]] = event["data"]["logins"]
        elif kind == "order_created":
            created.add(event["order_id"])
        elif kind in ("order_paid", "order_cancelled") and event["order_id"] not in created:
            wrong.append(f"order {event['order_id']} was decided before it was created")
    return wrong[:5]



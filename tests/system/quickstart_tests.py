"""The example programs in C++ against the server: what they print, what ends up in which topic, Ctrl-C, a broker that is not there."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import urllib.request

from harness import paths, wire
from harness.broker import ThalwegBroker
from harness.outcome import Failure, Skip, expect, expect_equal

_LIMIT_SECONDS = 30


def _program(name: str) -> str:
    """Built in the tree, or in the folder that THALWEG_EXAMPLES names: bin/ of a build against an installed toolkit."""
    folder = os.environ.get("THALWEG_EXAMPLES")
    found = pathlib.Path(folder, name) if folder else paths.built(name)
    if found is None or not os.access(found, os.X_OK):
        raise Skip(f"{name} is not built: ./dev build release examples")
    return str(found)


def _with_server(body):
    def test() -> str | None:
        with tempfile.TemporaryDirectory(prefix="thalweg-examples-") as folder:
            broker = ThalwegBroker(pathlib.Path(folder), {"num.partitions": "3"})
            try:
                broker.start()
                return body(broker)
            finally:
                broker.kill()
    return test


def _run(name: str, *arguments: str, want: int = 0) -> str:
    done = subprocess.run([_program(name), *arguments], capture_output=True, text=True, timeout=_LIMIT_SECONDS)
    if done.returncode != want:
        raise Failure(f"{name} {' '.join(arguments)} exited {done.returncode}, wanted {want}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return done.stdout + done.stderr


def _tool(broker: ThalwegBroker, *arguments: str, stdin: str | None = None) -> str:
    done = subprocess.run([broker.binary, *arguments, "--brokers", broker.bootstrap], input=stdin, capture_output=True, text=True,
                          timeout=_LIMIT_SECONDS)
    if done.returncode:
        raise Failure(f"thalweg {' '.join(arguments)}: {done.stderr}")
    return done.stdout


@contextlib.contextmanager
def _running(broker: ThalwegBroker, name: str, *arguments: str):
    """A program that runs until the end of the block, and then must leave on Ctrl-C within seconds and without complaint."""
    with open(broker.folder / f"{name}.log", "w+") as log:
        process = subprocess.Popen([_program(name), "--brokers", broker.bootstrap, *arguments], stdout=log, stderr=log)
        try:
            yield process, lambda: (broker.folder / f"{name}.log").read_text()
            process.send_signal(signal.SIGINT)
            expect_equal(process.wait(15), 0, f"exit code of {name} after Ctrl-C")
        except subprocess.TimeoutExpired:
            raise Failure(f"{name} did not leave on Ctrl-C") from None
        finally:
            process.kill()
            process.wait()


def _until(condition, what: str) -> None:
    end = time.monotonic() + _LIMIT_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise Failure(f"not within {_LIMIT_SECONDS} s: {what}")
        time.sleep(0.05)


def _quickstart(broker: ThalwegBroker) -> None:
    for how in ("wait", "async", "batch"):
        said = _run("quickstart-produce", "--brokers", broker.bootstrap, "--how", how, "--count", "250")
        expect("250 delivered" in said, f"{how}: {said[-200:]}")
    printed = _run("quickstart-consume", "--brokers", broker.bootstrap, "--count", "750")
    events = [line.split(" ", 2) for line in printed.splitlines() if line.startswith("user-events-")]
    expect_equal(len(events), 750, "events that were printed")
    for user in range(250):
        of_user = [(where.split("@")[0], json.loads(value)) for where, key, value in events if key == f"user-{user}"]
        expect_equal(len(of_user), 3, f"events of user {user}")
        expect_equal(len({partition for partition, _ in of_user}), 1, f"partitions of user {user}")
        expect_equal(of_user[0][1]["data"]["email"], f"user-{user}@example.com", "its address")


def _consumer_goes_on(broker: ThalwegBroker) -> None:
    """A second start of the group begins where the first ended; what cannot be read is a dead letter; pages are served."""
    port = wire.free_port()
    for topic in ("order-events", "payment-events"):
        _tool(broker, "topic", "create", topic)
    _run("quickstart-produce", "--brokers", broker.bootstrap, "--count", "5")
    _run("quickstart-consume", "--brokers", broker.bootstrap, "--count", "5")
    _tool(broker, "produce", "user-events", stdin="not JSON\n")
    with _running(broker, "quickstart-consume", "--http", str(port)) as (_, printed):
        _run("quickstart-produce", "--brokers", broker.bootstrap, "--count", "2")
        _until(lambda: printed().count("user-events-") >= 2, "the new events are printed")
        _until(lambda: "dlq.user-events" in _tool(broker, "topic", "list"), "what is not JSON becomes a dead letter")
        health = urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10).read().decode()
        expect("healthy" in health, health)
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
        expect('kafka_messages_consumed_total{topic="user-events"' in page, page[:500])
    expect_equal(printed().count("user-events-"), 2, "events that the second start printed")


_EVENTS = [
    {"user_id": 1, "event_type": "user_registered", "timestamp": 1, "data": {"email": "ann@example.com", "name": "Ann"}},
    {"user_id": 1, "event_type": "user_login", "timestamp": 2},
    {"user_id": 1, "event_type": "user_updated", "timestamp": 3, "data": {"email": "ann@example.com", "name": "Ann B."}},
    {"user_id": 2, "event_type": "user_registered", "timestamp": 4, "data": {"name": "no address"}},
    {"user_id": 1, "event_type": "user_deleted", "timestamp": 5},
]


def _values(broker: ThalwegBroker, topic: str) -> list[dict]:
    if topic not in _tool(broker, "topic", "list").split():
        return []
    said = _tool(broker, "consume", topic, "--output", "json")
    return [json.loads(json.loads(line)["value"]) for line in said.splitlines()]


def _router_routes(broker: ThalwegBroker) -> None:
    expect("all routes are right" in _run("user-event-router-test"), "the routes, without a broker")
    _tool(broker, "topic", "create", "user-events")
    with _running(broker, "user-event-router"):
        _tool(broker, "produce", "user-events", "--key", "user-1", stdin="".join(json.dumps(event) + "\n" for event in _EVENTS))
        _until(lambda: _values(broker, "cleanup-events") and _values(broker, "dlq.user-events"), "the last event was routed, and the bad one")
    mails, notices, cleanups = (_values(broker, topic) for topic in ("email-events", "notification-events", "cleanup-events"))
    expect_equal([(m["event_type"], m["user_id"], m["data"]) for m in mails], [("welcome_email_sent", 1, {"email": "ann@example.com"})], "mails")
    expect_equal([(n["event_type"], n["data"]["name"]) for n in notices], [("profile_updated", "Ann B.")], "notifications")
    expect_equal([(c["event_type"], set(c)) for c in cleanups], [("user_cleanup", {"user_id", "event_type", "timestamp"})], "cleanups")
    expect_equal([v["user_id"] for v in _values(broker, "dlq.user-events")], [2], "dead letters")


def _router_is_killed(broker: ThalwegBroker, kills: int = 3, events: int = 900) -> str:
    """kill -9 in the middle, again and again: every registration leads to a mail, perhaps to more than one."""
    _tool(broker, "topic", "create", "user-events", "email-events", "--partitions", "3")
    sending = subprocess.Popen([_program("quickstart-produce"), "--brokers", broker.bootstrap, "--count", str(events), "--rate", "300"],
                               stdout=subprocess.DEVNULL)
    router = None
    try:
        for kill in range(kills + 1):
            router = subprocess.Popen([_program("user-event-router"), "--brokers", broker.bootstrap, "--instance", "one"],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if kill < kills:
                before = len(_values(broker, "email-events"))
                _until(lambda: len(_values(broker, "email-events")) > before + 50, f"mails after {kill} kills")
                router.kill()
                router.wait()
        _until(lambda: len({mail["user_id"] for mail in _values(broker, "email-events")}) == events, "a mail for everybody")
        expect_equal(sending.wait(_LIMIT_SECONDS), 0, "exit code of the producer")
        return f"{kills} kills, {len(_values(broker, 'email-events')) - events} mails sent twice"
    finally:
        for process in (sending, router):
            if process:
                process.kill()
                process.wait()


def _mistakes_are_said() -> None:
    nobody = f"127.0.0.1:{wire.free_port()}"
    said = _run("quickstart-produce", "--brokers", nobody, "--timeout", "1", want=1)
    expect("not delivered" in said, said)
    for arguments, names in {("--wrong", "1"): "--wrong", ("--count", "many"): "whole number", ("--how", "slowly"): "wait, async or batch"}.items():
        said = _run("quickstart-produce", *arguments, want=2)
        expect(names in said and "--help" in said, said)
    expect("Examples:" in _run("user-event-router", "--help"), "--help has examples")


ALL = {
    "examples: the quickstart's events are sent in three ways and read, a user's in one partition": _with_server(_quickstart),
    "examples: the quickstart's consumer goes on where it was, and passes poison to the dead letters": _with_server(_consumer_goes_on),
    "examples: the router writes what follows from an event, and nothing else": _with_server(_router_routes),
    "examples: the router loses nothing when it is killed": _with_server(_router_is_killed),
    "examples: no broker and wrong options are errors that say what to do": _mistakes_are_said,
}

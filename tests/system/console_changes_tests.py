"""What has changed, asked of servers that were killed, stopped, or away in between."""

import collections
import json
import pathlib

from cluster_tests import in_cluster, until
from console_tests import Console, _change, _tool, _with_console, start_with_consoles
from harness.broker import ThalwegBroker
from harness.outcome import Failure, expect, expect_equal

_WAIT_SECONDS = 60


def _changes(console: Console) -> list[dict]:
    """As soon as the console answers: it does so a little after the broker."""
    for _ in until(_WAIT_SECONDS):
        try:
            return console.get("/changes")["items"]
        except OSError:
            pass
    raise Failure("the console does not answer")


def _wait_for(console: Console, sentence: str) -> dict:
    for _ in until(_WAIT_SECONDS):
        for change in _changes(console):
            if change["sentence"].startswith(sentence):
                return change
    raise Failure(f"{sentence!r} is not told: {[change['sentence'] for change in _changes(console)]}")


def _times_told(changes: list[dict]) -> collections.Counter:
    return collections.Counter(change["sentence"] for change in changes if change["source"] != "server")


def _restarts(changes: list[dict]) -> list[str]:
    return [change["sentence"] for change in changes if change["source"] == "server"]


@_with_console()
def _outlive_the_server(broker: ThalwegBroker, console: Console) -> None:
    since = console.get("/changes")["since"]
    _change(console, "POST", "/topics", {"name": "orders", "partitions": 2})
    _wait_for(console, "orders is created")  # what comes and goes within a second is not seen
    _tool(broker, "kafka-topics", "--create", "--topic", "users", "--partitions", "3")
    _change(console, "PATCH", "/topics/users/config", {"set": [{"name": "retention.ms", "value": "60000"}], "unset": []})
    _tool(broker, "kafka-configs", "--alter", "--entity-type", "topics", "--entity-name", "users", "--add-config", "retention.ms=70000")
    _change(console, "DELETE", "/topics/orders")
    _wait_for(console, "orders is deleted")
    before = _changes(console)
    broker.kill()
    broker.start()
    after = [change for change in _changes(console) if change["source"] != "server"]
    expect_equal(after, before, "what is told after kill -9")
    mine = next(change for change in after if change["sentence"].startswith("Delete the topic orders"))
    expect_equal((mine["source"], mine["by"]), ("console", "User:ANONYMOUS@127.0.0.1"), "who did it")
    expect("after" not in mine, "when it was done is known")
    _tool(broker, "kafka-topics", "--create", "--topic", "late", "--partitions", "1")
    broker.kill()  # before anybody looked, or after
    broker.start()
    broker.stop()
    broker.start()
    changes = _changes(console)
    twice = [sentence for sentence, count in _times_told(changes).items() if count > 1]
    expect_equal(twice, [], "what is told more than once")
    expect_equal(_times_told(changes) - _times_told(before), collections.Counter({"late is created, with 1 partition": 1}), "what is new")
    killed, stopped = "server 0 was killed, or lost its power, and has started again", "server 0 was stopped, and has started again"
    node = _restarts(changes)[0].split()[1]
    expect_equal(_restarts(changes), [text.replace("server 0", f"server {node}") for text in (stopped, killed, killed)], "restarts")
    expect_equal(console.get("/changes")["since"], since, "since when anything is known")


@_with_console()
def _stand_a_rotten_file(broker: ThalwegBroker, console: Console) -> None:
    _change(console, "POST", "/topics", {"name": "orders", "partitions": 2})
    _wait_for(console, "orders is created")  # what comes and goes within a second is not seen
    _change(console, "DELETE", "/topics/orders")
    _wait_for(console, "orders is deleted")
    broker.kill()
    (file,) = pathlib.Path(broker.folder).rglob("console.changes")
    rotten = file.read_bytes().replace(b"Create the topic", b"Create\0the\0topic") + b"cut"
    file.write_bytes(rotten)
    broker.start()
    told = _times_told(_changes(console))
    expect(not any(sentence.startswith("Create the topic") for sentence in told), f"a rotten line is told: {told}")
    expect_equal(sum(sentence.startswith("Delete the topic") for sentence in told), 1, "the others are")
    expect("some of what was remembered of changes is damaged" in broker.log_path.read_text(), "the log says so")


def _are_known_at_each_node(cluster) -> str:
    consoles = start_with_consoles(cluster)
    _change(consoles[1], "POST", "/topics", {"name": "orders", "partitions": 2, "replicas": 3})
    for console in consoles.values():
        _wait_for(console, "orders is created")
    cluster.nodes[3].kill()
    _tool(cluster.nodes[1], "kafka-topics", "--create", "--topic", "users", "--partitions", "1", "--replication-factor", "1")
    for node in (1, 2):
        _wait_for(consoles[node], "users is created")
        _wait_for(consoles[node], "broker 3 is gone")
    cluster.start(3)
    found = _wait_for(consoles[3], "users is created")
    expect(found.get("after", 0) < found["at"] and "after" in found, f"it was not there when that was done: {found}")
    for node, console in consoles.items():
        told = _times_told(_changes(console))
        for sentence in ("orders is created, with 2 partitions", "users is created, with 1 partition"):
            expect_equal(told[sentence], 1, f"how often node {node} says {sentence!r}: {json.dumps(told)}")
        acts = [change for change in _changes(console) if change["source"] == "console"]
        expect_equal(len(acts), 1 if node == 1 else 0, f"acts through the console of node {node}: {acts}")
    return f"after {found['at'] - found['after']} ms"


ALL = {
    "changes outlive the server": _outlive_the_server,
    "changes stand a rotten file": _stand_a_rotten_file,
    "changes are known at each node, also those of while it was away": in_cluster(_are_known_at_each_node),
}

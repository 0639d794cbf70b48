"""Dead letters that the console sends back: beside `thalweg dlq replay`, through kill -9, and in a cluster where others lead."""

import json
import subprocess
import threading
import time

from cluster_tests import in_cluster, until
from console_tests import Console, _with_console, start_with_consoles
from harness.broker import ThalwegBroker
from harness.outcome import expect, expect_equal

_WAIT_SECONDS = 60
_ANY_PLAN = {"If-Match": "*"}


def _cli(broker: ThalwegBroker, *words: str, says: str = "") -> str:
    done = subprocess.run([str(broker.binary), *words, "--brokers", broker.bootstrap], input=says, capture_output=True, text=True, check=False, timeout=_WAIT_SECONDS)
    expect_equal(done.returncode, 0, f"thalweg {words}: {done.stderr}")
    return done.stdout


def _bury(broker: ThalwegBroker, queue: str, origin: str, values: list[str], more: str = "") -> None:
    headers = ("--header", f"__dlq.errors.topic={origin}", "--header", "__dlq.errors.exception=UNKNOWN")
    _cli(broker, "produce", queue, "--key-separator", ":", *headers, says="".join(f"{value}:{value}{more}\n" for value in values))


def _replay(console: Console, queue: str, body: dict) -> int:
    """Acts until none is left, as the page does; how many went."""
    sent, rest = 0, {}
    for _ in until(_WAIT_SECONDS):
        status, _, answer = console.ask("POST", f"/api/v1/dead-letters/{queue}/replay", body | rest, _ANY_PLAN)
        if status == 503:  # the group that remembers is not led yet
            continue
        expect_equal(status, 200, f"status of the replay: {answer[:300]!r}")
        figures = json.loads(answer)["replay"]
        sent += figures["letters"]
        rest = {"from": figures["next"]} if "next" in figures else {}
        if figures["left"] == 0 and not rest:
            break
    return sent


def _keys(broker: ThalwegBroker, topic: str) -> list[str]:
    return sorted(_cli(broker, "consume", topic, "--format", "%k\\n").split())


def _waiting(broker: ThalwegBroker) -> int:
    return sum(row["waiting"] for row in json.loads(_cli(broker, "dlq", "list", "--output", "json")))


@_with_console()
def _goes_on_where_the_command_line_stopped(broker: ThalwegBroker, console: Console) -> str:
    """And the other way round: what one has sent the other leaves out, single letters, too."""
    _cli(broker, "topic", "create", "orders", "dlq.orders")
    _bury(broker, "dlq.orders", "orders", [f"k{n}" for n in range(6)])
    expect_equal(_replay(console, "dlq.orders", {"letters": [{"partition": 0, "offset": 1}, {"partition": 0, "offset": 4}]}), 2, "two that are chosen")
    expect_equal(_waiting(broker), 4, "as dlq list says")
    _cli(broker, "dlq", "replay", "dlq.orders", "--count", "2")
    expect_equal(_keys(broker, "orders"), ["k0", "k1", "k2", "k4"], "the command line leaves out what the console has sent")
    expect_equal(_replay(console, "dlq.orders", {}), 2, "the console goes on")
    expect_equal(_keys(broker, "orders"), [f"k{n}" for n in range(6)], "each once")
    expect_equal(_cli(broker, "dlq", "replay", "dlq.orders", "--output", "json").strip(), "[]", "nothing is left")
    letters = console.get("/dead-letters/dlq.orders/letters")["items"]
    expect_equal([letter["sent_before"] for letter in letters], [True] * 6, "as the page says")
    headers = _cli(broker, "consume", "orders", "--format", "%h\\n").splitlines()
    expect("thalweg-replay-of=dlq.orders/0/1,thalweg-replay-count=1" in headers, f"headers of what went back: {headers}")
    changes = console.get("/changes")["items"]
    expect(any("sent back" in change["sentence"] for change in changes), f"the act stands in the changes: {changes}")
    return "6 letters"


@_with_console()
def _loses_no_letter_when_the_server_is_killed(broker: ThalwegBroker, console: Console) -> str:
    """kill -9 in the middle of an act, several times: every letter arrives, and what is remembered has arrived."""
    _cli(broker, "topic", "create", "orders", "dlq.orders")
    values = [f"k{n}" for n in range(1500)]
    _bury(broker, "dlq.orders", "orders", values, "x" * 4_000)  # so that an act writes and remembers many times
    before = []
    for pause in (0.02, 0.1, 0.2):
        def act() -> None:
            try:
                console.ask("POST", "/api/v1/dead-letters/dlq.orders/replay", {}, _ANY_PLAN)
            except OSError:
                pass  # it dies in the middle
        acting = threading.Thread(target=act)
        acting.start()
        time.sleep(pause)
        broker.kill()
        acting.join()
        broker.start()
        arrived = set(_keys(broker, "orders"))
        before.append(len(arrived))
        for _ in until(_WAIT_SECONDS):
            page = console.get("/dead-letters/dlq.orders/letters?limit=500")
            if "problem" not in page:
                break
        remembered = {letter["key"]["text"] for letter in page["items"] if letter["sent_before"]}
        expect(remembered <= arrived, f"remembered, and not there: {sorted(remembered - arrived)[:5]}")
    status, _, answer = console.ask("POST", "/api/v1/dead-letters/dlq.orders/replay?dry_run=true", {})
    if not json.loads(answer)["blocked_by"]:
        _replay(console, "dlq.orders", {})
    expect_equal(set(_keys(broker, "orders")), set(values), "all of them")
    return f"{before} had arrived when it was killed, {len(_keys(broker, 'orders')) - len(values)} came twice"


@in_cluster
def _any_broker_sends_back(cluster) -> str:
    """Queue, origin and what is remembered are led by any of three brokers."""
    consoles = start_with_consoles(cluster)
    for topic in ("orders", "dlq.orders"):
        cluster.thalweg(["topic", "create", topic, "--partitions", "6", "--replicas", "3"])
        cluster.wait_until_all_in_sync(topic)
    broker = cluster.nodes[1]
    values = [f"k{n}" for n in range(60)]
    _bury(broker, "dlq.orders", "orders", values)
    letters = consoles[2].get("/dead-letters/dlq.orders/letters?limit=500")["items"]
    expect_equal(len({letter["partition"] for letter in letters}) > 1, True, "letters of several partitions")
    third = [{"partition": letter["partition"], "offset": letter["offset"]} for letter in letters[::3]]
    expect_equal(_replay(consoles[2], "dlq.orders", {"letters": third}), len(third), "some at one broker")
    expect_equal(_replay(consoles[3], "dlq.orders", {}), len(values) - len(third), "the others at another one")
    expect_equal(_keys(broker, "orders"), sorted(values), "each once")
    return f"{len(values)} letters"


ALL = {
    "the console sends letters back, and goes on where the command line stopped": _goes_on_where_the_command_line_stopped,
    "the console loses no letter when the server is killed": _loses_no_letter_when_the_server_is_killed,
    "any broker's console sends letters back": _any_broker_sends_back,
}

"""thalweg dlq over dead letters that the toolkit wrote, and beside the toolkit's own replay."""

import json
import subprocess

from command_line_tests import Shell, _with
from harness import paths
from harness.outcome import Skip, expect, expect_equal

_QUEUE = "dlq.toolkit-out"
_DEAD = {"499", "999", "1499", "1999"}  # what client_workload never handles


def _workload(shell: Shell, *arguments: str) -> str:
    program = paths.built("client_workload")
    if program is None:
        raise Skip("client_workload is not built")
    done = subprocess.run([program, shell.broker.bootstrap, *arguments], capture_output=True, text=True, timeout=120)
    expect(done.returncode == 0, f"client_workload {arguments}: {done}")
    return done.stdout.strip()


def _make_dead_letters(shell: Shell) -> None:
    for topic in ("toolkit-in", "toolkit-out", _QUEUE):
        shell.out(f"thalweg topic create {topic} --partitions 3")
    _workload(shell, "2000")


def _records(shell: Shell, topic: str, values: set[str]) -> list[tuple]:
    """Those records of a topic that have one of the values; without offsets and times."""
    lines = map(json.loads, shell.out(f"thalweg consume {topic} --output json").splitlines())
    return sorted((r["partition"], r["key"], r["value"], json.dumps(r["headers"])) for r in lines if r["value"] in values)


def _header(record: tuple, name: str) -> str | None:
    return next((one["value"] for one in json.loads(record[3]) if one["key"] == name), None)


def _own(record: tuple) -> tuple:
    """Without the headers that say that it was sent back."""
    return *record[:3], json.dumps([one for one in json.loads(record[3]) if not one["key"].startswith("thalweg-replay-")])


def _replay(shell: Shell, *options: str) -> dict[str, int]:
    rows = json.loads(shell.out(f"thalweg dlq replay {_QUEUE} --output json {' '.join(options)}"))
    return {row["result"]: row["records"] for row in rows}


@_with()
def shows_what_the_toolkit_wrote(shell: Shell) -> None:
    _make_dead_letters(shell)
    rows = json.loads(shell.out("thalweg dlq list --output json"))
    expect_equal(({r["queue"] for r in rows}, {r["origin"] for r in rows}, {r["error"] for r in rows}), ({_QUEUE}, {"toolkit-out"}, {"UNKNOWN"}), "list")
    expect_equal((sum(r["records"] for r in rows), sum(r["waiting"] for r in rows)), (4, 4), "how many")
    letters = [json.loads(line) for line in shell.out(f"thalweg dlq show {_QUEUE} --output json").splitlines()]
    expect_equal({letter["value"] for letter in letters}, _DEAD, "values")
    for letter in letters:
        expect_equal((letter["error"], letter["message"], letter["attempts"], letter["group"], letter["headers"]),
                     ("UNKNOWN", "always", 3, "toolkit-handlers", []), "a letter")
        origin = letter["origin"]
        said = shell.out(f"thalweg consume {origin['topic']} --partition {origin['partition']} --from {origin['offset']} --count 1 --output json")
        original = json.loads(said)
        expect_equal((original["value"], original["timestamp"]), (letter["value"], origin["timestamp"]), "what lies at the origin")
    text = shell.out(f"thalweg dlq show {_QUEUE} --count 1 --where error=UNKNOWN --where origin=toolkit-out")
    expect("UNKNOWN: always (group toolkit-handlers, attempts: 3, 20" in text and text.count("from toolkit-out-") == 1, text)
    expect_equal(shell.out(f"thalweg dlq show {_QUEUE} --where error=_TIMED_OUT"), "", "of another error")


@_with()
def replays_as_the_toolkit_does(shell: Shell) -> None:
    """Both remember in the same group, and send the same bytes to the same partitions."""
    _make_dead_letters(shell)
    before = _records(shell, "toolkit-out", _DEAD)
    expect_equal(len(before), 4, "records that died")
    expect_equal(_replay(shell, "--dry-run"), {"would be sent": 4}, "--dry-run")
    expect_equal(_records(shell, "toolkit-out", _DEAD), before, "after --dry-run")
    expect_equal(_replay(shell, "--count", "1"), {"sent": 1}, "the command line, one")
    expect_equal(_workload(shell, "replay", _QUEUE, "thalweg-dlq-replay", "1"), "1", "the toolkit goes on")
    expect_equal(sum(r["waiting"] for r in json.loads(shell.out("thalweg dlq list --output json"))), 2, "waiting")
    expect_equal(_replay(shell), {"sent": 2}, "the command line goes on")
    expect_equal((_replay(shell), _workload(shell, "replay", _QUEUE, "thalweg-dlq-replay")), ({}, "0"), "nothing is left for either")
    came = _records(shell, "toolkit-out", _DEAD)
    expect_equal(sorted(map(_own, came)), sorted(map(_own, before * 2)), "each came back once, as it was")
    marked = [record for record in came if record not in before]
    expect_equal(len({_header(record, "thalweg-replay-of") for record in marked}), 4, "and says which letter it was")
    expect_equal({_header(record, "thalweg-replay-count") for record in marked}, {"1"}, "and how often")
    # The other way round, into topics of their own.
    shell.out("thalweg topic create again --partitions 3")
    expect_equal(_replay(shell, "--group", "cli", "--to", "again"), {"sent": 4}, "another group begins at the start")
    by_cli = _records(shell, "again", _DEAD)
    expect_equal(sorted(_own(record)[1:] for record in by_cli), sorted(_own(record)[1:] for record in before), "keys, values, headers")
    expect_equal(_workload(shell, "replay", _QUEUE, "cli"), "0", "the toolkit in the group of the command line")
    expect_equal(_workload(shell, "replay", _QUEUE, "toolkit"), "4", "the toolkit in a group of its own")
    expect_equal(_replay(shell, "--group", "toolkit"), {}, "the command line in the group of the toolkit")


@_with()
def passes_over_and_stops_where_it_must(shell: Shell) -> None:
    shell.out("thalweg topic create small --config max.message.bytes=200; thalweg topic create dlq.x")

    def dead(value: str, origin: str = "small", error: str = "UNKNOWN") -> None:
        shell.out(f"thalweg produce dlq.x --header __dlq.errors.topic={origin} --header __dlq.errors.exception={error} --header own=1", value)
    def replay(options: str = "") -> subprocess.CompletedProcess:
        return shell.run(f"thalweg dlq replay dlq.x --output json {options}")
    dead("a")
    dead("b", error="_TIMED_OUT")
    dead("x" * 500)
    dead("c")
    done = replay("--where error=UNKNOWN")
    expect(done.returncode == 1 and "small" in done.stderr and json.loads(done.stdout)[0]["records"] >= 1, f"a record that is refused: {done}")
    expect_equal(json.loads(shell.out("thalweg group describe thalweg-dlq-replay --output json"))[0]["offset"], 2, "before the one that was refused")
    expect_equal(shell.out("thalweg consume small --format '%s %h\\n' --from start").splitlines()[0], "a own=1,thalweg-replay-of=dlq.x/0/0,thalweg-replay-count=1", "what came back")
    expect_equal(replay("--to elsewhere").returncode, 0, "the rest, to another topic")
    expect_equal(len(shell.out("thalweg consume elsewhere").splitlines()), 2, "what was left")
    shell.out("echo lost | thalweg produce dlq.x")
    done = replay()
    expect(done.returncode == 1 and "dlq.x-0@4 does not say where it comes from; name a topic with --to" in done.stderr, f"{done}")
    expect_equal(replay("--where origin=small").returncode, 0, "passed over")
    expect_equal(json.loads(replay().stdout), [], "passed over is seen")
    listed = json.loads(shell.out("thalweg dlq list --output json"))
    expect_equal((listed[0]["origin"], listed[0]["partition"], listed[0]["error"]), (None, None, None), "a letter that says nothing")
    done = shell.run("thalweg dlq replay dlq.y")
    expect(done.returncode == 1 and "no topic 'dlq.y'; did you mean dlq.x?" in done.stderr, f"{done}")
    for command in ("dlq list", "dlq show dlq.x", "dlq replay dlq.x"):
        done = shell.run(f"thalweg {command} > /dev/full")
        expect(done.returncode == 1 and "cannot write to standard output: No space left on device" in done.stderr, f"{command}: {done}")


@_with()
def shows_any_bytes(shell: Shell) -> None:
    shell.out("thalweg topic create dlq.t")
    (shell.folder / "bytes").write_bytes(b"k\xff:v\x80\xfe\n\x1b[2J:clear\n")
    shell.out("thalweg produce dlq.t --key-separator : --header __dlq.errors.topic=t --header __dlq.errors.partition=x --header __dlq.errors.offset=7 < bytes")
    shown = [json.loads(line) for line in shell.out("thalweg dlq show dlq.t --output json").splitlines()]
    expect_equal([(r["key"], r.get("key_encoding"), r["value"], r.get("value_encoding")) for r in shown],
                 [("a/8=", "base64", "doD+", "base64"), ("\x1b[2J", None, "clear", None)], "as JSON")
    expect_equal(shown[0]["origin"], {"topic": "t", "partition": None, "offset": 7, "timestamp": None}, "an odd origin")
    text = shell.out("thalweg dlq show dlq.t")
    expect("value   doD+ (base64)" in text and "\x1b" not in text and "\\u001b[2J" in text, text)


@_with()
def takes_letters_of_others(shell: Shell) -> None:
    """As Spring Kafka, Kafka Connect and Kafka Streams write them."""
    shell.out("thalweg topic create orders orders-dlt orders.dlq app.dead-letters")
    shell.out("thalweg produce orders-dlt --header own=1 --header kafka_dlt-original-topic=orders --header kafka_dlt-exception-fqcn=a.B", "spring")
    shell.out("thalweg produce orders.dlq --header __connect.errors.topic=orders --header __connect.errors.exception.class.name=c.D", "connect")
    shell.out("thalweg produce app.dead-letters --header __streams.errors.topic=orders --header '__streams.errors.exception=e.F: why'", "streams")
    rows = {row["queue"]: (row["origin"], row["error"], row["waiting"]) for row in json.loads(shell.out("thalweg dlq list --output json"))}
    expect_equal(rows, {"orders-dlt": ("orders", "a.B", 1), "orders.dlq": ("orders", "c.D", 1), "app.dead-letters": ("orders", "e.F", 1)}, "list")
    for queue in rows:
        shell.out(f"thalweg dlq replay {queue}")
    came = sorted(shell.out("thalweg consume orders --format '%s (%h)\\n'").splitlines())
    expect_equal(came, ["connect (thalweg-replay-of=orders.dlq/0/0,thalweg-replay-count=1)", "spring (own=1,thalweg-replay-of=orders-dlt/0/0,thalweg-replay-count=1)",
                        "streams (thalweg-replay-of=app.dead-letters/0/0,thalweg-replay-count=1)"], "what came back, without what the queue had added")


ALL = {
    "thalweg dlq: shows what the toolkit wrote": shows_what_the_toolkit_wrote,
    "thalweg dlq: replays as the toolkit does, and goes on where it stopped": replays_as_the_toolkit_does,
    "thalweg dlq: passes over, and stops where it must": passes_over_and_stops_where_it_must,
    "thalweg dlq: takes letters of Spring Kafka, Connect and Streams": takes_letters_of_others,
    "thalweg dlq: shows any bytes": shows_any_bytes,
}

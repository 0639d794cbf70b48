"""Looking for records in the real binary: what is planted is found, exactly; Stop stops; going on repeats nothing; --where says the same."""

import contextlib
import http.client
import json
import pathlib
import subprocess
import tempfile
import time
import urllib.parse

from harness import wire
from harness.broker import ThalwegBroker
from harness.outcome import expect, expect_equal

_RECORDS, _EVERY, _PARTITIONS = 200_000, 997, 4
_LIMIT_SECONDS = 60


class Searched:
    """A server with one topic whose every 997th record has failed."""

    def __init__(self, folder: pathlib.Path):
        self.broker = ThalwegBroker(folder)
        self.port = wire.free_port()
        self.broker.properties["console.listeners"] = f"http://127.0.0.1:{self.port}"
        self.broker.start()
        self.tool("topic", "create", "orders", "--partitions", str(_PARTITIONS))
        lines = "".join(json.dumps({"n": n, "status": "FAILED" if n % _EVERY == 0 else "PAID", "user": {"id": 9223372036854775807 - n},
                                    "note": "x" * 60}, separators=(",", ":")) + "\n" for n in range(_RECORDS))
        self.tool("produce", "orders", says=lines)
        self.planted = {n for n in range(0, _RECORDS, _EVERY)}

    def tool(self, *arguments: str, says: str = "") -> str:
        done = subprocess.run([str(self.broker.binary), *arguments, "--brokers", self.broker.bootstrap], input=says, capture_output=True,
                              text=True, check=False, timeout=_LIMIT_SECONDS)
        expect_equal(done.returncode, 0, f"thalweg {arguments}: {done.stderr}")
        return done.stdout

    def path(self, where: str, **more: object) -> str:
        return "/api/v1/topics/orders/search?" + urllib.parse.urlencode({"where": where, **more})

    def search(self, where: str, **more: object) -> dict:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_LIMIT_SECONDS)
        with contextlib.closing(connection):
            connection.request("GET", self.path(where, **more))
            answer = connection.getresponse()
            body = answer.read()
            expect_equal(answer.status, 200, f"status of {where}: {body[:300]!r}")
            return json.loads(body)

    def search_all(self, where: str, **more: object) -> tuple[list[dict], dict, int]:
        """All that it finds, with the last answer, and how many answers it took."""
        found, answers = [], 0
        while True:
            answer = self.search(where, **more)
            answers += 1
            found += answer["items"]
            if answer["why"] == "end":
                return found, answer, answers
            expect(answer["why"] in ("matches", "time"), f"it ends because of {answer['why']}")
            more["cursor"] = answer["cursor"]



def _searched(body):
    def test() -> str | None:
        with tempfile.TemporaryDirectory(prefix="thalweg-search-") as folder:
            searched = Searched(pathlib.Path(folder))
            try:
                return body(searched)
            finally:
                searched.broker.kill()
    return test


def numbers_of(found: list[dict]) -> list[int]:
    return [json.loads(item["value"]["text"])["n"] for item in found]


def expect_planted(found: list[dict], last: dict, planted: set[int], records: int, what: str) -> None:
    """Each planted record once and nothing else, and exact counts in the last answer of a search through all of a topic's `records`."""
    numbers = numbers_of(found)
    expect_equal(len(numbers), len(set(numbers)), f"{what}: found once each")
    expect_equal(set(numbers), planted, f"{what}: what is found")
    progress = last["progress"]
    expect_equal((progress["records"], progress["matches"], progress["offsets"], progress["of_offsets"]),
                 (records, len(planted), records, records), f"{what}: counts")


@_searched
def finds_what_is_planted(searched: Searched) -> str:
    started = time.monotonic()
    for order in ("newest", "oldest"):
        found, last, answers = searched.search_all('value.status == "FAILED"', order=order, limit=37)
        expect_planted(found, last, searched.planted, _RECORDS, f"{order} first, over {answers} answers")
        expect(answers >= len(searched.planted) // 37, f"only {answers} answers of 37")
    exact = searched.search("value.user.id == 9223372036854775800")
    expect_equal(numbers_of(exact["items"]), [7], "the one with this 64-bit number")
    return f"{len(searched.planted)} of {_RECORDS}, both ways, in {time.monotonic() - started:.1f} s"


@_searched
def goes_on_after_a_restart(searched: Searched) -> str:
    where = 'value.status == "FAILED"'
    first = searched.search(where, limit=50)
    expect_equal(first["why"], "matches", "why it ends")
    searched.broker.stop()
    searched.broker.start()
    rest, last, _ = searched.search_all(where, limit=500, cursor=first["cursor"])
    numbers = numbers_of(first["items"] + rest)
    expect_equal(len(numbers), len(set(numbers)), "found once each")
    expect_equal(set(numbers), searched.planted, "found before and after")
    expect_equal(last["progress"]["records"], _RECORDS, "records looked at in all")
    return f"{len(first['items'])} before, {len(rest)} after"


@_searched
def stops_when_nobody_listens(searched: Searched) -> str:
    """Eight searches that take thousands of steps for each record; a ninth is refused. Once they are closed, the next begins long before they would have ended."""
    numbers = list(range(1, 31))
    slow = f"{numbers}.exists(a, {numbers}.exists(b, a * b == -1))"
    streams, began = [], time.monotonic()
    for _ in range(8):
        stream = http.client.HTTPConnection("127.0.0.1", searched.port, timeout=_LIMIT_SECONDS)
        stream.request("GET", searched.path(slow), headers={"Accept": "text/event-stream"})
        answer = stream.getresponse()
        expect_equal((answer.status, answer.getheader("Content-Type")), (200, "text/event-stream"), "a stream")
        streams.append((stream, answer))

    def status() -> int:
        connection = http.client.HTTPConnection("127.0.0.1", searched.port, timeout=_LIMIT_SECONDS)
        with contextlib.closing(connection):
            connection.request("GET", searched.path("true", limit=1))
            return connection.getresponse().status

    expect_equal(status(), 429, "a ninth search")
    least = min(_progress_of(answer)["records"] for _, answer in streams)
    expect(0 < least < _RECORDS / 4, f"searches that are to be stopped have looked at {least} records")
    whole = (time.monotonic() - began) * _RECORDS / least  # that all of it would take, at this machine's pace
    for stream, answer in streams:
        answer.close()
        stream.close()
    closed = time.monotonic()
    while (said := status()) == 429 and time.monotonic() - closed < whole / 2:
        pass
    took = time.monotonic() - closed
    expect_equal(said, 200, f"{took:.1f} s after all were closed, of {whole:.1f} s that they would have taken")
    return f"the next began {took * 1000:.0f} ms after they were closed; they would have gone on for {whole:.1f} s"


def _progress_of(answer: http.client.HTTPResponse) -> dict:
    """The first that a stream says of it."""
    while answer.readline().strip() != b"event: progress":
        pass
    return json.loads(answer.readline().removeprefix(b"data: "))


@_searched
def says_the_same_as_the_command_line(searched: Searched) -> str:
    where = 'value.status == "FAILED" && value.n > 100000'
    wanted = {n for n in searched.planted if n > 100_000}
    printed = [json.loads(line)["n"] for line in searched.tool("consume", "orders", "--where", where).splitlines()]
    expect_equal((len(printed), set(printed)), (len(wanted), wanted), "what consume prints")
    expect_equal(set(numbers_of(searched.search_all(where, limit=500)[0])), wanted, "what the search finds")
    one = searched.tool("consume", "orders", "--where", where, "--count", "1")
    expect_equal(len(one.splitlines()), 1, "with --count 1")
    done = subprocess.run([str(searched.broker.binary), "consume", "orders", "--where", "value.n == valeu.n", "--brokers", searched.broker.bootstrap],
                          capture_output=True, text=True, check=False, timeout=_LIMIT_SECONDS)
    expect_equal(done.returncode, 2, f"exit code of a filter that is none: {done.stderr}")
    expect("there is no valeu" in done.stderr and "did you mean value?" in done.stderr and "^^^^^" in done.stderr, done.stderr)
    done = subprocess.run([str(searched.broker.binary), "consume", "orders", "--where", "1000 / (value.n - 5) > 499", "--brokers",
                           searched.broker.bootstrap], capture_output=True, text=True, check=False, timeout=_LIMIT_SECONDS)
    expect_equal(len(done.stdout.splitlines()), 2, "records with 1000 / (n - 5) > 499")
    expect("1 record is left out" in done.stderr and "a division by zero" in done.stderr, done.stderr)
    return f"{len(wanted)} records"


ALL = {
    "search: finds exactly what is planted, and going on repeats nothing": finds_what_is_planted,
    "search: goes on after a restart": goes_on_after_a_restart,
    "search: ends when nobody listens any more": stops_when_nobody_listens,
    "search: finds what consume --where prints": says_the_same_as_the_command_line,
}

"""A search at any of three brokers covers a topic whose partitions have one replica each: exact, through a broker that hangs, and through one that is killed."""

import http.client
import json
import time
import urllib.parse

from cluster_tests import LIMIT_SECONDS, in_cluster, until
from console_tests import start_with_consoles
from harness.outcome import Failure, expect, expect_equal
from harness.process import cpu_seconds, resume, suspend
from search_tests import expect_planted, numbers_of

_RECORDS, _EVERY, _PARTITIONS = 60_000, 499, 9
_FAILED = 'value.status == "FAILED"'


class Searched:
    """Three brokers with a console each, and a topic of which every 499th record has failed; no broker has all of it."""

    def __init__(self, cluster):
        self.cluster, self.consoles = cluster, start_with_consoles(cluster)
        cluster.thalweg(["topic", "create", "orders", "--partitions", str(_PARTITIONS), "--replicas", "1"])
        lines = (json.dumps({"n": n, "status": "FAILED" if n % _EVERY == 0 else "PAID", "note": "x" * 80}) + "\n" for n in range(_RECORDS))
        cluster.thalweg(["produce", "orders"], given="".join(lines))
        self.planted = set(range(0, _RECORDS, _EVERY))
        self.leaders = {row["partition"]: row["leader"] for row in cluster.partitions("orders")}
        expect_equal(set(self.leaders.values()), {1, 2, 3}, "brokers that lead a partition")
        for console in self.consoles.values():
            for _ in until(LIMIT_SECONDS):  # it may hear of the topic a moment later
                if console.ask("GET", "/api/v1/topics/orders/search?limit=1")[0] == 200:
                    break

    def led_by(self, node: int) -> set[int]:
        return {partition for partition, leader in self.leaders.items() if leader == node}

    def search(self, node: int, where: str = _FAILED, **more: object) -> dict:
        return self.consoles[node].get(_path(where, more))

    def search_all(self, node: int, **more: object) -> tuple[list[dict], dict]:
        """All that it finds, however many answers that takes, with the last of them; what does not answer is asked again."""
        found = []
        for _ in until(LIMIT_SECONDS):
            answer = self.search(node, **more)
            found += answer["items"]
            if answer["why"] == "end":
                return found, answer
            more["cursor"] = answer["cursor"]
        raise Failure(f"after {LIMIT_SECONDS} s the search ends with {answer['why']}: {answer['partitions']}")


def _path(where: str, more: dict) -> str:
    return "/topics/orders/search?" + urllib.parse.urlencode({"where": where, "wait_ms": 10_000, **more})


def _expect_all(searched: Searched, found: list[dict], last: dict, what: str) -> None:
    expect_planted(found, last, searched.planted, _RECORDS, what)
    expect_equal((last["elsewhere"], "cursor" in last), ([], False), f"{what}: what is left")


@in_cluster
def any_node_searches_all(cluster) -> str:
    searched = Searched(cluster)
    times = []
    for node in searched.consoles:
        for order in ("newest", "oldest"):
            found, last = searched.search_all(node, order=order, limit=17)
            _expect_all(searched, found, last, f"{order} first at node {node}")
            times += [item["timestamp"] for item in found]
    # A time in the middle splits it in two, by the offsets that the leaders tell of it.
    middle = sorted(times)[len(times) // 2]
    for node in searched.consoles:
        before, _ = searched.search_all(node, until=middle, limit=500)
        behind, _ = searched.search_all(node, **{"from": middle}, limit=500)
        expect_equal(sorted(numbers_of(before + behind)), sorted(searched.planted), f"on both sides of a time at node {node}")
    # A cursor is good at any node.
    first = searched.search(1, limit=30)
    rest, last = searched.search_all(2, limit=30, cursor=first["cursor"])
    _expect_all(searched, first["items"] + rest, last, "begun at node 1, gone on with at node 2")
    return f"{len(searched.planted)} of {_RECORDS} at each of three nodes"


def _gaps(searched: Searched, lost: int, answer: dict) -> str:
    """What is wrong with an answer while a broker does not: its partitions alone may be left."""
    theirs = searched.led_by(lost)
    problems = {row["partition"] for row in answer["partitions"] if "problem" in row}
    left = {row["partition"] for row in answer["partitions"] if row["offsets"] < row["of_offsets"]} | set(answer["elsewhere"])
    if answer["why"] != "problem" or problems - theirs or left - theirs or not problems:
        return f"{answer['why']}, problems of {problems}, left of {left}, node {lost} leads {theirs}: {answer['partitions']}"
    return ""


def _without(lost: int, leave, come_back):
    """A broker does not answer: its partitions say so, the others are searched, and nothing is missing or found twice when it is back."""
    @in_cluster
    def test(cluster) -> str:
        searched = Searched(cluster)
        node = lost % 3 + 1
        begun = searched.search(node, limit=20)  # while all answered
        leave(cluster, lost)
        took, left = [], []
        for found, cursor in (([], {}), (begun["items"], {"cursor": begun["cursor"]})):
            wrong = "it was not asked"
            for _ in until(LIMIT_SECONDS):  # on a slow machine others may not answer in time either
                asked = time.monotonic()
                answer = searched.search(node, limit=500, **cursor)
                took.append(time.monotonic() - asked)
                if not (wrong := _gaps(searched, lost, answer)):
                    break
            expect_equal(wrong, "", "what is wrong with what it says")
            if not cursor:
                expect_equal(set(answer["elsewhere"]), searched.led_by(lost), "partitions that it has not begun with")
            left.append((found + answer["items"], answer["cursor"]))
        come_back(cluster, lost)
        for found, cursor in left:
            rest, last = searched.search_all(node, limit=500, cursor=cursor)
            _expect_all(searched, found + rest, last, f"when node {lost} is back")
        return f"without node {lost} in {max(took):.1f} s at most"
    return test


def _pause(cluster, node: int) -> None:
    suspend(cluster.nodes[node].pid)


def _resume(cluster, node: int) -> None:
    resume(cluster.nodes[node].pid)


def _kill(cluster, node: int) -> None:
    cluster.nodes[node].kill()


def _start(cluster, node: int) -> None:
    cluster.start(node)


@in_cluster
def stop_ends_what_is_asked_of_others(cluster) -> str:
    """Of a stream that nobody reads any more nothing is fetched and looked at any more, long before the end."""
    searched = Searched(cluster)
    numbers = list(range(1, 31))
    slow = f"{numbers}.exists(a, {numbers}.exists(b, a * b == -1))"  # thousands of steps for each record
    theirs = sorted(set(searched.leaders) - searched.led_by(1))
    console = searched.consoles[1]
    stream = http.client.HTTPConnection("127.0.0.1", console.port, timeout=LIMIT_SECONDS)
    path = _path(slow, {"partitions": ",".join(map(str, theirs))})
    stream.request("GET", "/api/v1" + path, headers={"Accept": "text/event-stream"})
    answer = stream.getresponse()
    expect_equal(answer.status, 200, "a stream")
    progress: dict = {}
    while not progress.get("records"):
        line = answer.readline()
        expect(line != b"", "the stream has ended")
        if line.strip() == b"event: progress":
            progress = json.loads(answer.readline().removeprefix(b"data: "))
    answer.close()
    stream.close()

    def used() -> float:
        return cpu_seconds(cluster.nodes[1].pid)

    expect(progress["records"] < progress["of_offsets"] / 2, f"it was over too soon to be stopped: {progress}")
    before = used()
    for _ in until(LIMIT_SECONDS):
        time.sleep(0.5)
        now = used()
        if now - before < 0.1:  # looking on would take all of a processor
            return f"{progress['records']} of {progress['of_offsets']} records looked at"
        before = now
    raise Failure("the server goes on looking")


ALL = {
    "search in a cluster: any node searches all of a topic": any_node_searches_all,
    "search in a cluster: a broker that hangs marks its partitions, and is asked again": _without(3, _pause, _resume),
    "search in a cluster: the same of one that is killed": _without(2, _kill, _start),
    "search in a cluster: it ends when nobody listens any more": stop_ends_what_is_asked_of_others,
}

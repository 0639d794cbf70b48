"""Stream processing against real brokers: applications and brokers are killed in the middle, and every record counts as it should.

The application is streams_app: words of the topic lines, counted into word-counts as text. Each count goes out, so that exactly once shows: the counts of a
word are 1, 2, 3, … without a gap and without one twice."""

import collections
import contextlib
import json
import pathlib
import queue
import random
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator

from harness import paths
from harness.broker import Broker, KafkaBroker, ThalwegBroker
from harness.outcome import Failure, Skip, expect, expect_equal

_LIMIT_SECONDS = 60
_PARTITIONS = 2
# A member that was killed is missed after this; Kafka's least is 6 s unless the broker is told otherwise.
_SESSION = ("session.timeout.ms=1500", "heartbeat.interval.ms=300")
_BROKER = {"group.min.session.timeout.ms": "1000", "transaction.remove.expired.transaction.cleanup.interval.ms": "1000"}
_WORDS = ["ann", "bob", "cid", "dan", "eve", "fay", "gus"]


def _program() -> pathlib.Path:
    program = paths.built("streams_app")
    if program is None:
        raise Skip("streams_app is not built")
    return program


class Application:
    """One process of it. What it prints is heard by a thread of ours."""

    def __init__(self, cluster: "Streams", name: str, *arguments: str):
        self.states: list[str] = []
        self._answers: queue.Queue[str] = queue.Queue()
        self._errors = open(cluster.folder / f"{name}.err", "a+")  # noqa: SIM115
        command = [_program(), cluster.broker.bootstrap, str(cluster.folder / name), *_SESSION, *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        for line in self._process.stdout:
            text = line.strip()
            if text.startswith("state "):
                self.states.append(text.removeprefix("state "))
            else:
                self._answers.put(text)

    def errors(self) -> str:
        self._errors.seek(0)
        return self._errors.read()[-2000:]

    def ask(self, question: str) -> str:
        self._process.stdin.write(question + "\n")
        self._process.stdin.flush()
        return self._answers.get(timeout=_LIMIT_SECONDS)

    def ask_all(self, question: str) -> list[str]:
        lines = [self.ask(question)]
        while lines[-1] != "end" and not lines[-1].startswith("error"):
            lines.append(self._answers.get(timeout=_LIMIT_SECONDS))
        return lines[:-1]

    def metric(self, name: str) -> int:
        return sum(int(float(line.split()[-1])) for line in self.ask_all("metrics") if line.startswith(name + "{"))

    def wait_for(self, state: str) -> None:
        _wait(f"state {state}", lambda: self.states[-1:] == [state] or (not self.alive() and self.errors()), True)

    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.stdin.write("stop\n")
        self._process.stdin.flush()
        expect_equal(self.ends(), 0, f"exit code of an application that was stopped ({self.errors()})")

    def ends(self) -> int:
        code = self._process.wait(_LIMIT_SECONDS)
        self._listener.join(_LIMIT_SECONDS)  # it may not have heard the last words yet
        return code


class Streams:
    """A broker with the topics of streams_app, and what is done with them."""

    def __init__(self, folder: pathlib.Path, broker: Broker):
        self.folder, self.broker = folder, broker
        self._applications: list[Application] = []
        self._cli = paths.thalweg_binary()

    def cli(self, *arguments: str, said: str | None = None) -> str:
        done = subprocess.run([self._cli, *arguments, "--brokers", self.broker.bootstrap], input=said, capture_output=True, text=True, timeout=_LIMIT_SECONDS)
        expect(done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    def create(self, *topics: str, partitions: int = _PARTITIONS) -> None:
        for topic in topics:
            self.cli("topic", "create", topic, "--partitions", str(partitions))

    def start(self, name: str, *arguments: str) -> Application:
        application = Application(self, name, *arguments)
        self._applications.append(application)
        return application

    def write(self, *lines: str, topic: str = "lines", **options: str) -> None:
        self.cli("produce", topic, *(f"--{k.replace('_', '-')}={v}" for k, v in options.items()), said="".join(f"{line}\n" for line in lines))

    def read(self, topic: str) -> list[dict]:
        return [json.loads(line) for line in self.cli("consume", topic, "--read-committed", "--output", "json").splitlines()]

    def counted(self) -> dict[str, list[int]]:
        """By word, every count that was written, in order."""
        counts = collections.defaultdict(list)
        for record in self.read("word-counts"):
            counts[record["key"]].append(int(record["value"]))
        return dict(counts)

    def wanted(self) -> dict[str, int]:
        """What is to be counted: what has been written."""
        return dict(collections.Counter(word for record in self.read("lines") for word in record["value"].split()))

    def wait_for_counts(self) -> None:
        wanted = self.wanted()
        _wait("counts", lambda: {word: max(counts) for word, counts in self.counted().items()}, wanted, self._complaints)

    def expect_each_once(self) -> int:
        wanted, got = self.wanted(), self.counted()
        for word, count in wanted.items():
            if got.get(word) != list(range(1, count + 1)):
                raise Failure(f"{word}: {_described(got.get(word, []), count)}")
        return sum(wanted.values())

    def end(self) -> None:
        for application in self._applications:
            application.kill()
        self.broker.kill()

    def _complaints(self) -> str:
        return "; ".join(f"{a.states[-3:]} {a.errors()}" for a in self._applications)


def _described(got: list[int], count: int) -> str:
    lost = sorted(set(range(1, count + 1)) - set(got))
    twice = [n for n, times in collections.Counter(got).items() if times > 1]
    return f"{len(got)} counts of {count} words: {len(lost)} lost {lost[:5]}, {len(twice)} twice {twice[:5]}, in order: {got == sorted(got)}"


def _wait(what: str, ask: Callable[[], object], wanted: object, why: Callable[[], str] = str) -> None:
    end = time.monotonic() + _LIMIT_SECONDS
    while (got := ask()) != wanted:
        if time.monotonic() > end or isinstance(got, str):
            raise Failure(f"{what}: got {got}, want {wanted}; {why()}")
        time.sleep(0.05)


@contextlib.contextmanager
def _streams(kind: type[Broker] = ThalwegBroker, topics: tuple[str, ...] = ("lines", "word-counts")) -> Iterator[Streams]:
    _program()
    with tempfile.TemporaryDirectory(prefix="thalweg-streams-") as folder:
        streams = Streams(pathlib.Path(folder), kind(pathlib.Path(folder) / "broker", dict(_BROKER)))
        try:
            streams.broker.start()
            streams.create(*topics)
            yield streams
        except Failure as e:
            raise Failure(f"{e}\nlog of the server:\n{streams.broker.log_tail()}") from None
        finally:
            streams.end()


def makes_its_topics_and_restores_its_stores() -> str:
    with _streams() as streams:
        fast = "guarantee=once"  # what can be read is committed
        application = streams.start("one", fast, "threads=2")
        application.wait_for("RUNNING")
        streams.write("a b a", "b c", "d a")
        streams.wait_for_counts()
        expect_equal(application.ask("get a"), "count 3", "count of a")
        expect_equal(application.ask("get zoe"), "none", "count of a word that never came")
        expect_equal(len(application.ask_all("rows")), 4, "rows of the store")
        expect_equal([line.split()[1] for line in application.ask_all("lags")], ["0_0", "0_1", "1_0", "1_1"], "tasks")
        for topic, cleanup in (("words-counts-changelog", "compact"), ("words-counts-repartition", "delete")):
            expect(f"cleanup.policy={cleanup}" in re.sub(r"\s*=\s*|\s{2,}", "=", streams.cli("config", "get", "--topic", topic)), f"{topic} is not {cleanup}")
        application.stop()
        # What was stopped has its stores, and what is killed, too, but for the last moments; a folder that is gone comes back from the changelog.
        streams.write("a e")
        application = streams.start("one", fast)
        streams.wait_for_counts()
        expect_equal(application.metric("thalweg_streams_restore_total"), 0, "records restored after a clean stop")
        application.kill()
        shutil.rmtree(streams.folder / "one")
        streams.write("a e e")
        application = streams.start("one", fast)
        streams.wait_for_counts()
        restored = application.metric("thalweg_streams_restore_total")
        expect(restored >= 5, f"{restored} records restored into an empty folder")
        expect_equal(application.ask("get a"), "count 5", "count of a")
        application.stop()
        memory = streams.start("two", fast, "store=memory")
        memory.wait_for("RUNNING")
        expect_equal(memory.ask("get a"), "count 5", "count of a in memory")
        return f"{restored} records restored"


class _Writer:
    """Lines of words until it is told to stop; a broker that is away is waited for."""

    def __init__(self, streams: Streams, seed: int):
        self._streams, self._chance, self._stop = streams, random.Random(seed), threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            lines = [" ".join(self._chance.choices(_WORDS, k=3)) for _ in range(300)]
            with contextlib.suppress(Failure, subprocess.TimeoutExpired):  # what was written is read again in the end
                self._streams.write(*lines)
            time.sleep(0.1)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def _exactly_once(kind: type[Broker], kills: int, of_the_broker: int, guarantee: str = "guarantee=once") -> str:
    seed = random.SystemRandom().getrandbits(32)
    chance = random.Random(seed)
    with _streams(kind) as streams:
        # Between two commits lies much that a crash takes back, and messages are sent long before the commit.
        arguments = (guarantee, "threads=2", "commit.interval.ms=800", "linger.ms=5")
        running = {name: streams.start(name, *arguments) for name in ("one", "two")}
        writer = _Writer(streams, seed)
        try:
            for number in range(kills + of_the_broker):
                _wait_for_growth(streams)
                time.sleep(chance.uniform(0, 0.4))  # somewhere between two commits
                if number % 2 and of_the_broker:
                    of_the_broker -= 1
                    streams.broker.kill()
                    streams.broker.start()
                    continue
                name = chance.choice(sorted(running))
                running[name].kill()
                running[name] = streams.start(name, *arguments)
        finally:
            writer.stop()
        try:
            streams.wait_for_counts()
            words = streams.expect_each_once()
        except Failure as e:
            raise Failure(f"seed {seed}: {e}") from None
        for application in running.values():
            expect(application.alive(), f"an application ended: {application.errors()}")
        return f"{words} words, each counted once"


def counts_at_least_once_through_kills() -> str:
    """Nothing is lost; what was under way may count twice."""
    seed = random.SystemRandom().getrandbits(32)
    with _streams() as streams:
        arguments = ("commit.interval.ms=800", "linger.ms=5", "threads=2")
        running = streams.start("one", *arguments)
        writer = _Writer(streams, seed)
        try:
            for number in range(3):
                _wait_for_growth(streams)
                if number == 1:
                    streams.broker.kill()
                    streams.broker.start()
                else:
                    running.kill()
                    running = streams.start("one", *arguments)
        finally:
            writer.stop()
        wanted = streams.wanted()

        def short() -> dict[str, int]:
            got = streams.counted()
            return {word: max(got.get(word, [0])) for word, count in wanted.items() if max(got.get(word, [0])) < count}

        _wait("words whose count is too low", short, {}, running.errors)
        return f"{sum(wanted.values())} words, {sum(max(counts) for counts in streams.counted().values())} counted"


def _wait_for_growth(streams: Streams) -> None:
    def size() -> int:
        return len(streams.read("word-counts"))

    before = size()
    _wait("more counts", lambda: size() > before, True)


def counts_once_through_kills() -> str:
    return _exactly_once(ThalwegBroker, kills=4, of_the_broker=2)


def counts_once_on_apache_kafka() -> str:
    return _exactly_once(KafkaBroker, kills=3, of_the_broker=0)


def writes_what_fails_to_the_dead_letters() -> str:
    with _streams(topics=("lines", "word-counts", "dead", "numbers", "doubled")) as streams:
        application = streams.start("one", "commit.interval.ms=100", "on=resume", "dead=dead")
        streams.write("a b", "poison", "a")
        _wait("the counts of the others", lambda: streams.counted().get("a"), [1, 2], application.errors)
        _wait("a dead letter", lambda: len(streams.read("dead")), 1)
        letter = streams.read("dead")[0]
        headers = {header["key"]: header["value"] for header in letter["headers"]}
        expect_equal(letter["value"], "poison", "value of the dead letter")
        expect_equal(headers["__streams.errors.topic"], "lines", "topic in its headers")
        expect("poisoned" in headers["__streams.errors.message"], f"what was thrown is not in {headers}")
        application.stop()
        doubler = ("app=doubler", "topology=double", "commit.interval.ms=100", "dead=dead")
        streams.write("not eight bytes", topic="numbers")
        failing = streams.start("three", *doubler)
        expect_equal(failing.ends(), 1, "exit code without a handler")
        expect("numbers" in failing.errors() or "source" in failing.errors().lower(), f"the error names nothing: {failing.errors()}")
        expect("ERROR" in failing.states, f"states {failing.states}")
        expect_equal(len(streams.read("dead")), 2, "dead letters, that of the failure with them")
        resuming = streams.start("three", *doubler, "on=resume")
        _wait("another dead letter", lambda: len(streams.read("dead")), 3, resuming.errors)
        return f"{failing.errors().strip()[:120]}"


def joins_a_global_table() -> str:
    with _streams(topics=("orders", "orders-enriched", "customers")) as streams:
        streams.write("c1:Ann", "c2:Bob", topic="customers", key_separator=":")
        application = streams.start("one", "topology=enrich", "app=enrich", "commit.interval.ms=100", "threads=2")
        streams.write("o1:c1", "o2:c2", "o3:c9", topic="orders", key_separator=":")

        def enriched() -> list[str]:
            return sorted(record["value"] for record in streams.read("orders-enriched"))

        _wait("joined orders", enriched, ["c1:Ann", "c2:Bob"], application.errors)
        streams.write("c9:Zoe", topic="customers", key_separator=":")

        def with_the_new_one() -> bool:
            streams.write("o4:c9", topic="orders", key_separator=":")
            return "c9:Zoe" in enriched()

        _wait("an update of the table", with_the_new_one, True, application.errors)
        application.stop()
        return "updates are seen"


def says_what_is_wrong() -> str:
    with _streams(topics=()) as streams:
        application = streams.start("one")
        expect_equal(application.ends(), 1, "exit code without a source topic")
        expect("source topic lines is not there" in application.errors(), application.errors())
        streams.create("lines", "word-counts")
        streams.create("words-counts-changelog", partitions=5)
        application = streams.start("two", "poll.milliseconds=5")
        expect_equal(application.ends(), 1, "exit code with an option that is not there")
        expect("there is no option poll.milliseconds" in application.errors(), application.errors())
        application = streams.start("three")
        expect_equal(application.ends(), 1, "exit code with a changelog that does not fit")
        expect("5 partitions" in application.errors() and "needs 2" in application.errors(), application.errors())
        return "topics, options, partitions"


ALL = {
    "a stream application makes its topics, restores its stores and answers queries": makes_its_topics_and_restores_its_stores,
    "a stream application counts each word once while it and the broker are killed": counts_once_through_kills,
    "a stream application at least once loses no word while it and the broker are killed": counts_at_least_once_through_kills,
    "a stream application counts each word once on Apache Kafka": counts_once_on_apache_kafka,
    "a stream application writes what fails to the dead letters, or ends": writes_what_fails_to_the_dead_letters,
    "a stream application joins a global table and sees its updates": joins_a_global_table,
    "a stream application that cannot run says why": says_what_is_wrong,
}

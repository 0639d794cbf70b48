"""Command line, the loop over the cases, and the report."""

import argparse
import contextlib
import fnmatch
import os
import pathlib
import queue
import shutil
import signal
import sys
import tempfile
import threading
import time

from cases import all_cases

from . import clients
from .broker import Broker, KafkaBroker, RunningBroker, ThalwegBroker
from .case import Case, Context
from .outcome import Failure, Skip
from .side_by_side import AT_ONCE


def main(arguments: list[str]) -> int:
    # An asked-for end still stops the brokers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # A shell's background job ignores Ctrl-C, and would hand that down to the clients that must stop on it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    options = _parse(arguments)
    cases = [c for c in all_cases() if _selected(c.name, options.only)]
    if options.list:
        print("\n".join(c.name for c in cases))
        return 0
    if options.install:
        clients.install_packages()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="thalweg-interop-"))
    try:
        counts = Workers(options, folder).all(cases)
    finally:
        if options.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{counts['PASS']} passed, {counts['FAIL']} failed, {counts['SKIP']} skipped")
    return 1 if counts["FAIL"] or not cases else 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tests/interop/run", description="Runs foreign Kafka clients against a broker and checks what they got back.",
        epilog="A case whose client cannot be had is reported as skipped, with the reason. Exit 1 when a case failed.")
    parser.add_argument("--broker", choices=["thalweg", "kafka"], default="thalweg",
                        help="the broker to start: Thalweg, or Apache Kafka to prove the cases themselves (default: %(default)s)")
    parser.add_argument("--binary", type=pathlib.Path, metavar="FILE",
                        help="the thalweg binary (default: $INTEROP_BINARY, else the Release build, else the newest)")
    parser.add_argument("--bootstrap", metavar="HOST:PORT", help="test a broker that already runs")
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help="cases to run, e.g. 'sarama*/*'; may be repeated")
    parser.add_argument("--jobs", type=int, default=AT_ONCE, metavar="N",
                        help="cases at a time, each on a broker of its worker's (default: three for two processors)")
    parser.add_argument("--list", action="store_true", help="print the names of the cases and stop")
    parser.add_argument("--install", action="store_true", help="install the clients' Debian packages that are missing (as root)")
    parser.add_argument("--record", action="store_true", help="with --broker kafka: write the answers of the conversations anew")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the broker's data, logs and client output")
    options = parser.parse_args(arguments)
    if options.record and options.broker != "kafka":
        parser.error("--record writes down what Apache Kafka answers: it needs --broker kafka")
    if options.bootstrap or options.broker == "kafka":
        options.jobs = 1  # one broker that runs already is shared by nobody; two of the JVM's would be slower than one
    return options


def _selected(name: str, globs: list[str]) -> bool:
    return not globs or any(fnmatch.fnmatch(name, g) for g in globs)


class Workers:
    """Several runs side by side: whoever is free takes the next case."""

    def __init__(self, options: argparse.Namespace, folder: pathlib.Path):
        self.runs = [Run(options, folder, f"w{n}") for n in range(max(options.jobs, 1))]
        self.counts = {"PASS": 0, "FAIL": 0, "SKIP": 0}
        self.telling = threading.Lock()
        self.left: queue.SimpleQueue[tuple[int, Case]] = queue.SimpleQueue()

    def all(self, cases: list[Case]) -> dict[str, int]:
        for numbered in enumerate(cases):
            self.left.put(numbered)
        threads = [threading.Thread(target=self._work, args=[run], daemon=True) for run in self.runs]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        finally:
            self.left = queue.SimpleQueue()  # when it is ended early: nobody takes another
            for run in self.runs:
                run.stop()
        return self.counts

    def _work(self, run: "Run") -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                number, case = self.left.get_nowait()
                outcome, detail = run.outcome_of(case, number)
                with self.telling:
                    print(f"{outcome} {case.name}  {detail}", flush=True)
                    self.counts[outcome] += 1


class Run:
    """One case after the other. They share one broker, which is started again if a case brought it down."""

    def __init__(self, options: argparse.Namespace, folder: pathlib.Path, name: str):
        self.options = options
        self.folder = folder
        self.name = name
        self.shared: Broker | None = None
        # Brokers of single cases (crash and file tests); stopped when the case ends, however it ends.
        self.own: list[Broker] = []

    def stop(self) -> None:
        for broker in [*self.own, *([self.shared] if self.shared else [])]:
            self._quietly_stop(broker)

    def outcome_of(self, case: Case, number: int) -> tuple[str, str]:
        started = time.monotonic()
        try:
            self._run(case, number)
            outcome, detail = "PASS", f"{time.monotonic() - started:.1f} s"
        except Skip as e:
            outcome, detail = "SKIP", str(e)
        except Failure as e:
            outcome, detail = "FAIL", str(e)
        except Exception as e:  # a broker that hung up, or answered what cannot be read, on a case that speaks the protocol itself
            outcome, detail = "FAIL", f"{type(e).__name__}: {e}"
        return outcome, detail

    def _run(self, case: Case, number: int) -> None:
        if reason := case.not_on.get(self.options.broker if not self.options.bootstrap else "running"):
            raise Skip(reason)
        folder = self.folder / f"{number:03}-{case.name.replace('/', '-')}"
        folder.mkdir()
        broker = self._shared_broker()
        context = Context(broker, f"t{os.getpid()}-{number}-", folder, case.limit_seconds, self._new_broker, self.options.record)
        try:
            case.body(context)
        except Failure as e:
            if not broker.alive():
                raise Failure(f"{e}\nthe broker died: {broker.log_tail()}") from None
            raise
        finally:
            for own in self.own:
                self._quietly_stop(own)
            self.own.clear()
        if not broker.alive():
            raise Failure(f"the client passed, but the broker died: {broker.log_tail()}")

    def _shared_broker(self) -> Broker:
        if self.shared is None or not self.shared.alive():
            self.shared = self._make(self.folder / f"broker-{self.name}-{time.monotonic_ns()}", {})
            self.shared.start()
        return self.shared

    def _new_broker(self, **properties: str) -> Broker:
        """A broker for one case alone, not yet started. Keyword `a_b` sets the property `a.b`."""
        if self.options.bootstrap:
            raise Skip("needs a broker of its own, and --bootstrap names a running one")
        named = {k.replace("_", "."): v for k, v in properties.items()}
        broker = self._make(self.folder / f"own-{self.name}-{time.monotonic_ns()}", named)
        self.own.append(broker)
        return broker

    def _make(self, folder: pathlib.Path, properties: dict[str, str]) -> Broker:
        if self.options.bootstrap:
            return RunningBroker(folder, self.options.bootstrap)
        if self.options.broker == "kafka":
            return KafkaBroker(folder, properties)
        return ThalwegBroker(folder, properties, self.options.binary)

    @staticmethod
    def _quietly_stop(broker: Broker) -> None:
        with contextlib.suppress(Failure):
            broker.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

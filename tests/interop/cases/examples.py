"""The programs of examples/: each consumer must print what the producers of all languages sent."""

import os
import pathlib
import re
import signal
import subprocess
import time

from harness import clients, kafka_dist, paths
from harness.broker import Broker
from harness.case import Case, Context, Registry
from harness.outcome import Failure, Skip, expect_equal

registry = Registry()

_EXAMPLES = paths.REPOSITORY / "examples"
_EVENTS = 10
_CONSUMER_LIMIT_SECONDS = 40


def _go(role: str) -> list[str]:
    return [str(clients.go_binary(_EXAMPLES / "go", f"./{role}", f"example-{role}"))]


def _c(role: str) -> list[str]:
    return [str(clients.c_program(_EXAMPLES / "c" / f"{role}.c"))]


def _python(role: str) -> list[str]:
    return [clients.debian_python("confluent_kafka", "python3-confluent-kafka"), str(_EXAMPLES / "python" / f"{role}.py")]


def _java(role: str) -> list[str]:
    return kafka_dist.java(str(_EXAMPLES / "java" / f"{role.capitalize()}.java"))


def _javascript(role: str) -> list[str]:
    # Beside its node_modules, where Node looks for them.
    return [clients.program("node", "nodejs"), str(clients.node_project(_EXAMPLES / "javascript") / f"{role}.js")]


_LANGUAGES = {"go": _go, "c": _c, "python": _python, "java": _java, "javascript": _javascript}


def _reads_all(language: str):
    def body(context: Context) -> None:
        command = _LANGUAGES[language]("consumer")
        broker = context.new_broker(num_partitions="3")
        broker.start()
        senders = _run_producers(context, broker)
        printed = _run_consumer(context, broker, command, _EVENTS * len(senders))
        for sender in senders:
            got = sorted(int(i) for i in re.findall(rf'key=user-(\d+) value=.*"sent_by": ?"{sender}"', printed))
            expect_equal(got, list(range(_EVENTS)), f"events sent by {sender}")
    return body


def _run_producers(context: Context, broker: Broker) -> list[str]:
    """The languages whose producers could be run here."""
    senders = []
    for language, command in _LANGUAGES.items():
        try:
            context.run(command("producer"), env={"BOOTSTRAP": broker.bootstrap})
            senders.append(language)
        except Skip as e:
            print(f"     examples: no producer in {language}: {e}", flush=True)
    return senders


def _run_consumer(context: Context, broker: Broker, command: list[str], lines: int) -> str:
    """Runs it until it has printed so many lines, then presses Ctrl-C and expects it to leave without a complaint."""
    output = context.folder / "consumer.log"
    environment = {**os.environ, "BOOTSTRAP": broker.bootstrap}
    with open(output, "w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=context.folder)
    try:
        end = time.monotonic() + _CONSUMER_LIMIT_SECONDS
        while _count(output) < lines and process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        # 130: a JVM ends by the signal after its shutdown hooks.
        if process.wait(15) not in (0, 130):
            raise Failure(f"the consumer exited {process.returncode}: {output.read_text()[-1000:]}")
    except subprocess.TimeoutExpired:
        raise Failure("the consumer did not stop on Ctrl-C") from None
    finally:
        process.kill()
        process.wait()
    return output.read_text()


def _count(output: pathlib.Path) -> int:
    return sum(line.startswith("partition=") for line in output.read_text().splitlines())


for _language in _LANGUAGES:
    registry.add(Case(f"examples/{_language}", _reads_all(_language), limit_seconds=60))

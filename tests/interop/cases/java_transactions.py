"""Java: transactions with Apache Kafka's own clients, of the newest version and of two that know nothing of KIP-890."""

import contextlib
import subprocess

from harness import clients, kafka_dist
from harness.case import Case, Context, Registry
from harness.outcome import Failure, expect, expect_equal

registry = Registry()

_VERSIONS = (kafka_dist.VERSION, "3.9.1", "2.8.2")
_RESTARTS = 6
# Seen with 4.3.1: the abort's markers are dropped for partitions that the server has not found yet, and the next commit of an older client takes the
# aborted records along.
_LOSES_MARKERS = {"kafka": "Kafka loses markers when it is killed just after an end, now and then"}


def _classpath(version: str) -> str:
    classes = str(clients.java_classes())
    return classes if version == kafka_dist.VERSION else f"{classes}:{kafka_dist.more_libs('clients.pom.xml', version)}/*"


def _java(version: str, case: str):
    def body(context: Context) -> None:
        context.run(kafka_dist.java("TransactionMain", case, classpath=_classpath(version)))
    return body


def _admin(case: str):
    def body(context: Context) -> None:
        context.run(kafka_dist.java("Main", case, classpath=str(clients.java_classes())))
    return body


def _through_restarts(version: str):
    """Each line of the program ends the broker, by turns with -9 and as asked, while a transaction is open or has just ended."""
    def body(context: Context) -> None:
        broker = context.new_broker()
        broker.start()
        environment = {**context.environment(), "BOOTSTRAP": broker.bootstrap}
        with open(context.folder / "errors", "w+") as errors, contextlib.ExitStack() as stack:
            program = subprocess.Popen(kafka_dist.java("TransactionMain", "restarts", classpath=_classpath(version)), env=environment, text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
            stack.callback(program.wait)
            stack.callback(program.kill)
            restarts = 0
            for line in program.stdout:
                expect_equal(line, "restart\n", "what the program says")
                broker.kill() if restarts % 2 == 0 else broker.stop()
                broker.start()
                restarts += 1
                program.stdin.write("\n")
                program.stdin.flush()
            if program.wait(context.limit_seconds):
                errors.seek(0)
                raise Failure([*errors.read().splitlines(), "no reason"][-2])
            expect(restarts == _RESTARTS, f"{restarts} restarts instead of {_RESTARTS}")
    return body


for _version in _VERSIONS:
    for _case in ("commit-abort", "stable-offset", "consume-produce", "fencing", "timeout"):
        registry.add(Case(f"java-{_version}-transactions/{_case}", _java(_version, _case)))
    registry.add(Case(f"java-{_version}-transactions/restarts", _through_restarts(_version), limit_seconds=120, not_on=_LOSES_MARKERS))
for _case in ("transactions", "transactions-abort", "transactions-fence"):
    registry.add(Case(f"java-{kafka_dist.VERSION}-transactions/admin-{_case}", _admin(_case)))

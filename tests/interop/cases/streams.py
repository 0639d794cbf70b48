"""Java: Kafka Streams with exactly_once_v2, killed in the middle."""

import contextlib
import functools
import subprocess
from collections.abc import Callable

from harness import clients, kafka_dist, paths
from harness.case import Case, Context, Registry
from harness.outcome import Failure, Skip, expect_equal

registry = Registry()
Counter = Callable[[Context, str], list[str]]  # the command of an instance that counts, with a folder of this name


def _java(*arguments: str) -> list[str]:
    jars = kafka_dist.more_libs("streams.pom.xml", kafka_dist.VERSION)
    classes = clients.java_program(paths.SUITE / "java-streams", jars)
    return kafka_dist.java("WordCount", *arguments, classpath=f"{classes}:{jars}/*")


def _java_counts(context: Context, name: str) -> list[str]:
    return _java("count", str(context.folder / name))


def _ours_counts(context: Context, name: str) -> list[str]:
    """The same application in C++: its id, its topics, its store, so that one goes on where the other has stopped."""
    program = paths.REPOSITORY / "build" / "release" / "bin" / "streams_app"
    if not program.exists():
        raise Skip("stream processing is not built: ./dev build release streams_app")
    return [str(program), context.broker.bootstrap, str(context.folder / name), f"app={context.prefix}words", "topology=java", f"lines={context.prefix}lines",
            f"counts={context.prefix}counts", "guarantee=once", "commit.interval.ms=50", "session.timeout.ms=6000", "replication.factor=1"]


def _word_count(context: Context, first_is: Counter, second_is: Counter) -> None:
    """The first instance is killed with -9 once it has counted a part; a second one has an empty folder, and ends the count."""
    with contextlib.ExitStack() as stack, open(context.folder / "streams.log", "w") as log, open(context.folder / "errors", "w+") as errors:
        def start(command: list[str], stdin=subprocess.PIPE, stdout=log, stderr=log) -> subprocess.Popen:
            process = subprocess.Popen(command, env=context.environment(), stdin=stdin, stdout=stdout, stderr=stderr, text=True)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process
        check = start(_java("check"), stdout=subprocess.PIPE, stderr=errors)

        def expect_word(word: str) -> None:
            if (said := check.stdout.readline().strip()) != word:
                check.wait(context.limit_seconds)
                errors.seek(0)
                raise Failure(f"the check said {said!r}, not {word!r}: {errors.read()[-500:]}")
        expect_word("topics")
        first = start(first_is(context, "first"))
        expect_word("half")
        first.kill()
        first.wait()
        start(second_is(context, "second"))
        check.stdin.write("\n")
        check.stdin.flush()
        code = check.wait(context.limit_seconds)
        errors.seek(0)
        expect_equal((code, errors.read()[-500:]), (0, ""), "the check of the counts")


_FAMILY = f"kafka-streams-{kafka_dist.VERSION}"
for _name, _first, _second in (("word-count-exactly-once", _java_counts, _java_counts), ("handed-over-to-cplusplus", _java_counts, _ours_counts),
                               ("handed-over-from-cplusplus", _ours_counts, _java_counts)):
    registry.add(Case(f"{_FAMILY}/{_name}", functools.partial(_word_count, first_is=_first, second_is=_second), limit_seconds=200))

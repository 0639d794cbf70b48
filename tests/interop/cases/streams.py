"""Java: Kafka Streams with exactly_once_v2, killed in the middle."""

import contextlib
import subprocess

from harness import clients, kafka_dist, paths
from harness.case import Case, Context, Registry
from harness.outcome import Failure, expect_equal

registry = Registry()


def _java(*arguments: str) -> list[str]:
    jars = kafka_dist.more_libs("streams.pom.xml", kafka_dist.VERSION)
    classes = clients.java_program(paths.SUITE / "java-streams", jars)
    return kafka_dist.java("WordCount", *arguments, classpath=f"{classes}:{jars}/*")


def _word_count(context: Context) -> None:
    """The first instance is killed with -9 once it has counted a part; a second one has an empty folder, and ends the count."""
    with contextlib.ExitStack() as stack, open(context.folder / "streams.log", "w") as log, open(context.folder / "errors", "w+") as errors:
        def start(*arguments: str, stderr=log, **pipes) -> subprocess.Popen:
            process = subprocess.Popen(_java(*arguments), env=context.environment(), stderr=stderr, text=True, **pipes)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process
        check = start("check", stderr=errors, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

        def expect_word(word: str) -> None:
            if (said := check.stdout.readline().strip()) != word:
                check.wait(context.limit_seconds)
                errors.seek(0)
                raise Failure(f"the check said {said!r}, not {word!r}: {errors.read()[-500:]}")
        expect_word("topics")
        first = start("count", str(context.folder / "first"), stdout=log)
        expect_word("half")
        first.kill()
        first.wait()
        start("count", str(context.folder / "second"), stdout=log)
        check.stdin.write("\n")
        check.stdin.flush()
        code = check.wait(context.limit_seconds)
        errors.seek(0)
        expect_equal((code, errors.read()[-500:]), (0, ""), "the check of the counts")


registry.add(Case(f"kafka-streams-{kafka_dist.VERSION}/word-count-exactly-once", _word_count, limit_seconds=200))

"""What Kafka's tools print, byte for byte: the scenarios of golden/, with Kafka's tools and with Thalweg's own."""

import contextlib
import difflib
import pathlib
import re
import shlex
import subprocess
import time
from dataclasses import dataclass, field

from harness import kafka_dist, paths, transactions
from harness.broker import ThalwegBroker
from harness.case import Case, Context, Registry
from harness.outcome import Failure, Skip

registry = Registry()
FOLDER = paths.SUITE / "golden"

_MASKS = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "MEMBER"),
    (r"(?<![\w-])(?!\w+Exception|LatestCoordinatorEpoch)(?=\S*[A-Z0-9])[A-Za-z0-9_-]{22}(?![\w-])", "UUID"),
    (r"127\.0\.0\.1:\d+", "HOST:PORT"),
    (r"\b\d{13}\b", "MILLIS"),
    (r"127\.0\.0\.1 \d+ +", "HOST PORT "),
    (r"(?m)^((?:LeaderEpoch|HighWatermark): +)\d+", r"\1N"),
    (r"(?<=UUID\t)\d+ *(?=\t)", "OFFSET"),
    (r'(?<="logDir":)"[^"]*"|(?<="log_dirs":\[)"/[^"]*"', '"DATA"'),
    # In no order there: Java's sets of options and states print as their hashes fall.
    (r'Option combination "\[\[[^"]*\]\]"', 'Option combination "OPTIONS"'),
    (r"(?<=Valid states are: ).*", "STATES"),
    # The duration of a transaction, behind when it started.
    (r"(MILLIS {16}\t)\d+ *", r"\1DURATION"),
    # Kafka's order is that of a hash, ours that of names.
    (r"(?<=Configs: )\S+", lambda found: ",".join(sorted(found[0].split(",")))),
]
# Log lines and stack traces of the Java tools, and what Thalweg's tools say in their place.
_NOT_COUNTED = re.compile(r"\[\d{4}-|\t(at|\.\.\.|Suppressed:) | \(org\.apache|Caused by|The consumer rebalance protocol|joptsimple\.|java\.lang|(WARN|ERROR) |\s*$")
READY_LIMIT_SECONDS = 30
_LONGEST_TIMEOUT_MS = 900_000
_PROPERTIES = {"transactions": {"transaction_partition_verification_enable": "false"}}  # else nobody could write what hangs


@dataclass
class Step:
    line: int
    command: str
    background: bool = False
    stdin: list[str] = field(default_factory=list)
    file: list[str] = field(default_factory=list)
    prepares: bool = False
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    code: int = 0
    any_order: bool = False
    not_on_thalweg: str | None = None


def parse(text: str) -> list[Step]:
    steps: list[Step] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        sign, rest = line[0], line[2:].removesuffix("·")
        if sign in "$&":
            steps.append(Step(number, rest, background=sign == "&"))
        elif sign == "%":
            steps.append(Step(number, rest, prepares=True))
        elif sign == "+":
            steps[-1].file.append(rest)
        elif sign == "<":
            steps[-1].stdin.append(rest)
        elif sign == ">":
            steps[-1].stdout.append(rest)
        elif sign == "!":
            steps[-1].stderr.append(rest)
        elif sign == "=":
            steps[-1].code = int(rest)
        elif sign == "~":
            steps[-1].any_order = True
        elif sign == "?":
            steps[-1].not_on_thalweg = rest
        else:
            raise ValueError(f"line {number}: {line}")
    return steps


def masked(text: str) -> str:
    for pattern, name in _MASKS:
        text = re.sub(pattern, name, text)
    return text


def errors_that_count(text: str) -> list[str]:
    text = re.sub(r"^Option +Description.*", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"java\.util\.concurrent\.ExecutionException: ", "", text)
    lines = [line for line in masked(text).splitlines() if not _NOT_COUNTED.match(line)]
    # An exception that only wraps another says the same again.
    return [line for line, before in zip(lines, [None, *lines]) if line != before]


def differences(step: Step, done: subprocess.CompletedProcess, ours: bool) -> list[str]:
    got = masked(done.stdout).split("\n")[:-1] if done.stdout else []
    want = list(step.stdout)
    if step.any_order:
        got, want = sorted(got), sorted(want)
    out = list(difflib.unified_diff(want, got, "want", "got", lineterm="", n=0))
    errors = errors_that_count(done.stderr)
    # Thalweg says an error once; Kafka's tools say it again, as an exception, on standard error.
    said = [*step.stdout, *(line for line in step.stderr if not line.startswith("org.apache"))]
    again = [line for line in step.stderr if ours and line.startswith("org.apache") and any(line.split(": ", 1)[-1] in o for o in said)]
    wanted = [line for line in step.stderr if line not in again]
    out += list(difflib.unified_diff(wanted, errors, "want stderr", "got stderr", lineterm="", n=0))
    if done.returncode != step.code:
        out.append(f"exit code {done.returncode}, want {step.code}")
    return out


def _arguments(step: Step, bootstrap: str, folder: pathlib.Path) -> tuple[str, list[str]]:
    tool, *arguments = shlex.split(step.command)
    if step.file:
        path = folder / f"line-{step.line}"
        path.write_text("".join(line + "\n" for line in step.file))
        arguments = [str(path) if argument == "FILE" else argument for argument in arguments]
    where = ["--bootstrap-server", bootstrap]
    if tool == "kafka-storage":
        return tool, arguments
    # This one takes it behind its command, the others before it.
    return tool, [*arguments, *where] if tool == "kafka-cluster" else [*where, *arguments]


def _wait_until_stable(run, group: str) -> None:
    deadline = time.monotonic() + READY_LIMIT_SECONDS
    while " Stable " not in run("kafka-consumer-groups", ["--describe", "--state", "--group", group]).stdout:
        if time.monotonic() > deadline:
            raise Failure(f"group {group} is not stable after {READY_LIMIT_SECONDS} s")


def _prepare(port: int, what: str) -> None:
    """`open ID TOPIC PARTITION…` leaves a transaction open that has a record in the first, `commit` and `abort` end one, `stray TOPIC PARTITION` writes
    what no coordinator knows."""
    kind, *words = what.split()
    if kind == "stray":
        transactions.stray(port, words[0], int(words[1]), "stray")
        return
    transactional_id, topic, first, *rest = words
    producer = transactions.Producer(port, transactional_id, _LONGEST_TIMEOUT_MS).open(topic, int(first), "value")
    if rest:
        producer.add(topic, *map(int, rest))
    if kind != "open":
        producer.end(kind == "commit")
        producer.wait_for("CompleteCommit" if kind == "commit" else "CompleteAbort")


def play(context: Context, name: str, command, ours: bool) -> None:
    broker = context.new_broker(**_PROPERTIES.get(name, {}))
    broker.start()
    wrong: list[str] = []

    def run(tool: str, arguments: list[str], stdin: str = "") -> subprocess.CompletedProcess:
        if "--bootstrap-server" not in arguments and tool != "kafka-storage":
            arguments = ["--bootstrap-server", broker.bootstrap, *arguments]
        return context.run(command(tool, *arguments), stdin=stdin, check=False, limit=60)

    with contextlib.ExitStack() as background:
        for step in parse((FOLDER / f"{name}.txt").read_text()):
            if step.not_on_thalweg and (ours or isinstance(broker, ThalwegBroker)):
                continue
            if step.prepares:
                _prepare(broker.port, step.command)
                continue
            tool, arguments = _arguments(step, broker.bootstrap, context.folder)
            if step.background:
                process = subprocess.Popen(command(tool, *arguments), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                background.callback(process.wait)
                background.callback(process.kill)
                _wait_until_stable(run, arguments[arguments.index("--group") + 1])
                continue
            done = run(tool, arguments, "".join(line + "\n" for line in step.stdin))
            if found := differences(step, done, ours):
                wrong.append(f"{name}.txt:{step.line}: {step.command}\n  " + "\n  ".join(found))
    if wrong:
        raise Failure(f"{len(wrong)} commands differ\n" + "\n".join(wrong))


def _with_thalweg(name: str):
    def body(context: Context) -> None:
        binary = paths.thalweg_binary()
        if binary is None:
            raise Skip("no thalweg binary")

        def command(tool: str, *arguments: str) -> list[str]:
            link = context.folder / tool
            if not link.exists():
                link.symlink_to(binary.resolve())
            return [str(link), *arguments]
        play(context, name, command, ours=True)
    return body


def _with_kafka(name: str):
    def body(context: Context) -> None:
        # Each start of a Java tool takes seconds, and these are many commands.
        if name.startswith("options_") and isinstance(context.broker, ThalwegBroker):
            raise Skip("takes minutes; --broker kafka proves what is expected here")
        play(context, name, kafka_dist.tool, ours=False)
    return body


for _name in sorted(path.stem for path in FOLDER.glob("*.txt")):
    registry.add(Case(f"golden-kafka-tools-{kafka_dist.VERSION}/{_name}", _with_kafka(_name), limit_seconds=600))
    registry.add(Case(f"golden-thalweg-tools/{_name}", _with_thalweg(_name), limit_seconds=120))

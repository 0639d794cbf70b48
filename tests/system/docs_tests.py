"""The pages under docs/ say what a server does: their commands are run, their tables compared."""

import fnmatch
import pathlib
import re
import struct
import subprocess
import tempfile

from harness import messages, pages, paths, wire
from harness.broker import ThalwegBroker
from harness.outcome import Failure, Skip, expect, expect_equal

_DOCS = paths.REPOSITORY / "docs"
_ID = re.compile(r"\b[A-Za-z0-9_-]{22}\b")
_LIMIT_SECONDS = 20


def _with_server(body, properties: dict[str, str] = {}):
    def test() -> str | None:
        if paths.thalweg_binary() is None:
            raise Skip("no thalweg binary")
        with tempfile.TemporaryDirectory(prefix="thalweg-docs-") as folder:
            broker = ThalwegBroker(pathlib.Path(folder), properties)
            broker.start()
            try:
                return body(broker)
            finally:
                broker.kill()
    return test


def _commands(page: str) -> list[tuple[str, list[str]]]:
    """Commands of a page, each with the lines that the page says it prints."""
    consoles = [block for block in pages.blocks((_DOCS / page).read_text()) if block.language == "console"]
    return [(step.command, step.printed) for block in consoles for step in pages.commands(block)]


def _comparable(lines: list[str]) -> list[str]:
    return sorted(_ID.sub("<id>", line).rstrip() for line in lines if line.strip())


def _runs_the_commands_of(page: str):
    def run(broker: ThalwegBroker) -> str:
        path = f"{broker.binary.resolve().parent}:/usr/bin:/bin"
        commands = _commands(page)
        expect(bool(commands), f"{page} has no commands")
        for command, shown in commands:
            here = command.replace("localhost:9092", broker.bootstrap)
            try:
                done = subprocess.run(["bash", "-c", here], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      text=True, timeout=_LIMIT_SECONDS, cwd=broker.folder,
                                      env={"PATH": path, "THALWEG_BROKERS": broker.bootstrap, "SCHEMA_REGISTRY_URL": registry})
            except subprocess.TimeoutExpired:
                raise Failure(f"does not end: {command}") from None
            expect_equal(_comparable(done.stdout.splitlines()), _comparable(shown), command)
        return f"{len(commands)} commands"
    registry = f"http://127.0.0.1:{wire.free_port()}"
    return _with_server(run, {"schema.registry.listeners": registry})


def _rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its first two lines."""
    text = (_DOCS / page).read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip().strip("|") for line in text.splitlines() if line.startswith("|")][2:]
    expect(bool(rows), f"{page} has no table under '{heading}'")
    return [[cell.strip() for cell in row.split(" | ")] for row in rows]


@_with_server
def lists_the_apis_that_are_served(broker: ThalwegBroker) -> str:
    with wire.Connection(broker.port) as connection:
        answer = connection.call(wire.API_VERSIONS, 0)
    count = struct.unpack_from(">hi", answer)[1]
    served = [struct.unpack_from(">hhh", answer, 6 + 6 * n) for n in range(count)]
    shown = [(int(key), *map(int, versions.split("-"))) for key, _, versions in _rows("compatibility.md", "APIs")]
    expect_equal(shown, sorted(served), "compatibility.md, key and versions of the APIs")
    status = (_DOCS / "status.md").read_text().partition("APIs served, by key:")[2]
    expect_equal([int(n) for n in re.findall(r"\b(\d+) [A-Z]", status)], [key for key, *_ in sorted(served)], "status.md, keys")
    return f"{count} APIs"


def lists_clients_that_are_tested() -> str:
    listed = subprocess.run([str(paths.SUITE / "run"), "--list"], capture_output=True, text=True).stdout.split()
    rows = _rows("compatibility.md", "Clients")
    for client, _, cases in rows:
        expect(any(fnmatch.fnmatch(name, cases.strip("`'")) for name in listed), f"{client}: no case is named {cases}")
    return f"{len(rows)} clients"


@_with_server
def lists_our_options_as_they_are(broker: ThalwegBroker) -> str:
    done = subprocess.run([str(broker.binary.with_name("kafka-configs")), "--bootstrap-server", broker.bootstrap, "--describe",
                           "--entity-type", "brokers", "--entity-name", "1", "--all"], capture_output=True, text=True, check=True)
    known = dict(re.findall(r"^ +([a-z0-9.]+)=(\S*) ", done.stdout, re.M))
    ours = {name: value for name, value in known.items() if name.startswith(("thalweg.", "console.")) or name in ("metrics.listeners", "schema.registry.listeners", "schema.compatibility.level")}
    shown = {name.strip("`"): default.strip("`") for name, default, *_ in _rows("configuration.md", "Options of our own")}
    expect_equal(shown, ours, "options of our own with their defaults")
    for page in sorted(_DOCS.glob("*.md")):
        for name in re.findall(r"`((?:log|num|offsets|group|message|auto|default|thalweg|node|process)\.[a-z.]+[a-z])(?:=[^`]*)?`", page.read_text()):
            expect(name in known, f"{page.name} names {name}, which is no option")
    return f"{len(ours)} options"


def shows_values_that_are_taken() -> str:
    """Every `option=value` of the pages: the server is started with it and with one value that is wrong, and names only that."""
    if paths.thalweg_binary() is None:
        raise Skip("no thalweg binary")
    shown_in = [*_DOCS.glob("*.md"), paths.REPOSITORY / "README.md", paths.REPOSITORY / "ARCHITECTURE.md"]
    shown = {pair for page in shown_in for pair in re.findall(r"`(?:--override )?([a-z]+(?:\.[a-z]+)+=[^`…]+)`", page.read_text())}
    expect(bool(shown), "no option is shown with a value")
    for pair in sorted(shown):
        done = subprocess.run([str(paths.thalweg_binary()), "server", "--override", pair, "--override", "num.partitions=none"],
                              capture_output=True, text=True, timeout=_LIMIT_SECONDS)
        complaints = [line for line in done.stderr.splitlines() if "num.partitions" not in line][1:]
        expect_equal((done.returncode, complaints), (1, []), pair)
    return f"{len(shown)} settings"


def _delete_the_first_record(broker: ThalwegBroker) -> None:
    request = {"Topics": [{"Name": "orders", "Partitions": [{"PartitionIndex": 0, "Offset": 1}]}], "TimeoutMs": 10_000}
    with wire.Connection(broker.port) as connection:
        connection.send(messages.request_frame("DeleteRecords", 2, request, 1))
        answer = messages.response_body("DeleteRecords", 2, connection.receive()[1])
    expect_equal(answer["Topics"][0]["Partitions"][0]["LowWatermark"], 1, "low watermark")


def _damage_the_second_batch(log: pathlib.Path) -> None:
    with log.open("r+b") as file:
        header = file.read(12)
        file.seek(len(header) + int.from_bytes(header[8:], "big") + 60)
        file.write(b"\xff")


@_with_server
def lists_the_files_of_a_data_folder(broker: ThalwegBroker) -> str:
    tool = str(broker.binary.resolve())
    for _ in range(3):
        subprocess.run([tool, "produce", "orders", "--brokers", broker.bootstrap], input="one\n", text=True, check=True)
    broker.kill()
    _damage_the_second_batch(broker.data / "orders-0" / f"{0:020}.log")
    broker.start()
    _delete_the_first_record(broker)
    broker.stop()
    rows = _rows("operations.md", "The data folder")
    for name, *_ in rows:
        pattern = name.strip("`").replace("TOPIC", "orders")
        expect(any(broker.data.glob(pattern)), f"no file {pattern} in a data folder")
    return f"{len(rows)} kinds of file"


_COMPOSE = "packaging/docker/docker-compose.yml"
_CLUSTER = "packaging/docker/docker-compose-cluster.yml"
_FIRST_PAGES = ["README.md", "docs/getting-started.md", "packaging/README.md", _COMPOSE]


def starts_it_alike_everywhere() -> str:
    """A newcomer who goes from page to page types the same, and what a later page needs an earlier one has started."""
    first = {name: (paths.REPOSITORY / name).read_text() for name in _FIRST_PAGES}
    starts = {name: re.findall(r"docker compose (?:[^`\n]* )?up\b[^`\n]*", text) for name, text in first.items()}
    for name, commands in starts.items():
        expect_equal(commands, [f"docker compose -f {_COMPOSE} up -d --build kafka"], f"{name}, how it is started with Docker")
    for page in [*first.values(), *(page.read_text() for page in _DOCS.glob("*.md"))]:
        for command in re.findall(r"docker compose -f [^`\n]*", page):
            expect(command.startswith((f"docker compose -f {_COMPOSE} ", f"docker compose -f {_CLUSTER} ")), f"another compose file: {command}")
    services = re.findall(r"^  ([a-z-]+):$", first[_COMPOSE].partition("services:")[2].partition("\nvolumes:")[0], re.M)
    expect("kafka" in services, f"no service kafka among {services}")
    quick = [line.split("#")[0].rstrip() for block in re.findall(r"^```\n(.*?)^```", first["README.md"], re.M | re.S)
             for line in block.splitlines()]
    for command in quick:
        expect(command in first["docs/getting-started.md"], f"getting-started.md does without README's {command}")
    return f"{len(first)} pages, {len(quick)} commands of the quick start"


ALL = {
    "README, getting-started, packaging: started with the same commands": starts_it_alike_everywhere,
    "getting-started.md: every command prints what it says": _runs_the_commands_of("getting-started.md"),
    "command_line.md: every command prints what it says": _runs_the_commands_of("command_line.md"),
    "configuration.md: every command prints what it says": _runs_the_commands_of("configuration.md"),
    "transactions.md: every command prints what it says": _runs_the_commands_of("transactions.md"),
    "configuration.md: options of our own, and names of Kafka's": lists_our_options_as_they_are,
    "all pages: settings that they show are taken": shows_values_that_are_taken,
    "operations.md: the files of a data folder": lists_the_files_of_a_data_folder,
    "compatibility.md and status.md: the APIs served": lists_the_apis_that_are_served,
    "compatibility.md: the clients tested": lists_clients_that_are_tested,
}

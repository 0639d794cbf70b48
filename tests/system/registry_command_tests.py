"""thalweg schema against the real registry, and what it says where there is none."""

import json
import pathlib
import tempfile
import urllib.request

from command_line_tests import _SOON_SECONDS, Shell, _as_web_server, _listening
from harness import paths
from harness.broker import ThalwegBroker
from harness.outcome import Skip, expect, expect_equal
from harness.wire import free_port

_USER = {"type": "record", "name": "User", "fields": [{"name": "id", "type": "long"}]}


def _with_registry(body):
    """A shell whose environment names a broker and its registry."""
    def test() -> str | None:
        if paths.thalweg_binary() is None:
            raise Skip("no thalweg binary")
        with tempfile.TemporaryDirectory(prefix="thalweg-schema-") as name:
            folder = pathlib.Path(name)
            url = f"http://127.0.0.1:{free_port()}"
            broker = ThalwegBroker(folder / "broker", {"schema.registry.listeners": url})
            try:
                broker.start()
                shell = Shell(folder, broker)
                shell.environment["SCHEMA_REGISTRY_URL"] = url
                return body(shell)
            finally:
                broker.kill()
    return test


def _write(shell: Shell, name: str, *fields: dict) -> None:
    (shell.folder / name).write_text(json.dumps({**_USER, "fields": [*_USER["fields"], *fields]}))


def _rows(shell: Shell, command: str) -> list[list[object]]:
    return [list(row.values()) for row in json.loads(shell.out(f"{command} --output json"))]


@_with_registry
def evolves_a_subject(shell: Shell) -> str:
    expect_equal(_rows(shell, "thalweg schema list"), [], "an empty registry")
    _write(shell, "v1.avsc")
    _write(shell, "v2.avsc", {"name": "name", "type": "string", "default": ""})
    _write(shell, "bad.avsc", {"name": "mail", "type": "string"})
    register = "thalweg schema register users-value"
    expect_equal(_rows(shell, f"{register} v1.avsc"), [["users-value", 1, 1, "registered"]], "the first")
    expect_equal(_rows(shell, f"{register} v1.avsc"), [["users-value", 1, 1, "was there"]], "the same again")
    expect_equal(_rows(shell, f"cat v2.avsc | {register} - --type avro"), [["users-value", 2, 2, "registered"]], "the second")
    for command in (f"{register} bad.avsc", "thalweg schema check users-value bad.avsc"):
        done = shell.run(command)
        expect(done.returncode == 1 and "/fields/1" in done.stdout + done.stderr and "READER_FIELD_MISSING_DEFAULT_VALUE" in done.stdout + done.stderr,
               f"{command}: {done}")
    verdict = json.loads(shell.run("thalweg schema check users-value bad.avsc --output json").stdout)
    expect_equal((verdict["compatible"], verdict["messages"] != []), (False, True), "as JSON")
    expect_equal(shell.out("thalweg schema check users-value v2.avsc --all"), "compatible\n", "what fits")
    expect_equal(json.loads(shell.out("thalweg schema show users-value --version 1")), _USER, "version 1")
    expect_equal(shell.out("thalweg schema show users-value --version 1 --raw"), json.dumps(_USER, separators=(",", ":")) + "\n", "as it is kept")
    shown = json.loads(shell.out("thalweg schema show users-value --output json"))
    expect_equal((shown["version"], shown["id"], shown["type"]), (2, 2, "AVRO"), "the latest")
    for other in ("--id 2", f"--guid {shown['guid']}"):
        expect_equal(json.loads(shell.out(f"thalweg schema show {other} --output json"))["schema"], shown["schema"], other)
    expect_equal(_rows(shell, "thalweg schema level users-value --set none"), [["users-value", "NONE", "subject"]], "level")
    expect_equal(_rows(shell, f"{register} bad.avsc"), [["users-value", 3, 3, "registered"]], "with NONE everything fits")
    expect_equal(_rows(shell, "thalweg schema level users-value --unset"), [["users-value", "BACKWARD", "global"]], "level unset")
    expect_equal(_rows(shell, "thalweg schema level --set FULL"), [[None, "FULL", "global"]], "global level")
    expect_equal(len(_rows(shell, "thalweg schema list --all-versions")), 3, "all versions")
    return "3 versions"


@_with_registry
def takes_every_type_and_references(shell: Shell) -> None:
    (shell.folder / "a.proto").write_text('syntax = "proto3";\nmessage A { int64 id = 1; }\n')
    (shell.folder / "b.proto").write_text('syntax = "proto3";\nimport "a.proto";\nmessage B { A a = 1; }\n')
    (shell.folder / "c.json").write_text('{"type": "object", "properties": {"id": {"type": "integer"}}}')
    shell.out("thalweg schema register a/b:c a.proto")
    shell.out("thalweg schema register b-value b.proto --reference a.proto=a/b:c:1")
    shell.out("thalweg schema register c-value c.json")
    expect_equal([(row[0], row[3]) for row in _rows(shell, "thalweg schema list")],
                 [("a/b:c", "PROTOBUF"), ("b-value", "PROTOBUF"), ("c-value", "JSON")], "list")
    shown = json.loads(shell.out("thalweg schema show b-value --output json"))
    expect_equal(shown["references"], [{"name": "a.proto", "subject": "a/b:c", "version": 1}], "references")
    expect_equal([row[0] for row in _rows(shell, "thalweg schema list --prefix a/")], ["a/b:c"], "--prefix")
    done = shell.run("thalweg schema delete a/b:c")
    expect(done.returncode == 1 and "42206" in done.stderr and "refer to it" in done.stderr, f"a schema that others refer to: {done}")


@_with_registry
def lists_more_than_a_page(shell: Shell) -> str:
    for i in range(1, 261):
        schema = json.dumps({"schema": json.dumps({"type": "fixed", "name": f"F{i}", "size": 4})}).encode()
        urllib.request.urlopen(urllib.request.Request(f"{shell.environment['SCHEMA_REGISTRY_URL']}/subjects/s{i}/versions", schema,
                                                      {"Content-Type": "application/json"}), timeout=10).close()
    names = [row[0] for row in _rows(shell, "thalweg schema list")]
    expect_equal(sorted(names), sorted(f"s{i}" for i in range(1, 261)), "subjects")
    return f"{len(names)} subjects"


@_with_registry
def deletes_softly_and_for_good(shell: Shell) -> None:
    _write(shell, "v1.avsc")
    shell.out("thalweg schema register s v1.avsc")
    early = shell.run("thalweg schema delete s --permanent")
    expect(early.returncode == 1 and "without --permanent first" in early.stderr, f"{early}")
    code, shown, _ = shell.on_terminal("thalweg schema delete s", b"n\n")
    expect(code == 1 and "Delete all versions of s? [y/N] " in shown and "nothing was done" in shown, f"no: {code} {shown}")
    expect_equal(_rows(shell, "thalweg schema delete s"), [["s", 1, "deleted"]], "soft")
    expect_equal(_rows(shell, "thalweg schema list"), [], "afterwards")
    expect_equal(_rows(shell, "thalweg schema list --deleted"), [["s", 1, 1, "AVRO", "yes"]], "with the deleted")
    expect_equal(json.loads(shell.out("thalweg schema show s --version 1 --deleted")), _USER, "a deleted one")
    expect_equal(_rows(shell, "thalweg schema delete s --permanent --yes"), [["s", 1, "gone for good"]], "for good")
    expect_equal(_rows(shell, "thalweg schema list --deleted"), [], "in the end")
    done = shell.run("thalweg schema show s")
    expect(done.returncode == 1 and "(error 40401)" in done.stderr and "thalweg schema list" in done.stderr, f"{done}")


@_with_registry
def says_soon_why_there_is_no_registry(shell: Shell) -> None:
    def expect_soon(address: str, text: str) -> None:
        command = f"thalweg schema list --registry {address}"
        code, shown, seconds = shell.on_terminal(command)
        expect(code == 1 and text in shown and seconds < _SOON_SECONDS, f"{command}: exit {code} after {seconds:.1f} s: {shown}")
        done = shell.run(f"{command} --timeout 2000")
        expect(done.returncode == 1 and text in done.stderr, f"in a script: {done}")
    expect_soon(f"127.0.0.1:{free_port()}", "schema.registry.listeners")
    expect_soon(shell.broker.bootstrap, "is a Kafka broker, no schema registry")
    expect_soon("no-such-host.invalid", "the name 'no-such-host.invalid' cannot be resolved")
    with _listening(lambda connection: None) as port:
        expect_soon(f"127.0.0.1:{port}", "takes connections but does not answer")
    with _listening(_as_web_server) as port:
        expect_soon(f"127.0.0.1:{port}", "is a web server, but no schema registry")


@_with_registry
def lost_output_is_an_error(shell: Shell) -> str:
    _write(shell, "v1.avsc")
    commands = ["register s v1.avsc", "list", "show s", "check s v1.avsc", "level", "delete s"]
    for command in commands:
        done = shell.run(f"thalweg schema {command} > /dev/full")
        expect(done.returncode == 1 and "cannot write to standard output: No space left on device" in done.stderr, f"{command}: {done}")
    return f"{len(commands)} commands"


ALL = {
    "thalweg schema: evolves a subject": evolves_a_subject,
    "thalweg schema: takes every type, and references": takes_every_type_and_references,
    "thalweg schema: lists more than a page": lists_more_than_a_page,
    "thalweg schema: deletes softly and for good": deletes_softly_and_for_good,
    "thalweg schema: says soon why there is no registry": says_soon_why_there_is_no_registry,
    "thalweg schema: lost output is an error": lost_output_is_an_error,
}

"""The command line as somebody at a terminal and a script meet it: lost output, unreachable servers, values, questions."""

import contextlib
import json
import os
import pathlib
import pty
import re
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time

from harness import paths
from harness.broker import ThalwegBroker
from harness.outcome import Failure, Skip, expect, expect_equal
from harness.wire import free_port

_SOON_SECONDS = 2.5  # two, and what a busy machine adds to a process's start
_LIMIT_SECONDS = 30


class Shell:
    """Runs the commands of one folder against one broker."""

    def __init__(self, folder: pathlib.Path, broker: ThalwegBroker | None):
        self.folder = folder
        self.broker = broker
        self.environment = {"PATH": f"{paths.thalweg_binary().resolve().parent}:/usr/bin:/bin", "HOME": str(folder), "NO_COLOR": "1"}
        if broker:
            self.environment["THALWEG_BROKERS"] = broker.bootstrap

    def run(self, command: str, stdin: str = "") -> subprocess.CompletedProcess:
        return subprocess.run(["bash", "-c", command], input=stdin, capture_output=True, text=True, timeout=_LIMIT_SECONDS,
                              cwd=self.folder, env=self.environment)

    def out(self, command: str, stdin: str = "") -> str:
        done = self.run(command, stdin)
        expect_equal((done.returncode, done.stderr), (0, ""), command)
        return done.stdout

    def on_terminal(self, command: str, keys: bytes = b"") -> tuple[int, str, float]:
        """Exit code, what was on the screen, seconds. The keys are pressed once something was shown that ends in a blank."""
        started = time.monotonic()
        child, screen = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.execve("/bin/bash", ["bash", "-c", command], self.environment)
        shown = b""
        with contextlib.suppress(OSError):  # the other end is closed when the last process has gone
            while time.monotonic() - started < _LIMIT_SECONDS:
                if not select.select([screen], [], [], 0.1)[0]:
                    continue
                shown += os.read(screen, 65536)
                if keys and shown.endswith(b" "):
                    os.write(screen, keys)
                    keys = b""
        os.close(screen)
        if time.monotonic() - started >= _LIMIT_SECONDS:
            os.kill(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return code, shown.decode(errors="replace").replace("\r\n", "\n"), time.monotonic() - started


def _with(properties: dict[str, str] | None = {}):
    """Gives a test a shell, with a broker unless properties is None."""
    def decorator(body):
        def test() -> str | None:
            if paths.thalweg_binary() is None:
                raise Skip("no thalweg binary")
            with tempfile.TemporaryDirectory(prefix="thalweg-cli-") as name:
                folder = pathlib.Path(name)
                broker = ThalwegBroker(folder / "broker", properties) if properties is not None else None
                try:
                    if broker:
                        broker.start()
                    return body(Shell(folder, broker))
                finally:
                    if broker:
                        broker.kill()
        return test
    return decorator


@_with()
def lost_output_is_an_error(shell: Shell) -> str:
    shell.out("thalweg topic create big --partitions 2; seq 200000 | thalweg produce big")
    at = f"--bootstrap-server {shell.broker.bootstrap}"
    commands = ["thalweg --help", "thalweg --version", "thalweg topic --help", "thalweg topic list --help", "thalweg man",
                "thalweg completion bash", "thalweg server --help", "thalweg topic list", "thalweg topic create a", "thalweg topic describe big",
                "thalweg topic alter big --partitions 3", "thalweg topic offsets big", "thalweg topic trim big --offset 0",
                "echo x | thalweg produce big --output json", "thalweg consume big", "thalweg consume big --output json",
                "thalweg consume big --group g --count 10", "thalweg group list", "thalweg group describe g",
                "thalweg group seek g --topic big --to end", f"kafka-consumer-groups {at} --list", "thalweg group delete g", "thalweg config get --broker 1 --all",
                "thalweg config set retention.ms=1000000 --topic big", "thalweg config unset retention.ms --topic big",
                "thalweg cluster info", "thalweg cluster health", "thalweg cluster describe", "thalweg cluster rebalance --dry-run", "thalweg partition list big", "thalweg partition elect",
                "thalweg partition move big --to 1", "thalweg topic delete big", f"kafka-topics {at} --create --topic k", f"kafka-topics {at} --list",
                f"kafka-topics {at} --describe", f"kafka-get-offsets {at}", f"kafka-configs {at} --describe --broker 1 --all",
                f"echo x | kafka-console-producer {at} --topic k --property a=b",
                f"kafka-console-consumer {at} --topic k --from-beginning --max-messages 1 --timeout-ms 10000", "kafka-topics --version",
                f"kafka-cluster {at} cluster-id", f"kafka-features {at} describe", f"kafka-metadata-quorum {at} describe --status",
                f"kafka-log-dirs {at} --describe", f"kafka-reassign-partitions {at} --list", "kafka-storage random-uuid", f"kafka-transactions {at} list",
                f"kafka-leader-election {at} --election-type preferred --topic k --partition 0"]
    for command in commands:
        done = shell.run(f"{command} > /dev/full")
        expect(done.returncode == 1 and "cannot write to standard output: No space left on device" in done.stderr,
               f"{command} > /dev/full: exit {done.returncode}, {done.stderr!r}")
    return f"{len(commands)} commands"


@_with()
def a_closed_output_is_an_error_and_hits_nothing_else(shell: Shell) -> None:
    shell.out("thalweg topic create t; seq 100000 | thalweg produce t")
    done = shell.run("thalweg consume t >&-")
    expect(done.returncode == 1 and "cannot write to standard output: Bad file descriptor" in done.stderr, f"{done}")
    # Nothing to write is no error.
    expect_equal(shell.run("echo x | thalweg produce t >&-").returncode, 0, "produce with a closed output")
    expect_equal(len(shell.out("thalweg consume t").splitlines()), 100001, "records afterwards")


@_with()
def a_reader_that_goes_away_is_no_error(shell: Shell) -> None:
    shell.out("thalweg topic create t; seq 200000 | thalweg produce t")
    for command in ("thalweg consume t | head -1", f"kafka-console-consumer --bootstrap-server {shell.broker.bootstrap} --topic t "
                    "--from-beginning 2>/dev/null | head -1"):
        done = shell.run(f"{command}; echo ${{PIPESTATUS[0]}}")
        expect_equal((done.stdout, done.stderr), ("1\n0\n", ""), command)


@_with()
def a_group_commits_nothing_that_could_not_be_written(shell: Shell) -> None:
    shell.out("thalweg topic create t; seq 1000 | thalweg produce t")
    expect_equal(shell.run("thalweg consume t --group g > /dev/full").returncode, 1, "exit code")
    expect_equal(len(shell.out("thalweg consume t --group g --count 1000").splitlines()), 1000, "records left for the group")


@contextlib.contextmanager
def _listening(answer):
    """A port whose connections are handed to `answer` until the test ends."""
    server = socket.create_server(("127.0.0.1", 0))
    taken = []

    def accept():
        with contextlib.suppress(OSError):
            while True:
                taken.append(server.accept()[0])
                threading.Thread(target=answer, args=(taken[-1],), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.close()
        for connection in taken:
            connection.close()


def _as_web_server(connection: socket.socket) -> None:
    """Waits for a whole line, as many do: Kafka's first request has none."""
    with contextlib.suppress(OSError):
        read = b""
        while b"\n" not in read:
            more = connection.recv(4096)
            if not more:
                return
            read += more
        connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        connection.close()


def _as_tls_server(folder: pathlib.Path):
    import ssl
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out", folder / "cert.pem",
                    "-subj", "/CN=localhost", "-days", "1"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")

    def answer(connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ssl.SSLError):
            context.wrap_socket(connection, server_side=True).recv(1)
    return answer


@_with(None)
def says_soon_why_there_is_no_broker(shell: Shell) -> None:
    def expect_soon(address: str, text: str) -> None:
        for command in (f"thalweg topic list --brokers {address}", f"thalweg consume t --follow --brokers {address}"):
            code, shown, seconds = shell.on_terminal(command)
            expect(code == 1 and text in shown and seconds < _SOON_SECONDS, f"{command}: exit {code} after {seconds:.1f} s: {shown}")
    expect_soon(f"127.0.0.1:{free_port()}", "nothing listens at 127.0.0.1:")
    expect_soon("no-such-host.invalid", "the name 'no-such-host.invalid' cannot be resolved")
    with _listening(lambda connection: None) as port:
        expect_soon(f"127.0.0.1:{port}", "takes connections but does not answer")
    with _listening(_as_web_server) as port:
        expect_soon(f"127.0.0.1:{port}", "is a web server (it speaks HTTP), no Kafka broker")
    with _listening(_as_tls_server(shell.folder)) as port:
        expect_soon(f"127.0.0.1:{port}", "speaks TLS, which these commands do not")
    # A script has time, and is told the same in the end.
    started = time.monotonic()
    done = shell.run(f"thalweg topic list --brokers 127.0.0.1:{free_port()} --timeout 3000")
    expect(done.returncode == 1 and "nothing listens" in done.stderr, f"in a script: {done}")
    expect(2.5 <= time.monotonic() - started < 5, f"--timeout 3000 took {time.monotonic() - started:.1f} s")


@_with({"advertised.listeners": "PLAINTEXT://no-such-host.invalid:9092"})
def says_that_the_advertised_address_is_wrong(shell: Shell) -> None:
    text = "but sends clients on to broker 1 at no-such-host.invalid:9092, and the name 'no-such-host.invalid' cannot be resolved"
    code, shown, seconds = shell.on_terminal("echo x | thalweg produce t")
    expect(code == 1 and text in shown and "advertised.listeners" in shown and seconds < _SOON_SECONDS, f"{code} {seconds:.1f} s {shown}")
    for command in ("echo x | thalweg produce t --timeout 3000", "thalweg consume t --timeout 3000", "thalweg topic create u --timeout 3000"):
        started = time.monotonic()
        done = shell.run(command)
        seconds = time.monotonic() - started
        expect(done.returncode == 1 and text in done.stderr and seconds < 8, f"{command}: {seconds:.1f} s, {done}")
    # A line that does not come is not waited for.
    with subprocess.Popen(["thalweg", "produce", "t", "--timeout", "2000"], env=shell.environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, executable=str(paths.thalweg_binary())) as child:
        child.stdin.write("x\n")
        child.stdin.flush()
        try:
            expect_equal(child.wait(8), 1, "exit code of produce whose input stays open")
        finally:
            child.kill()


@_with()
def follows_a_server_over_its_restart(shell: Shell) -> None:
    shell.out("thalweg topic create t")
    child = subprocess.Popen(["thalweg", "consume", "t", "--follow", "--from", "start"], env=shell.environment, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, executable=str(paths.thalweg_binary()))
    try:
        shell.out("echo before | thalweg produce t")
        expect_equal(child.stdout.readline(), "before\n", "the first record")
        shell.broker.stop()
        said = child.stderr.readline()
        expect(f"{shell.broker.bootstrap} is gone (" in said, f"when the server went: {said}")
        shell.broker.start()
        expect_equal(child.stderr.readline(), f"{shell.broker.bootstrap} is back\n", "when it came back")
        shell.out("echo after | thalweg produce t")
        expect_equal(child.stdout.readline(), "after\n", "the second record")
        child.send_signal(signal.SIGINT)
        expect_equal((child.wait(_LIMIT_SECONDS), child.stderr.read()), (0, ""), "after Ctrl-C")
    finally:
        child.kill()
        child.wait()


@_with()
def an_end_before_the_end_is_an_error(shell: Shell) -> None:
    """Without its server, a read that is not at the end has failed."""
    shell.out("thalweg topic create t; seq 400000 | thalweg produce t")
    child = subprocess.Popen(["thalweg", "consume", "t", "--timeout", "1500"], env=shell.environment, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, executable=str(paths.thalweg_binary()))
    child.stdout.readline()  # it reads; now its pipe fills and it waits
    shell.broker.kill()
    out, err = child.communicate(timeout=_LIMIT_SECONDS)
    expect(child.returncode == 1 and err, f"exit {child.returncode}, {len(out.splitlines())} lines, {err}")


@_with()
def asks_before_something_is_gone(shell: Shell) -> None:
    shell.out("thalweg topic create t; seq 3 | thalweg produce t; thalweg consume t --group g --count 3 >/dev/null")
    for command, asks in (("thalweg topic trim t --offset -1", "Delete all records of t-0 for good? [y/N] "),
                          ("thalweg group delete g", "Delete g with all offsets for good? [y/N] "),
                          ("thalweg topic delete t", "Delete t with all records for good? [y/N] ")):
        for answer in (b"n\n", b"\n", b"\x04"):
            code, shown, _ = shell.on_terminal(command, answer)
            expect(code == 1 and asks in shown and "nothing was done" in shown, f"{command}, {answer}: exit {code}: {shown}")
    expect_equal(shell.out("thalweg consume t").split(), ["1", "2", "3"], "records after all answers but yes")
    code, shown, _ = shell.on_terminal("thalweg topic trim t --offset 1", b"y\n")
    expect(code == 0 and "t              0      1" in shown, f"yes: exit {code}: {shown}")
    code, shown, _ = shell.on_terminal("thalweg group delete g --yes")
    expect(code == 0 and "[y/N]" not in shown, f"--yes: exit {code}: {shown}")
    expect("deleted" in shell.out("thalweg topic delete t"), "a script is not asked")


@_with()
def wrong_values_end_with_2(shell: Shell) -> None:
    shell.out("thalweg topic create t; echo x | thalweg produce t; thalweg consume t --group g --count 1 >/dev/null")
    for command, text in (("thalweg config unset retension.ms --topic t", "no setting 'retension.ms'; did you mean retention.ms?"),
                          ("thalweg group seek g --topic t --to -1", "--to is start, end, an offset, a time"),
                          ("thalweg consume t --count 0", "--count is a number of at least 1, not '0'"),
                          ("thalweg consume t --p 0", None), ("thalweg topic list --brokers a:b", "not 'a:b'")):
        done = shell.run(command)
        expect(done.returncode == (0 if text is None else 2) and (text or "") in done.stderr, f"{command}: {done}")
    for command in ("thalweg consume t --partition 7", "thalweg topic trim t --offset 0 --partition 7", "thalweg group seek g --topic t:7 --to end"):
        done = shell.run(command)
        expect(done.returncode == 1 and "t has no partition 7; it has 1 from 0" in done.stderr, f"{command}: {done}")
    expect_equal(shell.out("thalweg group describe g --output json").count('"offset":1,'), 1, "the group's offset afterwards")


@_with()
def writes_and_reads_every_byte(shell: Shell) -> None:
    shell.out("thalweg topic create t")
    (shell.folder / "bytes").write_bytes(b"k\xff:v\x80\xfe\nplain:text\ngone:NULL\n")
    told = shell.out("thalweg produce t --key-separator : --null-value NULL --output json < bytes")
    expect_equal([json.loads(line) for line in told.splitlines()], [{"topic": "t", "partition": 0, "offset": n} for n in range(3)], "told")
    shell.out("echo plain | thalweg produce t --tombstone")
    records = [json.loads(line) for line in shell.out("thalweg consume t --output json").splitlines()]
    expect_equal([(r["key"], r.get("key_encoding"), r["value"], r.get("value_encoding")) for r in records],
                 [("a/8=", "base64", "doD+", "base64"), ("plain", None, "text", None), ("gone", None, None, None), ("plain", None, None, None)],
                 "as JSON")
    expect_equal(shell.out("thalweg consume t --from 1 --format '%t/%p@%o %k=%s %S\\n'"), "t/0@1 plain=text 4\nt/0@2 gone= -1\nt/0@3 plain= -1\n", "formatted")


@_with()
def begins_where_it_is_told(shell: Shell) -> None:
    shell.out("thalweg topic create t; seq 10 | thalweg produce t; sleep 0.05")
    middle = int(time.time() * 1000)
    shell.out("sleep 0.05; seq 11 20 | thalweg produce t")
    iso = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(middle / 1000)) + f".{middle % 1000:03}Z"

    def first(where: str) -> list[str]:
        return shell.out(f"thalweg consume t --from {where}").split()[:1]
    for where, want in (("start", "1"), ("-3", "18"), ("-100", "1"), ("15", "16"), (f"@{middle}", "11"), (iso, "11"), ("-1h", "1"), ("2000-01-01", "1")):
        expect_equal(first(where), [want], f"--from {where}")
    expect_equal(first("end") + first("2100-01-01"), [], "from the end")
    expect_equal(json.loads(shell.out(f"thalweg group seek g --topic t --to @{middle} --output json"))[0]["offset"], 10, "group seek to a time")


@_with()
def kafka_tool_reads_what_groups_wrote(shell: Shell) -> None:
    shell.out("thalweg topic create t; echo x | thalweg produce t; thalweg consume t --group g --count 1 >/dev/null")
    done = shell.run(f"kafka-console-consumer --bootstrap-server {shell.broker.bootstrap} --topic __consumer_offsets --from-beginning --timeout-ms 10000 "
                     "--formatter org.apache.kafka.tools.consumer.GroupMetadataMessageFormatter")
    expect(re.search(r'\{"key":\{"type":2,"data":\{"group":"g"\}\},"value":\{"version":\d,"data":\{"protocolType":"consumer","generation":1,', done.stdout)
           is not None, f"{done}")


@_with(None)
def installs_completion_manual_and_licences(shell: Shell) -> None:
    build = paths.thalweg_binary().resolve().parent.parent
    if not (build / "cmake_install.cmake").exists():
        raise Skip(f"{build} is no build folder")
    root = shell.folder / "root"
    done = subprocess.run(["cmake", "--install", str(build), "--prefix", "/usr"], env={**os.environ, "DESTDIR": str(root)}, capture_output=True, text=True)
    expect_equal(done.returncode, 0, done.stderr)
    share = root / "usr/share"
    for file, text in (("man/man1/thalweg.1", ".SS topic create"), ("bash-completion/completions/thalweg", "complete -o default -F _thalweg thalweg"),
                       ("bash-completion/completions/kafka-topics.sh", "kafka-topics.sh"), ("zsh/vendor-completions/_thalweg", "#compdef thalweg"),
                       ("fish/vendor_completions.d/kafka-topics.fish", "complete -c kafka-topics"),
                       ("doc/thalweg/LICENSE", "Apache License"), ("doc/thalweg/licences/libre2", "Google"), ("doc/thalweg/licences/libsnappy", "Google"),
                       ("doc/thalweg/licences/libfmt", "Victor Zverovich"), ("doc/thalweg/licences/libstdc++", "RUNTIME LIBRARY EXCEPTION")):
        expect(text in (share / file).read_text(), f"{file} lacks {text!r}")


ALL = {
    "command line: lost output is an error in every command": lost_output_is_an_error,
    "command line: a closed output is an error": a_closed_output_is_an_error_and_hits_nothing_else,
    "command line: a reader that goes away is none": a_reader_that_goes_away_is_no_error,
    "command line: a group commits nothing that could not be written": a_group_commits_nothing_that_could_not_be_written,
    "command line: says soon why there is no broker": says_soon_why_there_is_no_broker,
    "command line: says that the advertised address is wrong": says_that_the_advertised_address_is_wrong,
    "command line: --follow says that the server is gone and back": follows_a_server_over_its_restart,
    "command line: an end before the end is an error": an_end_before_the_end_is_an_error,
    "command line: asks a terminal before something is gone": asks_before_something_is_gone,
    "command line: wrong values end with 2": wrong_values_end_with_2,
    "command line: writes and reads every byte": writes_and_reads_every_byte,
    "command line: begins where it is told": begins_where_it_is_told,
    "command line: shows groups as Kafka's formatter": kafka_tool_reads_what_groups_wrote,
    "packaging: completion, manual and licences are installed": installs_completion_manual_and_licences,
}

"""./dev demo: traffic flows and lag falls, what is killed comes back, and nothing is left when it ends."""

import contextlib
import json
import os
import pathlib
import pty
import queue
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from harness import paths
from harness.outcome import Failure, Skip, expect, expect_equal
from harness.process import resume, suspend

_DEMO = paths.REPOSITORY / "tools" / "demo.py"
_LIMIT_SECONDS = 40
_STOP_SECONDS = 5
# Where the services of the default list are not built, these make the same traffic.
_SMALL = {"topics": ["user-events", "email-events"], "services": [
    {"name": "traffic", "program": "quickstart-produce", "arguments": ["--brokers", "{brokers}", "--count", "0", "--rate", "{rate}", "--timeout", "60"]},
    {"name": "router", "program": "user-event-router", "arguments": ["--brokers", "{brokers}", "--http", "{http}", "--instance", "demo"]}]}


def _command(folder: pathlib.Path, *arguments: str, services: dict | None = None) -> list[str]:
    examples, thalweg = os.environ.get("THALWEG_EXAMPLES"), paths.thalweg_binary()
    bins = [pathlib.Path(examples)] if examples else []
    bins += [thalweg.parent] if thalweg else []
    has = lambda program: any((folder / program).exists() for folder in bins)  # noqa: E731
    if not has("thalweg") or not has("user-event-router"):
        raise Skip("thalweg or the examples are not built: ./dev build release thalweg examples")
    if services is None and not (has("ecommerce") and has("analytics")):
        services = _SMALL
    listed = []
    if services is not None:
        file = folder / "services.json"
        file.write_text(json.dumps(services))
        listed = ["--services", str(file)]
    return [sys.executable, "-B", str(_DEMO), *[word for b in bins for word in ("--bin", str(b))], *listed, *arguments]


class _Running:
    """The demo with --output json; everything it starts is seen, and its folder is in a place of its own."""

    def __init__(self, folder: pathlib.Path, *arguments: str):
        self.place = folder / "place"
        self.place.mkdir()
        self.errors = folder / "stderr"
        self.pids: set[int] = set()
        self.frames: queue.Queue[dict | None] = queue.Queue()
        with open(self.errors, "w") as errors:
            self.process = subprocess.Popen(_command(folder, "--output", "json", "--interval", "0.25", *arguments), stdout=subprocess.PIPE,
                                            stderr=errors, text=True, env={**os.environ, "TMPDIR": str(self.place)})
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.frames.put(json.loads(line))
        self.frames.put(None)

    def until(self, condition, what: str) -> dict:
        """The first frame from now on of which it is true."""
        end = time.monotonic() + _LIMIT_SECONDS
        frame = None
        while time.monotonic() < end:
            with contextlib.suppress(queue.Empty):
                frame = self.frames.get(timeout=1)
                if frame is None:
                    raise Failure(f"the demo ended, and not: {what}; it said {self.errors.read_text()[-800:]}")
                self.pids |= {p["pid"] for p in (frame["server"], *frame["services"].values()) if p["pid"]}
                if condition(frame):
                    return frame
        raise Failure(f"not within {_LIMIT_SECONDS} s: {what}; last: {frame}")

    def stopped(self, number: int) -> float:
        """Asks it to stop; how long it took. Nothing may be left."""
        began = time.monotonic()
        self.process.send_signal(number)
        try:
            code = self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failure(f"it did not stop within {_STOP_SECONDS} s") from None
        seconds = time.monotonic() - began
        expect_equal(code, 0, f"exit code; {self.errors.read_text()[-500:]}")
        self.leaves_nothing()
        expect_equal(list(self.place.iterdir()), [], "folders that are left")
        return seconds

    def leaves_nothing(self) -> None:
        expect(self.pids, "processes were seen")
        expect_equal([pid for pid in self.pids if _alive(pid)], [], "processes that are left")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def _alive(pid: int) -> bool:
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _with_demo(body, *arguments: str):
    def test() -> str | None:
        with tempfile.TemporaryDirectory(prefix="demo-test-") as folder:
            demo = _Running(pathlib.Path(folder), *arguments)
            try:
                return body(demo)
            finally:
                demo.end()
    return test


def _lag(frame: dict) -> int:
    return sum(g["lag"] for g in frame["groups"] if g["group"] == "user-event-router")


def _incoming(frame: dict) -> float:
    return frame["topics"].get("user-events", {}).get("in_per_second", 0)


def _routed(frame: dict) -> int:
    return frame["topics"].get("email-events", {}).get("records", 0)


def _shows_traffic(demo: _Running) -> str:
    first = demo.until(lambda f: _incoming(f) > 5 and _routed(f) > 0 and f["groups"], "events flow through the router")
    router = first["services"]["router"]["pid"]
    suspend(router)
    try:
        demo.until(lambda f: _lag(f) > 100, "the lag of who does not read grows")
        high = demo.until(lambda f: any(g["oldest_unread_seconds"] >= 1 for g in f["groups"]), "the oldest unread record gets older")
    finally:
        resume(router)
    demo.until(lambda f: _lag(f) < _lag(high) / 2 and _routed(f) > _routed(high), "the lag falls")
    os.kill(router, signal.SIGKILL)
    demo.until(lambda f: "router killed by SIGKILL" in f["events"], "its death is said")
    again = demo.until(lambda f: f["services"]["router"]["restarts"] == 1 and f["services"]["router"]["state"] == "running", "it is started again")
    demo.until(lambda f: _routed(f) > _routed(again) + 20, "and goes on with its work")
    suspend(again["services"]["router"]["pid"])  # it cannot leave when it is asked to
    seconds = demo.stopped(signal.SIGINT)
    expect("did not stop: router" in demo.errors.read_text(), "who had to be killed is said")
    return f"stopped in {seconds:.1f} s"


def _server_comes_back(demo: _Running) -> str:
    before = demo.until(lambda f: _routed(f) > 20, "events flow through the router")
    os.kill(before["server"]["pid"], signal.SIGKILL)
    demo.until(lambda f: f["server"]["restarts"] == 1 and _incoming(f) > 5, "the server is back and events come in")
    after = demo.until(lambda f: _routed(f) > _routed(before) + 50, "and are routed")
    expect_equal(after["server"]["last_end"], "killed by SIGKILL", "how the server ended")
    return f"stopped in {demo.stopped(signal.SIGTERM):.1f} s"


def _killed_itself(demo: _Running) -> None:
    demo.until(lambda f: all(p["pid"] for p in f["services"].values()), "all services run")
    demo.process.kill()
    demo.process.wait()
    end = time.monotonic() + 5
    while any(_alive(pid) for pid in demo.pids) and time.monotonic() < end:
        time.sleep(0.05)
    demo.leaves_nothing()


def _refused(*arguments: str, services: dict | None = None) -> str:
    """Code 1, a sentence, and nothing left."""
    with tempfile.TemporaryDirectory(prefix="demo-test-") as folder:
        place = pathlib.Path(folder, "place")
        place.mkdir()
        done = subprocess.run(_command(pathlib.Path(folder), "--output", "plain", *arguments, services=services), capture_output=True, text=True,
                              timeout=_LIMIT_SECONDS, env={**os.environ, "TMPDIR": str(place)})
        expect_equal(done.returncode, 1, f"exit code of {arguments}: {done.stderr[-500:]}")
        expect_equal(list(place.iterdir()), [], "folders that are left")
        expect("Traceback" not in done.stderr, done.stderr)
        return done.stdout + done.stderr


def _says_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = _refused("--port", port)
        expect(f"port {port} cannot be used" in said and "ss -ltnp" in said, said)
    said = _refused(services={"services": [{"name": "a", "program": "no-such-program", "arguments": []}]})
    expect("no-such-program" in said and "./dev build" in said, said)
    said = _refused(services={"services": [{"name": "a"}]})
    expect("lacks 'program'" in said, said)
    said = _refused(services={"services": [{"name": "grumpy", "program": "/bin/sh", "arguments": ["-c", "echo no mood; exit 3"]}]})
    expect("grumpy ended 5 times" in said and "ended with code 3" in said and "no mood" in said, said)


def _on_a_terminal() -> str:
    """Draws one table over and over, gives the screen back on Ctrl-C, and leaves the last table there."""
    with tempfile.TemporaryDirectory(prefix="demo-test-") as folder:
        place = pathlib.Path(folder, "place")
        place.mkdir()
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ["TMPDIR"] = str(place)
            command = _command(pathlib.Path(folder), "--interval", "0.3")
            os.execv(command[0], command)
        try:
            shown = _read_until(terminal, lambda text: re.search(r"user-events +[1-9]", text) and "lag" in text)
            expect("Ctrl-C stops it" in shown and "\x1b[?1049h" in shown, shown[-500:])
            os.write(terminal, b"\x03")
            rest = _read_until(terminal, lambda text: "stopped within" in text)
            expect("\x1b[?1049l" in rest and "router" in rest.partition("\x1b[?1049l")[2], rest[-500:])
            _, status = os.waitpid(pid, 0)
            pid = 0
            expect_equal(os.waitstatus_to_exitcode(status), 0, "exit code")
            expect_equal(list(place.iterdir()), [], "folders that are left")
        finally:
            if pid:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            os.close(terminal)


def _read_until(terminal: int, condition) -> str:
    text, end = "", time.monotonic() + _LIMIT_SECONDS
    while not condition(text):
        if time.monotonic() > end:
            raise Failure(f"the terminal shows {text[-600:]!r}")
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                text += os.read(terminal, 65536).decode(errors="replace")
            except OSError:  # its last process is gone
                raise Failure(f"the demo ended; the terminal shows {text[-600:]!r}") from None
    return text


def _rates_of_counters() -> None:
    """A counter that began anew has added what it shows; one that nobody has seen before has no rate yet."""
    sys.path.insert(0, str(_DEMO.parent))
    from demo_lib import figures
    rates = figures.Rates()
    got = [rates.rate("a", value, now) for value, now in ((100, 0), (150, 5), (150, 6), (30, 8), (30, 8))]
    expect_equal(got, [0.0, 10.0, 0.0, 15.0, 0.0], "rates")
    samples = figures.parse('# HELP x y\nx{topic="a",path="c:\\\\d \\"e\\" } f"} 2\nx{topic="a"} 3\nx{topic="b"} 4\ny 1e3\nnonsense\n')
    expect_equal((figures.total(samples, "x", topic="a"), figures.total(samples, "x"), figures.total(samples, "y"), figures.total(samples, "z")),
                 (5.0, 9.0, 1000.0, 0), "totals")


def _ends_by_itself() -> None:
    with tempfile.TemporaryDirectory(prefix="demo-test-") as folder:
        began = time.monotonic()
        done = subprocess.run(_command(pathlib.Path(folder), "--seconds", "2", "--interval", "0.5"), capture_output=True, text=True, timeout=_LIMIT_SECONDS)
        expect_equal(done.returncode, 0, done.stderr[-500:])
        expect(time.monotonic() - began < 2 + 10 + _STOP_SECONDS, "it ends soon after its time")
        expect(len(re.findall(r"^0:00:0\d  \d+ records, .*server running", done.stdout, re.M)) >= 2, f"a line for each interval: {done.stdout}")
        expect("\x1b" not in done.stdout, "no colours or cursor movements where there is no terminal")


ALL = {
    "./dev demo: rates bear a counter that begins anew": _rates_of_counters,
    "./dev demo shows traffic and lag that falls, and starts again what was killed": _with_demo(_shows_traffic, "--rate", "100"),
    "./dev demo starts a killed server again, and traffic goes on": _with_demo(_server_comes_back, "--rate", "100"),
    "./dev demo leaves no process when it is killed itself": _with_demo(_killed_itself),
    "./dev demo draws a table on a terminal and gives the screen back": _on_a_terminal,
    "./dev demo ends after --seconds, with plain lines where there is no terminal": _ends_by_itself,
    "./dev demo says what to do: a port, a program, a list, a service that keeps ending": _says_what_to_do,
}

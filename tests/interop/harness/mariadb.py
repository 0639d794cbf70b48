"""A MariaDB of the test's own: its data in the test's folder, on a socket, no network; killed like everything else."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator

from .outcome import Failure, Skip

_START_LIMIT_SECONDS = 60
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"


class Mariadb:
    def __init__(self, where: pathlib.Path):
        if not (shutil.which("mariadbd", path=_PATH) and shutil.which("mariadb-install-db") and shutil.which("mariadb")):
            raise Skip("MariaDB is not installed: mariadb-server-core, mariadb-client")
        self.data, self.log = where / "mariadb", where / "mariadb.log"
        # A socket's path may have 107 characters, which a test's folder may exceed.
        self._short = tempfile.TemporaryDirectory(prefix="db-")
        self.socket = pathlib.Path(self._short.name, "socket")
        # A server that starts removes what it finds of temporary tables, those of another that runs beside it, too.
        self._environment = {**os.environ, "PATH": _PATH, "TMPDIR": self._short.name}
        user = ["--user=root"] if os.geteuid() == 0 else []
        self.command = ["mariadbd", "--no-defaults", f"--datadir={self.data}", f"--socket={self.socket}", f"--pid-file={self._short.name}/pid",
                        "--skip-networking", "--innodb-buffer-pool-size=32M", *user]
        self.process: subprocess.Popen | None = None
        made = subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={self.data}", "--auth-root-authentication-method=normal",
                               "--skip-test-db", *user], capture_output=True, text=True, env=self._environment)
        if made.returncode:
            raise Failure(f"mariadb-install-db: {made.stdout[-300:]}{made.stderr[-300:]}")

    def launch(self) -> None:
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                            env=self._environment)

    def start(self) -> None:
        self.launch()
        end = time.monotonic() + _START_LIMIT_SECONDS
        while self.ask("SELECT 1").returncode:
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failure(f"MariaDB did not start: {self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)

    def create(self, database: str) -> None:
        if (done := self.ask(f"CREATE DATABASE {database}")).returncode:
            raise Failure(done.stderr)

    def ask(self, sql: str, database: str = "") -> subprocess.CompletedProcess:
        return subprocess.run(["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root", "--batch", "--skip-column-names", "-e", sql, database],
                              capture_output=True, text=True)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


class MariadbDatabase:
    """One database on it, asked in SQL; rows come back as tuples."""

    def __init__(self, server: Mariadb, name: str):
        self.server, self.name = server, name
        self.url = f"mysql://root@localhost/{name}?socket={server.socket}"
        server.create(name)

    def __call__(self, sql: str) -> list[tuple]:
        done = self.server.ask(sql, self.name)
        if done.returncode:
            raise Failure(f"{sql}: {done.stderr}")
        return [tuple(int(cell) if cell.lstrip("-").isdigit() else cell for cell in line.split("\t")) for line in done.stdout.splitlines()]


@contextlib.contextmanager
def mariadb(folder: pathlib.Path, database: str) -> Iterator[str]:
    """The path of a socket behind which there is an empty database of that name. It is gone after the block."""
    server = Mariadb(folder)
    try:
        server.start()
        server.create(database)
        yield str(server.socket)
    finally:
        server.kill()

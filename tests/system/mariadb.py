"""A MariaDB of the test's own: on a socket in its folder, no network, killed like everything else."""

import os
import pathlib
import shutil
import subprocess
import time

from harness.outcome import Failure, Skip


class Mariadb:
    def __init__(self, where: pathlib.Path):
        if not (shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin") and shutil.which("mariadb-install-db")):
            raise Skip("MariaDB is not installed: mariadb-server")
        self.where = where / "mariadb"
        self.socket, self.data = self.where / "socket", self.where / "data"
        self.where.mkdir()
        user = ["--user=root"] if os.geteuid() == 0 else []
        self.command = ["mariadbd", "--no-defaults", f"--datadir={self.data}", f"--socket={self.socket}", f"--pid-file={self.where}/pid", "--skip-networking",
                        "--innodb-buffer-pool-size=32M", *user]
        done = subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={self.data}", "--auth-root-authentication-method=normal", "--skip-test-db",
                               *user], capture_output=True, text=True)
        if done.returncode:
            raise Failure(f"mariadb-install-db: {done.stdout}{done.stderr}")
        self.process: subprocess.Popen | None = None

    def launch(self) -> None:
        with open(self.where / "log", "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                            env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin"})

    def start(self) -> None:
        self.launch()
        deadline = time.monotonic() + 60
        while self._ask("SELECT 1", "").returncode:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise Failure(f"MariaDB did not start: {(self.where / 'log').read_text()[-2000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def _ask(self, sql: str, database: str) -> subprocess.CompletedProcess:
        return subprocess.run(["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root", "--batch", "--skip-column-names", "-e", sql, database],
                              capture_output=True, text=True)


class MariadbDatabase:
    """One database on it, asked as shop.Sqlite is."""

    def __init__(self, server: Mariadb, name: str):
        self.server, self.name = server, name
        self.url = f"mysql://root@localhost/{name}?socket={server.socket}"
        if (done := server._ask(f"CREATE DATABASE {name}", "")).returncode:
            raise Failure(done.stderr)

    def __call__(self, sql: str) -> list[tuple]:
        done = self.server._ask(sql, self.name)
        if done.returncode:
            raise Failure(f"{sql}: {done.stderr}")
        return [tuple(int(cell) if cell.lstrip("-").isdigit() else cell for cell in line.split("\t")) for line in done.stdout.splitlines()]

"""A MariaDB of a case's own: an empty database in the case's folder, reached by a socket file."""

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


@contextlib.contextmanager
def mariadb(folder: pathlib.Path, database: str) -> Iterator[str]:
    """The path of its socket, with an empty database of that name. It is gone after the block."""
    server, install = shutil.which("mariadbd", path="/usr/sbin:/usr/bin"), shutil.which("mariadb-install-db")
    if not server or not install:
        raise Skip("mariadb-server-core is not installed")
    data = folder / "mariadb"
    user = ["--user=root"] if os.geteuid() == 0 else []
    made = subprocess.run([install, "--no-defaults", *user, f"--datadir={data}", "--auth-root-authentication-method=normal",
                           "--skip-test-db"], capture_output=True, text=True)
    if made.returncode:
        raise Failure(f"mariadb-install-db: {made.stdout[-300:]}{made.stderr[-300:]}")
    # A socket's path may have 107 characters, which a case's folder may exceed.
    with tempfile.TemporaryDirectory(prefix="db-") as short, open(folder / "mariadb.log", "wb") as log:
        socket, ready = f"{short}/socket", pathlib.Path(short, "init.sql")
        ready.write_text(f"CREATE DATABASE {database};\n")
        process = subprocess.Popen([server, "--no-defaults", *user, f"--datadir={data}", f"--socket={socket}", "--skip-networking",
                                    f"--init-file={ready}", f"--pid-file={short}/pid"], stdout=log, stderr=log)
        try:
            _wait(process, pathlib.Path(socket), folder / "mariadb.log")
            yield socket
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen, socket: pathlib.Path, log: pathlib.Path) -> None:
    end = time.monotonic() + _START_LIMIT_SECONDS
    while not socket.exists():  # made after the init file has run
        if process.poll() is not None or time.monotonic() > end:
            raise Failure(f"MariaDB did not start: {log.read_text(errors='replace')[-500:]}")
        time.sleep(0.05)

"""What ./dev and the build do for a newcomer, without a server."""

import os
import pathlib
import subprocess
import tempfile

from harness.outcome import expect, expect_equal

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_LOCAL = "--override advertised.listeners=PLAINTEXT://localhost:9092"


def _advertised(*arguments: str) -> str:
    script = 'source tools/dev_lib.sh; advertise 9092 "$@"'
    done = subprocess.run(["bash", "-c", script, "advertise", *arguments], cwd=_ROOT, capture_output=True, text=True, check=True)
    return " ".join(done.stdout.split())


def advertises_what_clients_here_can_reach() -> None:
    expect_equal(_advertised(), _LOCAL, "without arguments")
    expect_equal(_advertised("--override", "listeners=PLAINTEXT://:9092", "--override", "log.dirs=/x"), _LOCAL, "another port")
    for decided in (["--override", "advertised.listeners=PLAINTEXT://h:1"], ["my.properties"],
                    ["--override", "listeners=PLAINTEXT://:1,B://:2"], ["--override", "listeners=SSL://:1"]):
        expect_equal(_advertised(*decided), "", f"{decided} decide themselves")


def _fetch_fails_with(said: str) -> str:
    with tempfile.TemporaryDirectory(prefix="thalweg-cargo-") as folder:
        cargo = pathlib.Path(folder, "cargo")
        cargo.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{said}\nEND\nexit 101\n")
        cargo.chmod(0o755)
        done = subprocess.run(["cmake", f"-DCARGO={cargo}", "-DCRATE=src/raft/core", "-P", "src/raft/fetch_crates.cmake"],
                              cwd=_ROOT, capture_output=True, text=True, env={**os.environ, "HTTPS_PROXY": "http://p:3128"})
    expect(done.returncode != 0, "a failed fetch stops the build")
    told = " ".join(done.stderr.split())  # CMake breaks long lines
    expect(said in told, f"what cargo said is kept: {told}")
    return told


def names_what_keeps_crates_away() -> None:
    for said, named in {
        "[60] SSL peer certificate or SSH remote key was not OK": "CARGO_HTTP_CAINFO",
        "[6] Couldn't resolve host name (Could not resolve host: example.test)": "no network",
        "[5] Couldn't resolve proxy name (Could not resolve proxy: p)": "http://p:3128",
        "failed to get successful HTTP response from `https://mirror.test/x`, got 404": "[source] replacement",
        "something else": "reason of its own",
    }.items():
        expect(named in _fetch_fails_with(said), f"{said!r} is explained by {named!r}")


ALL = {
    "./dev run advertises what clients on this machine can reach": advertises_what_clients_here_can_reach,
    "a fetch of crates that fails names certificate, proxy or mirror": names_what_keeps_crates_away,
}

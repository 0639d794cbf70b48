"""Gets and builds the clients. Not to be had: Skip. Had, but does not build: Failure."""

import functools
import pathlib
import shutil
import subprocess

from . import kafka_dist, paths
from .outcome import Failure, Skip

_DOWNLOAD_LIMIT_SECONDS = 300
_BUILD_LIMIT_SECONDS = 600


@functools.cache
def go_program(module: str, modfile: str = "go.mod") -> pathlib.Path:
    """Builds tests/interop/go/MODULE; another mod file may pin another version of the same client."""
    if not shutil.which("go"):
        raise Skip("go is not installed")
    source = paths.SUITE / "go" / module
    flag = f"-modfile={modfile}"
    _download(["go", "mod", "download", flag], source, f"Go modules of {module} ({modfile})")
    binary = paths.cache() / "go" / f"{module}-{pathlib.Path(modfile).stem}"
    binary.parent.mkdir(exist_ok=True)
    _build(["go", "build", flag, "-mod=readonly", "-o", str(binary), "."], source)
    return binary


@functools.cache
def node_modules() -> pathlib.Path:
    """Installs tests/interop/node's locked packages; the folder to run its programs in."""
    if not shutil.which("npm"):
        raise Skip("npm is not installed")
    folder = paths.cache() / "node"
    folder.mkdir(exist_ok=True)
    lock = (paths.SUITE / "node" / "package-lock.json").read_text()
    installed = folder / "package-lock.json"
    if not (folder / "node_modules").exists() or not installed.exists() or installed.read_text() != lock:
        shutil.copy(paths.SUITE / "node" / "package.json", folder)
        installed.write_text(lock)
        _download(["npm", "ci", "--no-audit", "--no-fund"], folder, "npm packages")
    return folder / "node_modules"


@functools.cache
def java_classes() -> pathlib.Path:
    """Compiles tests/interop/java against Kafka's jars."""
    jars = kafka_dist.libs()
    if not shutil.which("javac"):
        raise Skip("javac is not installed (openjdk-17-jdk-headless)")
    classes = paths.cache() / "java-classes"
    shutil.rmtree(classes, ignore_errors=True)
    sources = sorted(str(p) for p in (paths.SUITE / "java" / "src").glob("*.java"))
    _build(["javac", "-nowarn", "-Xlint:-options", "-d", str(classes), "-cp", f"{jars}/*", *sources], paths.SUITE)
    return classes


@functools.cache
def debian_python(module: str, package: str) -> str:
    """Debian's own interpreter, which sees Debian's Python packages."""
    python = "/usr/bin/python3"
    if not pathlib.Path(python).exists() or subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode:
        raise Skip(f"{package} is not installed")
    return python


@functools.cache
def program(name: str, package: str) -> str:
    found = shutil.which(name)
    if not found:
        raise Skip(f"{package} is not installed")
    return found


def _download(command: list[str], folder: pathlib.Path, what: str) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_DOWNLOAD_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        raise Skip(f"{what}: no answer within {_DOWNLOAD_LIMIT_SECONDS} s") from None
    if done.returncode:
        raise Skip(f"{what} could not be fetched: {' '.join(done.stderr.split())[-200:]}")


def _build(command: list[str], folder: pathlib.Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_BUILD_LIMIT_SECONDS)
    if done.returncode:
        raise Failure(f"{command[0]} failed: {done.stdout}{done.stderr}")

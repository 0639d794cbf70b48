"""Gets and builds the clients. Not to be had: Skip. Had, but does not build: Failure."""

import contextlib
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

from . import kafka_dist, paths
from .once import once
from .outcome import Failure, Skip

# Debian's packages of the clients and of what builds them, each with the command that makes it unnecessary.
_PACKAGES = {
    "kcat": "kcat", "golang-go": "go", "nodejs": "node", "npm": "npm", "maven": "mvn", "openjdk-17-jdk-headless": "javac",
    "mariadb-server-core": "mariadb-install-db",
    "python3-kafka": None, "python3-confluent-kafka": None, "python3-snappy": None, "python3-lz4": None, "python3-avro": None, "python3-venv": None,
}
_DOWNLOAD_LIMIT_SECONDS = 300
_BUILD_LIMIT_SECONDS = 600


def install_packages() -> None:
    """Installs what is missing, as root. What cannot be installed shows up as skipped cases."""
    missing = [p for p, command in _PACKAGES.items() if not (shutil.which(command) if command else _installed(p))]
    if not missing or not shutil.which("apt-get"):
        return
    print(f"installing {' '.join(missing)}", flush=True)
    subprocess.run(["apt-get", "update", "-q"], stdout=subprocess.DEVNULL)
    # One by one: a package that this release does not have must not keep the others away.
    for package in missing:
        subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", package], stdout=subprocess.DEVNULL,
                       env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def _installed(package: str) -> bool:
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Status}", package], capture_output=True, text=True)
    return "install ok installed" in done.stdout


def go_program(module: str, modfile: str = "go.mod") -> pathlib.Path:
    """Builds tests/interop/go/MODULE; another mod file may pin another version of the same client."""
    return go_binary(paths.SUITE / "go" / module, ".", f"{module}-{pathlib.Path(modfile).stem}", modfile)


@once
def go_binary(source: pathlib.Path, package: str, name: str, modfile: str = "go.mod") -> pathlib.Path:
    if not shutil.which("go"):
        raise Skip("go is not installed")
    flag = f"-modfile={modfile}"
    _download(["go", "mod", "download", flag], source, f"Go modules of {source.name} ({modfile})")
    binary = paths.cache() / "go" / name
    binary.parent.mkdir(exist_ok=True)
    _build(["go", "build", flag, "-mod=readonly", "-o", str(binary), package], source)
    return binary


@once
def node_project(source: pathlib.Path) -> pathlib.Path:
    """A copy of a folder of Node programs with its locked packages installed beside them."""
    if not shutil.which("npm"):
        raise Skip("npm is not installed")
    folder = paths.cache() / f"node-{source.name}"
    folder.mkdir(exist_ok=True)
    lock, installed = source / "package-lock.json", folder / "package-lock.json"
    fresh = (folder / "node_modules").exists() and installed.exists() and installed.read_text() == lock.read_text()
    for file in source.iterdir():
        if file.is_file():
            shutil.copy(file, folder)
    if not fresh:
        shutil.rmtree(folder / "node_modules", ignore_errors=True)
        _download(["npm", "ci", "--no-audit", "--no-fund"], folder, f"npm packages of {source.name}")
    return folder


@once
def pypi_python(source: pathlib.Path) -> str:
    """An interpreter that sees the packages which requirements.txt in the folder pins, and no others."""
    wanted = source / "requirements.txt"
    folder = paths.cache() / f"venv-{source.name}"
    python, installed = folder / "bin" / "python", folder / "installed.txt"
    if not installed.exists() or installed.read_text() != wanted.read_text():
        shutil.rmtree(folder, ignore_errors=True)
        _download([sys.executable, "-m", "venv", str(folder)], source, "a Python environment")
        _download([str(python), "-m", "pip", "install", "-q", "--only-binary", ":all:", "-r", str(wanted)], source, f"PyPI packages of {source.name}")
        shutil.copy(wanted, installed)
    return str(python)


@once
def c_program(source: pathlib.Path) -> pathlib.Path:
    """A C program on librdkafka."""
    compiler = next((c for c in ("cc", "clang-19", "gcc") if shutil.which(c)), None)
    if compiler is None:
        raise Skip("there is no C compiler")
    if subprocess.run(["pkg-config", "--exists", "rdkafka"], capture_output=True).returncode:
        raise Skip("librdkafka-dev is not installed")
    binary = paths.cache() / "c" / source.stem
    binary.parent.mkdir(exist_ok=True)
    _build([compiler, "-Wall", "-Wextra", "-Werror", str(source), "-lrdkafka", "-o", str(binary)], source.parent)
    return binary


def java_classes() -> pathlib.Path:
    """Compiles tests/interop/java/src against Kafka's jars."""
    return java_program(paths.SUITE / "java" / "src", kafka_dist.libs())


@once
def java_program(source: pathlib.Path, *jars: pathlib.Path) -> pathlib.Path:
    """Compiles a folder of Java programs against the jars in these folders."""
    if not shutil.which("javac"):
        raise Skip("javac is not installed (openjdk-17-jdk-headless)")
    sources = sorted(source.glob("*.java"))
    # Named by what is in it: two runs at a time must not pull the classes from under each other.
    digest = hashlib.sha256(b"".join(p.read_bytes() for p in sources)).hexdigest()[:16]
    classes = paths.cache() / f"java-{digest}"
    if not classes.exists():
        partial = paths.cache() / f"java-{digest}.{os.getpid()}"
        _build(["javac", "-nowarn", "-d", str(partial), "-cp", ":".join(f"{folder}/*" for folder in jars), *map(str, sources)], paths.SUITE)
        with contextlib.suppress(OSError):  # the other run was first
            partial.rename(classes)
    return classes


@once
def debian_python(module: str, package: str) -> str:
    """Debian's own interpreter, which sees Debian's Python packages."""
    python = "/usr/bin/python3"
    if not pathlib.Path(python).exists() or subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode:
        raise Skip(f"{package} is not installed")
    return python


@once
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

"""docs/guide: what its C++ snippets and commands print, each page against a server of its own. The same walk in Go: tests/interop.

python3 tests/system/guide_tests.py [PAGE...] walks through some pages alone.
"""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))

from harness import pages, paths, walk  # noqa: E402
from harness.once import once  # noqa: E402
from harness.outcome import Failure, Skip  # noqa: E402

_GUIDE = paths.REPOSITORY / "docs" / "guide"
_BUILD = paths.REPOSITORY / "build" / "guide"


@once
def _package() -> pathlib.Path:
    """Where the toolkit is installed: THALWEG_PACKAGE, else from the Release build."""
    if chosen := os.environ.get("THALWEG_PACKAGE"):
        return pathlib.Path(chosen)
    release = paths.REPOSITORY / "build" / "release"
    if not list(release.glob("**/libthalweg-client.so")):
        raise Skip("the toolkit is not built: ./dev build release client_package")
    _run(["cmake", "--install", str(release), "--component", "client", "--prefix", str(_BUILD / "package")])
    return _BUILD / "package"


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"{' '.join(command)}: {done.stdout}{done.stderr}")


@once
def _programs() -> dict[str, pathlib.Path | Failure]:
    """The program of each page, or why it does not compile. All are compiled at once: that is what costs time."""
    _BUILD.mkdir(parents=True, exist_ok=True)
    package = _package()
    _run([sys.executable, "-B", str(paths.REPOSITORY / "tests" / "package" / "snippets.py"), str(_GUIDE), str(_BUILD)])
    names = [p.stem for p in sorted(_GUIDE.glob("*.md")) if pages.sources(p, "cpp")]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(lambda name: _program(name, package), names), strict=True))


def _program(name: str, package: pathlib.Path) -> pathlib.Path | Failure:
    try:
        return _compile(name, package)
    except Failure as e:
        return e


def _compile(name: str, package: pathlib.Path) -> pathlib.Path:
    compiler = [*([shutil.which("ccache")] if shutil.which("ccache") else []), "clang++-19", "-std=c++23", "-Wall", "-Wextra", "-Werror"]
    _run([*compiler, "-c", f"-I{package}/include", str(_BUILD / f"{name}.cc"), "-o", str(_BUILD / f"{name}.o")])
    _run(["clang++-19", "-fuse-ld=lld-19", str(_BUILD / f"{name}.o"), f"-L{package}/lib", "-lthalweg-client", f"-Wl,-rpath,{package}/lib", "-pthread",
          "-o", str(_BUILD / name)])
    return _BUILD / name


def _walks_through(page: pathlib.Path):
    def test() -> str:
        program = _programs().get(page.stem)
        if isinstance(program, Failure):
            raise program
        environment = {"CXX": "clang++-19", "CMAKE_GENERATOR": "Ninja", "PKG_CONFIG_PATH": f"{_package()}/lib/pkgconfig", "CMAKE_PREFIX_PATH": str(_package()),
                       "LD_LIBRARY_PATH": f"{_package()}/lib"}
        if shutil.which("ccache"):
            environment["CMAKE_CXX_COMPILER_LAUNCHER"] = "ccache"
        with tempfile.TemporaryDirectory(prefix="thalweg-guide-") as folder:
            return walk.alone(page, "cpp", pathlib.Path(folder), [str(program)], environment)
    return test


ALL = {f"guide/{page.name}: commands and C++ print what it says": _walks_through(page)
       for page in sorted(_GUIDE.glob("*.md")) if pages.steps(page.read_text(), "cpp")}

if __name__ == "__main__":
    for name, body in ALL.items():
        if not sys.argv[1:] or any(f"guide/{wanted}.md" in name for wanted in sys.argv[1:]):
            try:
                print("PASS", name, body())
            except (Failure, Skip) as e:
                print(type(e).__name__, name, e)

"""Where things are: this suite, the repository, and the folder that keeps downloads and built clients."""

import os
import pathlib

SUITE = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = SUITE.parent.parent


def cache() -> pathlib.Path:
    """Downloads and built clients outlive a run; INTEROP_CACHE moves them."""
    chosen = os.environ.get("INTEROP_CACHE")
    folder = pathlib.Path(chosen) if chosen else pathlib.Path.home() / ".cache" / "thalweg-interop"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def thalweg_binary() -> pathlib.Path | None:
    """The server to test, unless INTEROP_BINARY names another."""
    if chosen := os.environ.get("INTEROP_BINARY"):
        return pathlib.Path(chosen)
    return built("thalweg")


def built(program: str) -> pathlib.Path | None:
    """What users run, the Release build; without one, the newest."""
    found = [p for p in REPOSITORY.glob(f"build/*/bin/{program}") if os.access(p, os.X_OK)]
    return max(found, key=lambda p: (p.parent.parent.name == "release", p.stat().st_mtime), default=None)

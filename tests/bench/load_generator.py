"""Runs `load`, the load generator, against whoever has a bootstrap address and a log."""

import json
import pathlib
import subprocess

from harness.outcome import Failure

LIMIT_SECONDS = 300


def load(program: pathlib.Path, target, command: str, *arguments: object) -> dict:
    """What it printed; a Failure with the target's log where it could not do it."""
    done = subprocess.run([str(program), command, target.bootstrap, *map(str, arguments)], capture_output=True, text=True, timeout=LIMIT_SECONDS)
    if done.returncode:
        raise Failure(f"load {' '.join(map(str, (command, *arguments)))}: {done.stderr}{target.log_tail()}")
    return json.loads(done.stdout)

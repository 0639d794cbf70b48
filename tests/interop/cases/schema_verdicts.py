"""Which schemas fit which, held against others' verdicts: tests/interop/schemas/run, which says whose."""

import sys

from harness import clients, paths
from harness.case import Case, Context, Registry
from harness.outcome import Skip

registry = Registry()


def _verdicts(context: Context) -> None:
    program = paths.built("verdict_bench")
    if program is None:
        raise Skip("verdict_bench is not built (ninja -C build/release verdict_bench)")
    command = [str(paths.SUITE / "schemas" / "run"), "--program", str(program)]
    try:
        command += ["--avsc", str(clients.node_project(paths.SUITE / "node-registry"))]  # kafkajs' codecs stand on it
    except Skip:
        pass  # one judge less
    try:
        python = clients.debian_python("avro.compatibility", "python3-avro")
    except Skip:
        python = sys.executable
    context.run([python, *command])


registry.add(Case("schema-verdicts", _verdicts, not_on={"kafka": "Apache Kafka has no schema registry"}))

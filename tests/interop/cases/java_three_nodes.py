"""Java's Admin client, and a consumer of a rack, against a cluster of three: Thalweg's, or Apache Kafka's to prove the cases."""

import sys

from harness import clients, kafka_dist, paths
from harness.case import Case, Context, Registry
from harness.outcome import Skip

sys.path.append(str(paths.SUITE.parent / "bench"))

from three import Three  # noqa: E402

registry = Registry()

_STEPS = ("cluster", "quorum", "elections", "moves", "directories", "features", "racks")


def _on_three(context: Context) -> None:
    """One cluster for all steps: starting three JVMs takes longer than all of them."""
    if context.broker.kind not in ("thalweg", "kafka"):
        raise Skip("needs a cluster of its own, and --bootstrap names a running one")
    home = context.folder / "cluster"
    three = Three(context.broker.kind, home, getattr(context.broker, "binary", None), by_request=True, properties={
        "broker.rack": "rack-NODE",
        "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector",
        "log.dirs": f"{home}/node-NODE/data,{home}/node-NODE/data-2",
    })
    try:
        three.start()
        for step in _STEPS:
            _java(context, three, step)
        three.nodes[2].stop()
        _java(context, three, "unregister")
    finally:
        three.kill()


def _java(context: Context, three: Three, step: str) -> None:
    environment = {"BOOTSTRAP": three.bootstrap, "PREFIX": f"{context.prefix}{step}-"}
    context.run(kafka_dist.java("Main", f"three-{step}", classpath=str(clients.java_classes())), env=environment)


registry.add(Case(f"java-{kafka_dist.VERSION}/three-nodes", _on_three, limit_seconds=120))

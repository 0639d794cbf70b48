"""Clients of a schema registry, in JavaScript: kafkajs' and Confluent's own, each with its codecs."""

from harness import clients, paths
from harness.case import Case, Context, Registry
from harness.wire import free_port

registry = Registry()


def _node(file: str, case: str):
    def body(context: Context) -> None:
        folder = clients.node_project(paths.SUITE / "node-registry")
        port = free_port()
        broker = context.new_broker(schema_registry_listeners=f"http://127.0.0.1:{port}")
        broker.start()
        context.run([clients.program("node", "nodejs"), str(folder / file), case],
                    env={"KAFKAJS_NO_PARTITIONER_WARNING": "1", "BOOTSTRAP": broker.bootstrap, "REGISTRY": f"http://127.0.0.1:{port}"})
    return body


_NOT_ON_KAFKA = {"kafka": "Apache Kafka has no schema registry"}
for _case in ("avro", "json", "protobuf"):
    registry.add(Case(f"kafkajs-schema-registry-3.9.0/{_case}", _node("kafkajs_registry.js", _case), not_on=_NOT_ON_KAFKA))
for _case in ("avro", "json", "evolve"):
    registry.add(Case(f"confluent-schemaregistry-1.10.1/{_case}", _node("confluent_registry.js", _case), not_on=_NOT_ON_KAFKA))

"""Clients of a schema registry: in JavaScript kafkajs' and Confluent's own, in Python Confluent's, each with its codecs; the
guide's in Go, which asks by itself and writes the id into a header."""

from harness import clients, paths
from harness.case import Case, Context, Registry
from harness.wire import free_port

registry = Registry()


def _with_registry(context: Context, command: list[str]) -> None:
    port = free_port()
    broker = context.new_broker(schema_registry_listeners=f"http://127.0.0.1:{port}")
    broker.start()
    context.run(command, env={"KAFKAJS_NO_PARTITIONER_WARNING": "1", "BOOTSTRAP": broker.bootstrap, "REGISTRY": f"http://127.0.0.1:{port}"})


def _node(file: str, case: str):
    def body(context: Context) -> None:
        folder = clients.node_project(paths.SUITE / "node-registry")
        _with_registry(context, [clients.program("node", "nodejs"), str(folder / file), case])
    return body


def _python(case: str):
    def body(context: Context) -> None:
        folder = paths.SUITE / "python-registry"
        _with_registry(context, [clients.pypi_python(folder), str(folder / "registry.py"), case])
    return body


def _guide(context: Context) -> None:
    _with_registry(context, [str(clients.go_program("sarama")), "schema-id"])


_NOT_ON_KAFKA = {"kafka": "Apache Kafka has no schema registry"}
for _case in ("avro", "json", "protobuf"):
    registry.add(Case(f"kafkajs-schema-registry-3.9.0/{_case}", _node("kafkajs_registry.js", _case), not_on=_NOT_ON_KAFKA))
for _case in ("avro", "json", "evolve"):
    registry.add(Case(f"confluent-schemaregistry-1.10.1/{_case}", _node("confluent_registry.js", _case), not_on=_NOT_ON_KAFKA))
for _case in ("avro", "json", "protobuf", "evolve", "guid"):
    registry.add(Case(f"confluent-python-registry-2.16.1/{_case}", _python(_case), not_on=_NOT_ON_KAFKA))
registry.add(Case("guide-go-registry/schema-id", _guide, not_on=_NOT_ON_KAFKA))

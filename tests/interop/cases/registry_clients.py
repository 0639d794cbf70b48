"""Clients of a schema registry: in JavaScript kafkajs' and Confluent's own, in Python Confluent's, each with its codecs; the
guide's in Go, which asks by itself and writes the id into a header; Protobuf against the C++ toolkit."""

import shutil

from harness import clients, paths
from harness.case import Case, Context, Registry
from harness.outcome import Failure, Skip
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


@registry.case("confluent-schemaregistry-1.10.1/protobuf and the C++ toolkit", not_on=_NOT_ON_KAFKA)
def protobuf_both_ways(context: Context) -> None:
    """What either writes the other reads: messages with imports, nested ones, and a schema that came as text or as a descriptor."""
    toolkit, protoc = paths.built("protobuf_client"), shutil.which("protoc")
    if not toolkit or not protoc:
        raise Skip("protobuf_client is not built: it needs libprotobuf-dev and protobuf-compiler")
    descriptors, protos = context.folder / "shop.bin", str(paths.REPOSITORY / "src" / "client" / "testdata")
    context.run([protoc, f"--proto_path={protos}", "--include_imports", f"--descriptor_set_out={descriptors}", "shop.proto"])
    node, file = clients.program("node", "nodejs"), str(clients.node_project(paths.SUITE / "node-registry") / "confluent_protobuf.js")
    port = free_port()
    broker = context.new_broker(schema_registry_listeners=f"http://127.0.0.1:{port}")
    broker.start()
    url = f"http://127.0.0.1:{port}"
    env = {"REGISTRY": url, "DESCRIPTORS": str(descriptors)}

    written = context.run([str(toolkit), url, f"{context.prefix}-cpp", "write"]).stdout.split()
    context.run([node, file, "read", *written], env=env)
    written = context.run([node, file, "write"], env=env).stdout.split()
    read = context.run([str(toolkit), url, f"{context.prefix}-node", "read", *written]).stdout.splitlines()
    expected = ['tags { key: "gift" value: "yes" } id: 7 lines { item: "tea" count: 2 } state: PAID price { cents: 450 currency: USD } '
                'placed { seconds: 1700000000 }', 'item: "tea" count: 2']
    if [line.strip() for line in read] != expected:
        raise Failure(f"the toolkit read {read}")

"""PyPI's confluent-kafka with its schema registry client: its serializers register what they write and find what they read.

REGISTRY=url PREFIX=text registry.py avro|json|protobuf|evolve|guid
"""
import hashlib
import json
import os
import sys
import uuid

from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

PREFIX = os.environ["PREFIX"]
client = SchemaRegistryClient({"url": os.environ["REGISTRY"]})


def equal(got, want, what):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


def user(*more):
    fields = [{"name": "id", "type": "int"}, {"name": "name", "type": "string"}, *more]
    return json.dumps({"type": "record", "name": "User", "fields": fields}, separators=(",", ":"))


def round_trip(topic, value, serializer, deserializer):
    context = SerializationContext(topic, MessageField.VALUE)
    data = serializer(value, context)
    equal(data[0], 0, "the magic byte")
    latest = client.get_latest_version(f"{topic}-value")
    equal(int.from_bytes(data[1:5], "big"), latest.schema_id, "the id before the record")
    got = deserializer(data, context)
    equal(got, value, "the value")


def avro():
    round_trip(PREFIX + "users", {"id": 1, "name": "Ada"}, AvroSerializer(client, user()), AvroDeserializer(client))


def json_schema():
    schema = json.dumps({"title": "Order", "type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]})
    round_trip(PREFIX + "orders", {"id": 7}, JSONSerializer(schema, client), JSONDeserializer(schema, schema_registry_client=client))


# A message that every installation of protobuf has. Its serializer registers a FileDescriptorProto in base64.
def protobuf():
    from google.protobuf.duration_pb2 import Duration
    options = {"use.deprecated.format": False}
    round_trip(PREFIX + "durations", Duration(seconds=5, nanos=7), ProtobufSerializer(Duration, client, options), ProtobufDeserializer(Duration, options))


def evolve():
    subject = PREFIX + "evolving-value"
    first = Schema(user(), "AVRO")
    made = client.register_schema(subject, first)
    equal(client.get_schema(made).schema_str, first.schema_str, "the schema by its id")
    equal(client.register_schema(subject, first), made, "the same again")
    equal(client.lookup_schema(subject, first).version, 1, "looked up")
    breaking = Schema(user({"name": "age", "type": "int"}), "AVRO")
    equal(client.test_compatibility(subject, breaking), False, "whether it fits")
    try:
        client.register_schema(subject, breaking)
        raise AssertionError("a schema that does not fit was registered")
    except SchemaRegistryError as error:
        equal(error.http_status_code, 409, "the status")
        if "/fields/2" not in error.error_message or "READER_FIELD_MISSING_DEFAULT_VALUE" not in error.error_message:
            raise AssertionError(f"where and why is not said: {error.error_message}") from None
    client.set_compatibility(subject, "NONE")
    equal(client.get_compatibility(subject), "NONE", "the level")
    client.register_schema(subject, breaking)
    equal(client.get_versions(subject), [1, 2], "the versions")
    # Written with the first, read with another that has a default more.
    topic = PREFIX + "evolving"
    context = SerializationContext(topic, MessageField.VALUE)
    data = AvroSerializer(client, user(), conf={"auto.register.schemas": False})({"id": 1, "name": "Ada"}, context)
    newer = user({"name": "email", "type": "string", "default": "none"})
    equal(AvroDeserializer(client, newer)(data, context), {"id": 1, "name": "Ada", "email": "none"}, "read by a newer schema")
    equal(client.delete_subject(subject), [1, 2], "deleted")
    equal(client.delete_subject(subject, permanent=True), [1, 2], "deleted for good")


# The guid is a digest that anybody can compute.
def guid():
    first = client.register_schema_full_response(PREFIX + "guid-a", Schema(user(), "AVRO"))
    text = '{"type":"record","name":"Order","fields":[{"name":"by","type":"User"}]}'
    reference = SchemaReference("User", PREFIX + "guid-a", 1)
    second = client.register_schema_full_response(PREFIX + "guid-b", Schema(text, "AVRO", [reference]))
    for made, parts in ((first, [user()]), (second, [text, "User", PREFIX + "guid-a", (1).to_bytes(4, "big")])):
        digest = hashlib.md5()
        for part in parts:
            digest.update(part if isinstance(part, bytes) else part.encode())
        equal(made.guid, str(uuid.UUID(bytes=digest.digest())), "the guid")
        equal(client.get_schema_by_guid(made.guid).schema_str, parts[0], "the schema by its guid")


{"avro": avro, "json": json_schema, "protobuf": protobuf, "evolve": evolve, "guid": guid}[sys.argv[1]]()

"""Debian's Python clients: kafka-python 2.0.2, a codec of its own, and confluent-kafka 1.7.0 on librdkafka 2.0."""

from harness import clients, paths
from harness.case import Case, Context, Registry

registry = Registry()


def _python(file: str, module: str, package: str, case: str):
    def body(context: Context) -> None:
        context.run([clients.debian_python(module, package), str(paths.SUITE / "python" / file), case])
    return body


for _case in ("produce-consume", "codec-gzip", "codec-snappy", "codec-lz4", "group", "commit", "admin", "timestamps"):
    registry.add(Case(f"kafka-python-2.0.2/{_case}", _python("kafka_python.py", "kafka", "python3-kafka", _case)))
for _case in ("codecs", "idempotent", "group", "static", "admin", "transactions", "fencing"):
    registry.add(Case(f"confluent-python-1.7.0/{_case}", _python("confluent.py", "confluent_kafka", "python3-confluent-kafka", _case)))

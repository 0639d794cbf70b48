"""Java: Apache Kafka's own clients, of the version in java/pom.xml."""

from harness import clients, kafka_dist
from harness.case import Case, Context, Registry

registry = Registry()


def _java(case: str):
    def body(context: Context) -> None:
        context.run(kafka_dist.java("Main", case, classpath=str(clients.java_classes())))
    return body


for _case in ("idempotent", "codecs", "big-records", "nulls", "group", "cooperative", "static", "group-strangers",
              "group-members", "group-instances", "group-offsets", "commit", "seek", "topics", "configs", "groups",
              "offsets", "cluster", "directories", "elections", "reassignments", "resources"):
    registry.add(Case(f"java-{kafka_dist.VERSION}/{_case}", _java(_case)))

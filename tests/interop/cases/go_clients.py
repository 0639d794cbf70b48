"""Go: the guide's programs on both names of sarama and on its newest release, the other two clients that the guide's
go.mod lists, and franz-go, which speaks the newest protocol."""

from harness import clients
from harness.case import Case, Context, Registry

registry = Registry()

_SARAMA_CASES = ["sync-producer", "async-producer", "batch-producer", "group", "group-resumes", "retry", "transform", "admin"]
_SARAMA_MODULES = {"sarama-ibm-1.41.2": "go.mod", "sarama-shopify-1.38.1": "shopify.mod", "sarama-ibm-1.61.1": "latest.mod"}


def _sarama(modfile: str, case: str, protocol: str):
    def body(context: Context) -> None:
        context.run([str(clients.go_program("sarama", modfile)), case], env={"SARAMA_VERSION": protocol})
    return body


def _go(module: str, case: str):
    def body(context: Context) -> None:
        context.run([str(clients.go_program(module)), case])
    return body


# What sarama 1.38 sends while it speaks the protocol of Kafka 1.0, and Apache Kafka 4 no longer answers.
_DROPPED_BY_KAFKA = {
    "sarama-shopify-1.38.1/group-resumes": "Kafka 4 has no OffsetCommit v1",
    "sarama-shopify-1.38.1/admin": "Kafka 4 has no DescribeConfigs v0",
}


def _add_sarama(name: str, modfile: str, case: str, protocol: str = "") -> None:
    not_on = {"kafka": _DROPPED_BY_KAFKA[name]} if name in _DROPPED_BY_KAFKA else {}
    registry.add(Case(name, _sarama(modfile, case, protocol), not_on=not_on))


for _client, _modfile in _SARAMA_MODULES.items():
    for _case in _SARAMA_CASES:
        _add_sarama(f"{_client}/{_case}", _modfile, _case)
# The newest protocol that both can speak: flexible versions, static members' fields, incremental fetches.
for _case in _SARAMA_CASES:
    _add_sarama(f"sarama-ibm-1.41.2-as-3.3/{_case}", "go.mod", _case, "3.3.0")
_add_sarama("sarama-shopify-1.38.1-as-2.8/admin", "shopify.mod", "admin", "2.8.0")

# Transactions are not in the guide, and Sarama has them from the protocol of Kafka 0.11 on; the newest it speaks has KIP-360's epochs.
for _client, _modfile in _SARAMA_MODULES.items():
    _add_sarama(f"{_client}/transactions", _modfile, "transactions", "2.8.0")

for _case in ("writer", "codecs", "group", "commit", "api"):
    registry.add(Case(f"kafka-go-0.4.42/{_case}", _go("kafka-go", _case)))
for _case in ("codecs", "group", "regroup", "admin", "transactions", "transactions-group", "transactions-fence", "transactions-admin"):
    registry.add(Case(f"franz-go-1.22.3/{_case}", _go("franz", _case)))
for _case in ("codecs", "idempotent", "group", "cooperative", "admin"):
    registry.add(Case(f"confluent-kafka-go-2.2.0/{_case}", _go("confluent", _case)))

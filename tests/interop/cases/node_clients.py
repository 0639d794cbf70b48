"""JavaScript: kafkajs, a codec and a group implementation of its own."""

from harness import clients, paths
from harness.case import Case, Context, Registry

registry = Registry()


def _node(case: str):
    def body(context: Context) -> None:
        folder = clients.node_project(paths.SUITE / "node")
        context.run([clients.program("node", "nodejs"), str(folder / "kafkajs.js"), case],
                    env={"KAFKAJS_NO_PARTITIONER_WARNING": "1"})
    return body


for _case in ("produce-consume", "idempotent", "gzip", "group", "resume", "admin"):
    registry.add(Case(f"kafkajs-2.2.4/{_case}", _node(_case)))

"""What Apache Kafka answers to raw requests, good and bad, field by field: the files of conversations/."""

from harness import conversation, paths
from harness.case import Case, Context, Registry
from harness.outcome import Failure

registry = Registry()


def _body(path):
    def body(context: Context) -> None:
        wrong = conversation.play(path, context.broker.port, context.prefix, context.broker.kind, context.record)
        if wrong:
            raise Failure(f"{len(wrong)} answers differ\n" + "\n".join(wrong))
    return body


for _path in sorted((paths.SUITE / "conversations").glob("*.txt")):
    registry.add(Case(f"conversations/{_path.stem}", _body(_path)))

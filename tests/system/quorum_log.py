"""What the nodes of a cluster write in their logs of the metadata quorum. `nodes`: brokers of the harness, by id."""

from collections.abc import Mapping

from harness.broker import Broker


def active_controller(nodes: Mapping[int, Broker]) -> int | None:
    """Who said last, by epoch, that its controller is active."""
    epochs = {node: int(line.rpartition("epoch=")[2].split()[0])
              for node, broker in nodes.items() for line in _lines(broker, "controller active")}
    return max(epochs, key=lambda node: (epochs[node], node), default=None)


def all_vote(nodes: Mapping[int, Broker]) -> bool:
    """A new disk is given its node's seat some ten seconds after it has come; when all have heard of it, another one may be lost."""
    changes = [_lines(broker, "metadata quorum changed") for broker in nodes.values()]
    return all(lines and f"voters={len(nodes)} learners=0" in lines[-1] for lines in changes)


def _lines(broker: Broker, text: str) -> list[str]:
    return [line for line in broker.log_path.read_text(errors="replace").splitlines() if text in line]

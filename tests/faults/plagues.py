"""What befalls the cluster: one row a fault. A fault begins, lasts for a while, and is taken back.

Rows that take a disk away stand alone: they begin when every replica is in sync, and all are in sync again before the
next one, since a record that is acknowledged is on two disks at least, and nothing brings back what is on none.
"""

import dataclasses
import random
from collections.abc import Callable

from hosts import CLIENTS, NODES
from nodes import Cluster


@dataclasses.dataclass(frozen=True)
class Plague:
    begin: Callable[[Cluster, random.Random], str]  # does it, and says to whom
    alone: bool = False


def _one(cluster: Cluster, luck: random.Random) -> int:
    """Any node, and the controller more often than the others."""
    return cluster.controller() if luck.random() < 0.3 else luck.choice(NODES)


def _kill(cluster: Cluster, luck: random.Random) -> str:
    node = _one(cluster, luck)
    cluster.nodes[node].kill()
    return f"node {node}"


def _kill_two(cluster: Cluster, luck: random.Random) -> str:
    victims = luck.sample(NODES, 2)
    for node in victims:
        cluster.nodes[node].kill()
    return f"nodes {victims}"


def _kill_all(cluster: Cluster, luck: random.Random) -> str:
    for node in NODES:
        cluster.nodes[node].kill()
    return "every node"


def _stop(cluster: Cluster, luck: random.Random) -> str:
    node = _one(cluster, luck)
    cluster.nodes[node].stop()
    return f"node {node}"


def _pause(cluster: Cluster, luck: random.Random) -> str:
    node = _one(cluster, luck)
    cluster.nodes[node].pause()
    return f"node {node}"


def _parted(heard: bool, hears: bool, said: str) -> Callable[[Cluster, random.Random], str]:
    """One node, from all others: what it sends does not arrive, or what they send to it."""
    def begin(cluster: Cluster, luck: random.Random) -> str:
        node = _one(cluster, luck)
        for other in NODES:
            if other == node:
                continue
            if not heard:
                cluster.hosts.cut(node, other)
            if not hears:
                cluster.hosts.cut(other, node)
        return said.format(node)
    return begin


def _cut(one_way: bool, said: str) -> Callable[[Cluster, random.Random], str]:
    def begin(cluster: Cluster, luck: random.Random) -> str:
        one, other = luck.sample(NODES, 2)
        cluster.hosts.cut(one, other)
        if not one_way:
            cluster.hosts.cut(other, one)
        return said.format(one, other)
    return begin


def _lose(cluster: Cluster, luck: random.Random) -> str:
    for one in (*NODES, CLIENTS):
        for other in NODES:
            if one != other:
                cluster.hosts.lose(one, other, 10)
    return "a tenth of all packets"


def _kill_cut(cluster: Cluster, luck: random.Random) -> str:
    """The node that was behind must not lead when it comes back alone."""
    behind, leads = luck.sample(NODES, 2)
    cluster.hosts.cut(leads, behind)
    cluster.nodes[leads].kill()
    return f"node {leads}, with node {behind} not reached by it before"


def _empty_disk(cluster: Cluster, luck: random.Random) -> str:
    node = _one(cluster, luck)
    cluster.nodes[node].kill()
    cluster.nodes[node].empty_disk()
    return f"node {node}"


ALL = {
    "kill -9": Plague(_kill),
    "kill -9 of two": Plague(_kill_two),
    "kill -9 of all": Plague(_kill_all),
    "clean stop": Plague(_stop),
    "pause": Plague(_pause),
    "isolated": Plague(_parted(heard=False, hears=False, said="node {}, which clients still reach")),
    "deaf": Plague(_parted(heard=True, hears=False, said="node {} is not reached by the others, but reaches them")),
    "mute": Plague(_parted(heard=False, hears=True, said="what node {} sends does not reach the others")),
    "link cut": Plague(_cut(one_way=False, said="between {} and {}")),
    "link cut one way": Plague(_cut(one_way=True, said="from {} to {}")),
    "packets lost": Plague(_lose),
    "kill -9 behind a cut": Plague(_kill_cut),
    "disk emptied": Plague(_empty_disk, alone=True),
}


def end_all(cluster: Cluster) -> None:
    cluster.hosts.heal()
    for node in cluster.nodes.values():
        node.resume()
        if not node.alive():
            node.launch()

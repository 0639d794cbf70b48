"""Several hosts on one machine: a network namespace for each node, on one bridge. What lies between them can be cut.

Needs root, Debian's iproute2 and nftables. Clients stand where the tests run: they reach every host through the bridge.
"""

import os
import pathlib
import shutil
import subprocess
import sys

from harness.outcome import Skip

from slow_links import MARK

_SLOW_LINKS = pathlib.Path(__file__).resolve().with_name("slow_links.py")
_SLOW_PORT = 7777
NODES = (1, 2, 3)
CLIENTS = 254  # the bridge itself, as an address


def need() -> None:
    """Skips where no hosts can be made."""
    if os.geteuid() != 0:
        raise Skip("network namespaces need root")
    for tool in ("ip", "nft", "nsenter"):
        if not shutil.which(tool):
            raise Skip(f"no {tool} here (Debian's iproute2 and nftables)")
    probe = f"thwp{os.getpid() % 100000}"
    for attempt in (["ip", "netns", "add", probe], [*_enter(probe), "nft", "add", "table", "inet", "faults"]):
        done = subprocess.run(attempt, capture_output=True, text=True)
        if done.returncode:
            subprocess.run(["ip", "netns", "del", probe], capture_output=True)
            raise Skip(f"no network namespaces here: {' '.join(attempt)}: {done.stderr.strip()}")
    _run("ip", "netns", "del", probe)


class Hosts:
    def __init__(self) -> None:
        self._name = f"thw{os.getpid() % 100000}"
        self._network = f"10.{200 + os.getpid() % 50}.{os.getpid() // 50 % 250}"
        self._slow: list[subprocess.Popen] = []

    def __enter__(self) -> "Hosts":
        try:
            _run("ip", "link", "add", self._name, "type", "bridge")
            _run("ip", "address", "add", f"{self.address(CLIENTS)}/24", "dev", self._name)
            _run("ip", "link", "set", self._name, "up")
            for node in NODES:
                self._add(node)
        except RuntimeError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._slow:
            process.kill()
            process.wait()
        for node in NODES:
            subprocess.run(["ip", "netns", "del", self.namespace(node)], capture_output=True)
        subprocess.run(["ip", "link", "del", self._name], capture_output=True)

    def address(self, node: int) -> str:
        return f"{self._network}.{node}"

    def namespace(self, node: int) -> str:
        return f"{self._name}-{node}"

    def inside(self, node: int) -> list[str]:
        """What a command line begins with to run on that host; the process keeps its id."""
        return _enter(self.namespace(node))

    def cut(self, sender: int, receiver: int) -> None:
        """What the one sends does not reach the other, and nobody is told; the other way stays as it is."""
        self._filter(receiver, "ip", "saddr", self.address(sender), "drop")

    def lose(self, sender: int, receiver: int, percent: int) -> None:
        self._filter(receiver, "ip", "saddr", self.address(sender), "numgen", "random", "mod", "100", "<", str(percent), "drop")

    def delay(self, milliseconds: int) -> None:
        """So long takes, from now on and for ever, whatever one host sends to another on connections that are made later."""
        for node in NODES:
            inside = self.inside(node)
            process = subprocess.Popen([*inside, sys.executable, str(_SLOW_LINKS), str(_SLOW_PORT), str(milliseconds)],
                                       stdout=subprocess.PIPE, text=True)
            self._slow.append(process)
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(f"slow_links.py does not start on node {node}")
            others = "{ " + ", ".join(self.address(other) for other in NODES if other != node) + " }"
            _run(*inside, "nft", "add", "table", "ip", "slow")
            _run(*inside, "nft", "add", "chain", "ip", "slow", "out", "{ type nat hook output priority -100; }")
            _run(*inside, "nft", "add", "rule", "ip", "slow", "out", "meta", "mark", "!=", str(MARK), "ip", "daddr", others, "meta", "l4proto", "tcp",
                 "redirect", "to", f":{_SLOW_PORT}")

        self._expect_slow(milliseconds)

    def _expect_slow(self, milliseconds: int) -> None:
        """Where nobody listens a connection is refused at once, unless it goes the slow way."""
        probe = ("import socket, sys, time\nbegan = time.monotonic()\ntaken = socket.create_connection((sys.argv[1], 9), 10)\n"
                 "try: taken.recv(1)\nexcept OSError: pass\nprint(time.monotonic() - began)")
        done = subprocess.run([*self.inside(NODES[0]), sys.executable, "-c", probe, self.address(NODES[1])], capture_output=True, text=True)
        if done.returncode or float(done.stdout) < milliseconds / 1000:
            raise RuntimeError(f"the links are not slow: {done.stdout}{done.stderr}")

    def heal(self) -> None:
        for node in NODES:
            _run(*self.inside(node), "nft", "flush", "chain", "inet", "faults", "in")

    def _add(self, node: int) -> None:
        space, near = self.namespace(node), f"{self._name}v{node}"
        _run("ip", "netns", "add", space)
        _run("ip", "link", "add", near, "type", "veth", "peer", "name", "eth0", "netns", space)
        _run("ip", "link", "set", near, "master", self._name, "up")
        _run(*self.inside(node), "ip", "address", "add", f"{self.address(node)}/24", "dev", "eth0")
        _run(*self.inside(node), "ip", "link", "set", "eth0", "up")
        _run(*self.inside(node), "ip", "link", "set", "lo", "up")
        _run(*self.inside(node), "nft", "add", "table", "inet", "faults")
        _run(*self.inside(node), "nft", "add", "chain", "inet", "faults", "in", "{ type filter hook input priority 0; }")

    def _filter(self, node: int, *rule: str) -> None:
        _run(*self.inside(node), "nft", "add", "rule", "inet", "faults", "in", *rule)


# Unlike `ip netns exec` it leaves mounts alone, which not every container lets it change.
def _enter(namespace: str) -> list[str]:
    return ["nsenter", f"--net=/run/netns/{namespace}"]


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")

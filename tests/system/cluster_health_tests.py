"""What any node of a cluster says is wrong with it, over HTTP and on the command line, while servers are killed and come back."""

import json
import subprocess

from cluster_tests import LIMIT_SECONDS, Cluster, in_cluster, until
from harness import paths
from harness.outcome import Failure, expect, expect_equal
from harness.wire import free_port
from monitoring_tests import _get


def _health(cluster: Cluster, node: int) -> dict:
    return json.loads(_get(cluster.nodes[node].metrics_port, "/health")[1])


def _wait_for(cluster: Cluster, node: int, wanted: set[str]) -> dict[str, dict]:
    """The troubles that a node names, by kind, once they are these."""
    seen: dict[str, dict] = {}
    for _ in until(LIMIT_SECONDS):
        seen = {trouble["kind"]: trouble for trouble in _health(cluster, node).get("troubles", [])}
        if set(seen) == wanted:
            return seen
    raise Failure(f"node {node} names {seen}, not {wanted}")


def _start(cluster: Cluster) -> None:
    for broker in cluster.nodes.values():
        broker.metrics_port = free_port()
        broker.properties["metrics.listeners"] = f"http://127.0.0.1:{broker.metrics_port}"
    cluster.start()
    cluster.wait_for_each_other()
    cluster.wait_until_all_vote()


@in_cluster
def every_node_names_what_is_wrong(cluster: Cluster) -> str:
    _start(cluster)
    cluster.thalweg(["topic", "create", "orders", "--partitions", "2", "--replicas", "3", "--config", "min.insync.replicas=3"])
    for node in cluster.nodes:
        _wait_for(cluster, node, set())
        expect_equal(_health(cluster, node)["status"], "ok", f"node {node} at first")
    victim = next(node for node in cluster.nodes if node != cluster.leader())
    cluster.nodes[victim].kill()
    rest = [node for node in cluster.nodes if node != victim]
    for node in rest:
        known = {"broker_down", "under_min_isr", "under_replicated"}
        if node == cluster.leader():
            known.add("controller_silent")
        seen = _wait_for(cluster, node, known)
        expect(f"broker {victim} is down" in seen["broker_down"]["what"], f"{seen}")
        expect("orders-0" in seen["under_replicated"]["what"], f"{seen}")
        expect(all(len(trouble["next"]) > 10 for trouble in seen.values()), f"a trouble without a next step: {seen}")
        health = _health(cluster, node)
        expect_equal((health["status"], health["ready"]), ("degraded", True), "a cluster in trouble is no reason to send clients elsewhere")
        lines = _get(cluster.nodes[node].metrics_port, "/readyz?verbose")
        expect_equal(lines[0], 200, "/readyz")
        expect(f"[!]broker_down broker {victim} is down" in lines[1], lines[1])
    cluster.nodes[rest[1]].kill()
    seen = {}
    for _ in until(LIMIT_SECONDS):
        seen = {trouble["kind"]: trouble for trouble in _health(cluster, rest[0]).get("troubles", [])}
        if "no_controller" in seen:
            break
    expect("no_controller" in seen, f"the last of three names {seen}")
    cluster.start(victim, rest[1])
    cluster.wait_for_each_other()
    for node in cluster.nodes:
        _wait_for(cluster, node, set())
    return f"broker {victim} was missed by both others"


@in_cluster
def the_command_watches(cluster: Cluster) -> str:
    """thalweg cluster health --watch, a line a second, through the loss of a broker that a move waits for."""
    _start(cluster)
    cluster.thalweg(["topic", "create", "orders", "--partitions", "1", "--replicas", "1"])
    holder = cluster.partitions("orders")[0]["leader"]
    victim = next(node for node in cluster.nodes if node not in (holder, cluster.leader()))
    bootstrap = ",".join(f"127.0.0.1:{broker.port}" for node, broker in cluster.nodes.items() if node != victim)
    watch = subprocess.Popen([str(paths.thalweg_binary()), "cluster", "health", "--watch", "--output", "json", "--brokers", bootstrap],
                             stdout=subprocess.PIPE, text=True)
    try:
        def next_with(words: str) -> dict:
            seen = ""
            for _ in range(LIMIT_SECONDS):
                seen = watch.stdout.readline()
                if words in seen:
                    return json.loads(seen)
            raise Failure(f"no line with {words!r}; the last one: {seen}")
        expect_equal(next_with('"healthy":"yes"')["troubles"], [], "troubles of a healthy cluster")
        cluster.nodes[victim].kill()
        sick = next_with(f"broker {victim} is down")
        expect(all(trouble["next"] for trouble in sick["troubles"]), f"a trouble without a next step: {sick}")
        done = subprocess.run([str(paths.thalweg_binary()), "cluster", "health", "--brokers", bootstrap], capture_output=True, text=True, timeout=LIMIT_SECONDS)
        expect_equal(done.returncode, 1, "exit code")
        expect(f"- broker {victim} is down: start it again" in done.stderr, done.stderr)
        cluster.start(victim)
        next_with('"healthy":"yes"')
    finally:
        watch.kill()
        watch.wait()
    return f"broker {victim} went and came back"


ALL = {
    "every node of a cluster names what is wrong with it, and what to do": every_node_names_what_is_wrong,
    "thalweg cluster health --watch names troubles as they come and go": the_command_watches,
}

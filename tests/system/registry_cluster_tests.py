"""The registries of three brokers are one: asked anywhere, through kill -9 of the one that leads, and seen by monitoring."""

import concurrent.futures
import json
import threading
import time

from cluster_tests import LIMIT_SECONDS, in_cluster, until
from harness.outcome import Failure, expect, expect_equal
from harness.wire import free_port
from monitoring_tests import _get
from registry_tests import Registry

_KILLS = 3


def _with_registries(body):
    """Three brokers with a registry and a metrics port each, started; the topic of the schemas is on all three."""
    @in_cluster
    def test(cluster):
        registries = {}
        for node, broker in cluster.nodes.items():
            registries[node] = Registry(free_port())
            broker.metrics_port = free_port()
            broker.properties["schema.registry.listeners"] = f"http://127.0.0.1:{registries[node].port}"
            broker.properties["metrics.listeners"] = f"http://127.0.0.1:{broker.metrics_port}"
        cluster.start()
        cluster.wait_for_each_other()
        expect_equal(registries[1].ask("PUT", "/config", {"compatibility": "NONE"}), (200, {"compatibility": "NONE"}), "the first request")
        cluster.wait_until_all_in_sync("_schemas")
        return body(cluster, registries)
    return test


def _leader(cluster) -> int:
    return cluster.partitions("_schemas")[0]["leader"]


def _fixed(name: str) -> dict:
    return {"type": "fixed", "name": name, "size": 4}


@_with_registries
def any_registry_answers_for_all(cluster, registries):
    for node, registry in registries.items():
        status, answer = registry.register("everywhere", _fixed(f"F{node}"))
        expect_equal((status, answer["id"]), (200, node), f"registered at node {node}")
        for other in registries.values():  # at once
            status, got = other.ask("GET", f"/schemas/ids/{node}")
            expect_equal((status, json.loads(got["schema"])["name"]), (200, f"F{node}"), "read elsewhere")
            expect_equal(other.ask("GET", "/subjects/none/versions")[1]["error_code"], 40401, "an error of the leader's")
    expect_equal({tuple(registry.ask("GET", "/subjects/everywhere/versions")[1]) for registry in registries.values()}, {(1, 2, 3)}, "versions")
    large = json.dumps({"type": "record", "name": "Large", "doc": "x" * 900_000, "fields": []})
    for node, registry in registries.items():
        expect_equal(registry.register(f"large-{node}", large)[0], 200, f"900 kB at node {node}")
        expect_equal(len(registry.ask("GET", f"/subjects/large-{node}/versions/1/schema")[1]["doc"]), 900_000, "and back")
    leader = _leader(cluster)
    for node, registry in registries.items():
        forwarded = registry.ask("GET", "/subjects", headers={"X-Forward": "true"})
        expect_equal(forwarded[0], 200 if node == leader else 500, f"passed on to node {node} already")
        if node != leader:
            expect_equal(forwarded[1]["error_code"], 50004, "its code")
    return f"led by node {leader}"


@_with_registries
def ids_survive_kills_of_the_leader(cluster, registries):
    told: dict[int, str] = {}
    wrong: list[str] = []
    slowest = [0.0]
    lock = threading.Lock()

    def stream(node: int, prefix: str, stop: threading.Event) -> int:
        """One schema after the other at a node that lives; each is asked for once."""
        number = 0
        while not stop.is_set():
            number += 1
            begun = time.monotonic()
            status, answer = registries[node].register(f"s{number % 5}", _fixed(f"{prefix}_{number}"))
            with lock:
                slowest[0] = max(slowest[0], time.monotonic() - begun)
                if status != 200:
                    wrong.append(f"{prefix}_{number} at node {node}: {status} {answer}")
                elif told.setdefault(answer["id"], f"{prefix}_{number}") != f"{prefix}_{number}":
                    wrong.append(f"id {answer['id']} is {told[answer['id']]} and {prefix}_{number}")
        return number

    for kill in range(_KILLS):
        leader = _leader(cluster)
        stop = threading.Event()
        others = [node for node in registries if node != leader]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            streams = [pool.submit(stream, others[i % 2], f"k{kill}_{i}", stop) for i in range(4)]
            time.sleep(0.5)
            before = len(told)
            cluster.nodes[leader].kill()
            for _ in until(LIMIT_SECONDS):
                if len(told) > before + 100 or wrong:
                    break
            stop.set()
            for one in streams:
                one.result()
        expect(not wrong, "; ".join(wrong[:3]))
        expect(_leader(cluster) != leader, "who was killed still leads")
        cluster.start(leader)
        cluster.wait_for_each_other()
        cluster.wait_until_all_in_sync("_schemas")
    for registry in registries.values():
        for schema_id, name in told.items():
            status, answer = registry.ask("GET", f"/schemas/ids/{schema_id}")
            expect_equal((status, json.loads(answer["schema"])["name"]), (200, name), f"id {schema_id} at port {registry.port}")
    return f"{len(told)} ids through {_KILLS} kills at 3 nodes, the slowest answer in {slowest[0]:.1f} s"


@_with_registries
def a_node_that_forwards_says_so(cluster, registries):
    leader = _leader(cluster)
    other = next(node for node in registries if node != leader)
    expect_equal(registries[other].register("seen", _fixed("Seen"))[0], 200, "registered elsewhere")
    forwards = _get(cluster.nodes[other].metrics_port, "/metrics")[1]
    expect('thalweg_schema_registry_forwarded_total{outcome="answered"}' in forwards, "the node that forwards does not count it")
    leads = _get(cluster.nodes[leader].metrics_port, "/metrics")[1]
    expect("thalweg_schema_registry_answered_for_others_total" in leads, "the node that leads does not count it")
    for node in registries:
        health = json.loads(_get(cluster.nodes[node].metrics_port, "/health")[1])
        expect_equal(health["schema_registry_leader"], leader, f"what /health of node {node} says")
        expect_equal(registries[node].ask("GET", "/status/ready"), (200, {}), f"/status/ready of node {node}")


@_with_registries
def without_a_leader_it_says_so(cluster, registries):
    """Two of three are gone: nobody can lead what they led, and nobody waits for ever."""
    leader = _leader(cluster)
    rest = next(node for node in registries if node != leader)
    registries[rest].register("kept", _fixed("Kept"))
    for node in registries:
        if node != rest:
            cluster.nodes[node].kill()
    begun = time.monotonic()
    status, answer = registries[rest].register("kept", _fixed("Another"))
    took = time.monotonic() - begun
    expect_equal(status, 500, f"without a majority ({answer})")
    # 50001 where `rest` came to lead before the other was gone: it has written what nobody confirms.
    expect(answer["error_code"] in (50001, 50002, 50003, 50004) and len(answer["message"]) > 10, f"the answer: {answer}")
    expect(took < 25, f"answered after {took:.0f} s")
    cluster.start(*(node for node in registries if node != rest))
    for _ in until(LIMIT_SECONDS):
        if registries[rest].ask("GET", "/subjects/kept/versions/1")[0] == 200:
            return f"{answer['error_code']} after {took:.1f} s, and served again"
    raise Failure("it does not come back")


ALL = {
    "registries of a cluster: any of them answers for all": any_registry_answers_for_all,
    "registries of a cluster: every acknowledged id is there once after kill -9 of the leader": ids_survive_kills_of_the_leader,
    "registries of a cluster: a node that forwards says so": a_node_that_forwards_says_so,
    "registries of a cluster: without a leader they say so, in time": without_a_leader_it_says_so,
}

"""The commands that look after a cluster, against three servers: health, moves, elections, and Kafka's tools for the same."""

import json
import pathlib
import subprocess

from cluster_tests import LIMIT_SECONDS, Cluster, in_cluster, until
from harness import paths
from harness.outcome import Failure, expect, expect_equal


def _bootstrap(cluster: Cluster) -> str:
    return ",".join(f"127.0.0.1:{broker.port}" for broker in cluster.nodes.values() if broker.alive())


def run_tool(cluster: Cluster, tool: str, *arguments: str) -> subprocess.CompletedProcess:
    """A tool by its name; `thalweg` takes --brokers."""
    program = paths.thalweg_binary().resolve().with_name(tool)
    where = "--brokers" if tool == "thalweg" else "--bootstrap-server"
    return subprocess.run([str(program), *arguments, where, _bootstrap(cluster)], capture_output=True, text=True, timeout=LIMIT_SECONDS)


def tool_output(cluster: Cluster, tool: str, *arguments: str) -> str:
    done = run_tool(cluster, tool, *arguments)
    expect_equal(done.returncode, 0, f"exit code of {tool} {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


def _wait_for_health(cluster: Cluster, healthy: bool) -> subprocess.CompletedProcess:
    done = None
    for _ in until(LIMIT_SECONDS):
        done = run_tool(cluster, "thalweg", "cluster", "health", "--output", "json", "--timeout", "5000")
        if done.returncode == (0 if healthy else 1) and done.stdout:
            return done
    raise Failure(f"health does not become {healthy}: {done}")


@in_cluster
def health_and_moves(cluster: Cluster) -> str:
    cluster.start()
    for node in cluster.nodes:
        cluster.wait_for_brokers(node, {1, 2, 3})
    cluster.thalweg(["topic", "create", "orders", "--partitions", "2", "--replicas", "2", "--config", "min.insync.replicas=2"])
    cluster.thalweg(["produce", "orders"], "".join(f"record {i}\n" for i in range(20_000)))
    seen = json.loads(_wait_for_health(cluster, True).stdout)
    expect_equal([(n["node"], n["state"]) for n in seen["nodes"]], [(1, "up"), (2, "up"), (3, "up")], "nodes")
    expect_equal(seen["controller"], cluster.leader(), "controller")
    moved = json.loads(tool_output(cluster, "thalweg", "partition", "move", "orders", "--replicas", "3", "--output", "json"))
    expect_equal([(row["result"], len(row["to"])) for row in moved], [("moved", 3)] * 2, "moves")
    drained = json.loads(tool_output(cluster, "thalweg", "partition", "move", "orders", "--partition", "0", "--to", "3,1", "--replicas", "2",
                               "--output", "json"))
    expect_equal([row["to"] for row in drained], [[3, 1]], "the move of one partition")
    rows = json.loads(tool_output(cluster, "thalweg", "partition", "list", "orders", "--output", "json"))
    expect_equal([row["state"] for row in rows], ["ok", "ok"], f"states {rows}")
    expect_equal(len(cluster.thalweg(["consume", "orders"]).splitlines()), 20_000, "records after the moves")
    victim = next(node for node in cluster.nodes if node != cluster.leader())
    cluster.nodes[victim].kill()
    sick = _wait_for_health(cluster, False)
    for _ in until(LIMIT_SECONDS):
        if f"broker {victim} is down" in sick.stderr:
            break
        sick = run_tool(cluster, "thalweg", "cluster", "health", "--timeout", "5000")
    expect(f"broker {victim} is down" in sick.stderr, sick.stderr)
    cluster.start(victim)
    _wait_for_health(cluster, True)
    tool_output(cluster, "thalweg", "partition", "elect")
    leaders = json.loads(tool_output(cluster, "thalweg", "partition", "list", "orders", "--output", "json"))
    expect_equal([row["leader"] for row in leaders], [row["replicas"][0] for row in leaders], "leaders after an election")
    return f"broker {victim} was missed and came back"


@in_cluster
def kafkas_tools_for_clusters(cluster: Cluster) -> str:
    cluster.start()
    for node in cluster.nodes:
        cluster.wait_for_brokers(node, {1, 2, 3})
    created = tool_output(cluster, "kafka-topics", "--create", "--topic", "orders", "--partitions", "1", "--replication-factor", "3")
    expect_equal(created, "Created topic orders.\n", "create")
    described = tool_output(cluster, "kafka-topics", "--describe", "--topic", "orders").splitlines()
    expect("ReplicationFactor: 3" in described[0] and described[1].endswith("\tElr: \tLastKnownElr: "), f"describe: {described}")
    status = ""
    for _ in until(LIMIT_SECONDS):  # a founder tells where it listens once it is a member
        status = tool_output(cluster, "kafka-metadata-quorum", "describe", "--status")
        if status.count('"endpoints"') == 3:
            break
    expect_equal(status.count('"endpoints": ["CONTROLLER://127.0.0.1:'), 3, f"voters: {status}")
    replication = tool_output(cluster, "kafka-metadata-quorum", "describe", "--replication").splitlines()
    expect_equal(sorted(line.split("\t")[-2].strip() for line in replication[1:]), ["Follower", "Follower", "Leader"], "replication")
    expect_equal(len(tool_output(cluster, "kafka-cluster", "list-endpoints").splitlines()), 4, "endpoints")
    sizes = json.loads(tool_output(cluster, "kafka-log-dirs", "--describe", "--topic-list", "orders").splitlines()[-1])
    expect_equal([b["logDirs"][0]["partitions"][0]["partition"] for b in sizes["brokers"]], ["orders-0"] * 3, "log dirs")
    wanted = pathlib.Path(cluster.nodes[1].folder, "wanted.json")
    wanted.write_text(json.dumps({"version": 1, "partitions": [{"topic": "orders", "partition": 0, "replicas": [3, 2]}]}))
    started = tool_output(cluster, "kafka-reassign-partitions", "--execute", "--reassignment-json-file", str(wanted))
    expect(started.endswith("Successfully started partition reassignment for orders-0\n"), started)
    said = ""
    for _ in until(LIMIT_SECONDS):
        said = tool_output(cluster, "kafka-reassign-partitions", "--verify", "--reassignment-json-file", str(wanted))
        if "Reassignment of partition orders-0 is completed." in said:
            break
    expect_equal(said, "Status of partition reassignment:\nReassignment of partition orders-0 is completed.\n\n"
                       "Clearing broker-level throttles on brokers 1,2,3\nClearing topic-level throttles on topic orders\n", "verify")
    elected = tool_output(cluster, "kafka-leader-election", "--election-type", "preferred", "--topic", "orders", "--partition", "0")
    expect("for partitions orders-0" in elected, elected)
    expect("\tLeader: 3\tReplicas: 3,2\t" in tool_output(cluster, "kafka-topics", "--describe", "--topic", "orders"), "leader after the election")
    return "as recorded"


ALL = {
    "thalweg cluster and partition look after three servers": health_and_moves,
    "kafka-reassign-partitions, -leader-election, -metadata-quorum, -log-dirs, -cluster on three servers": kafkas_tools_for_clusters,
}

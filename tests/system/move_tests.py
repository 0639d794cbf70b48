"""Replicas that move between three servers: how fast, and what else goes on meanwhile."""

import json
import pathlib
import shutil
import subprocess
import time
import urllib.request

from cluster_command_tests import run_tool, tool_output
from cluster_tests import LIMIT_SECONDS, Cluster, in_cluster, in_cluster_of, until
from harness import paths
from harness.outcome import Skip, expect, expect_equal
from harness.wire import free_port

_MEGABYTES = 50
_RATE = 5_000_000
_RECORD_BYTES = 1_000


def _records(megabytes: int) -> str:
    return ("x" * (_RECORD_BYTES - 1) + "\n") * (megabytes * 1_000_000 // _RECORD_BYTES)


def _topic(cluster: Cluster, name: str, replicas: str) -> None:
    tool_output(cluster, "kafka-topics", "--create", "--topic", name, "--replica-assignment", replicas)


def _write_seconds(cluster: Cluster, topic: str, megabytes: int) -> float:
    begun = time.monotonic()
    cluster.thalweg(["produce", topic], _records(megabytes))
    return time.monotonic() - begun


@in_cluster
def a_throttled_move_takes_its_time(cluster: Cluster) -> str:
    """50 MB at 5 MB/s take ten seconds, while another topic, with an in-sync replica on the same brokers, is as fast as before."""
    cluster.start()
    cluster.wait_for_each_other()
    _topic(cluster, "cold", "1")
    _topic(cluster, "hot", "1:2")
    tool_output(cluster, "kafka-configs", "--alter", "--entity-type", "topics", "--entity-name", "hot", "--add-config", "min.insync.replicas=2")
    cluster.thalweg(["produce", "cold"], _records(_MEGABYTES))
    _write_seconds(cluster, "hot", 5)
    before = _write_seconds(cluster, "hot", 20)
    wanted = pathlib.Path(cluster.nodes[1].folder, "wanted.json")
    wanted.write_text(json.dumps({"version": 1, "partitions": [{"topic": "cold", "partition": 0, "replicas": [2]}]}))
    begun = time.monotonic()
    started = tool_output(cluster, "kafka-reassign-partitions", "--execute", "--reassignment-json-file", str(wanted), "--throttle", str(_RATE))
    expect(f"\nThe inter-broker throttle limit was set to {_RATE} B/s\nSuccessfully started" in started, started)
    settings = tool_output(cluster, "kafka-configs", "--describe", "--entity-type", "topics", "--entity-name", "cold")
    expect("leader.replication.throttled.replicas=0:1 " in settings and "follower.replication.throttled.replicas=0:2 " in settings, settings)
    meanwhile = _write_seconds(cluster, "hot", 20)
    expect(time.monotonic() - begun < _MEGABYTES * 1_000_000 / _RATE, f"the other topic took {meanwhile:.1f} s, longer than the move; before {before:.1f} s")
    expect_equal([row["in_sync"] for row in cluster.partitions("hot")], [[1, 2]], "in sync of the other topic")
    verified = ""
    for _ in until(LIMIT_SECONDS):
        verified = tool_output(cluster, "kafka-reassign-partitions", "--verify", "--reassignment-json-file", str(wanted))
        if "is completed" in verified:
            break
    took = time.monotonic() - begun
    expect_equal(verified, "Status of partition reassignment:\nReassignment of partition cold-0 is completed.\n\n"
                           "Clearing broker-level throttles on brokers 1,2,3\nClearing topic-level throttles on topic cold\n", "verify")
    expect(8.5 < took < 14, f"{_MEGABYTES} MB at {_RATE} B/s took {took:.1f} s")
    for kind, name in (("topics", "cold"), ("brokers", "1"), ("brokers", "2")):
        left = run_tool(cluster, "kafka-configs", "--describe", "--entity-type", kind, "--entity-name", name).stdout
        expect("throttled" not in left, f"throttles are left: {left}")
    expect_equal(len(cluster.thalweg(["consume", "cold"]).splitlines()), _MEGABYTES * 1_000_000 // _RECORD_BYTES, "records after the move")
    return f"{_MEGABYTES} MB at {_RATE} B/s took {took:.1f} s; 20 MB of another topic {meanwhile:.1f} s, before {before:.1f} s"


def _directories(cluster: Cluster, topic: str) -> list[tuple[str, bool]]:
    """Where the replica lies, and whether it is the copy."""
    described = json.loads(tool_output(cluster, "kafka-log-dirs", "--describe", "--topic-list", topic).splitlines()[-1])
    return [(directory["logDir"], partition["isFuture"]) for broker in described["brokers"] for directory in broker["logDirs"]
            for partition in directory["partitions"]]


@in_cluster_of({1: "broker,controller"})
def a_replica_moves_between_directories(cluster: Cluster) -> str:
    """It is written to and read meanwhile, and the broker is killed in the middle."""
    broker = cluster.nodes[1]
    disks = [str(broker.folder / "disk-1"), str(broker.folder / "disk-2")]
    broker.properties["log.dirs"] = ",".join(disks)
    cluster.start()
    _topic(cluster, "orders", "1")
    cluster.thalweg(["produce", "orders"], _records(_MEGABYTES))
    [(source, _)] = _directories(cluster, "orders")
    target = next(disk for disk in disks if disk != source)
    wanted = pathlib.Path(broker.folder, "wanted.json")
    wanted.write_text(json.dumps({"version": 1, "partitions": [{"topic": "orders", "partition": 0, "replicas": [1], "log_dirs": [target]}]}))
    started = tool_output(cluster, "kafka-reassign-partitions", "--execute", "--reassignment-json-file", str(wanted),
                          "--replica-alter-log-dirs-throttle", "25000000")
    expect(started.endswith(f"Successfully started moving log directory to {target} for replica orders-0 with broker 1 \n"), started)
    expect_equal(sorted(_directories(cluster, "orders")), sorted([(source, False), (target, True)]), "places during the move")
    cluster.thalweg(["produce", "orders"], _records(1))
    broker.kill()
    expect(any(path.name.endswith("-future") for path in pathlib.Path(target).iterdir()), "there is no copy")
    cluster.start()
    cluster.thalweg(["produce", "orders"], _records(1))
    verified = ""
    for _ in until(LIMIT_SECONDS):
        verified = tool_output(cluster, "kafka-reassign-partitions", "--verify", "--reassignment-json-file", str(wanted))
        if "completed successfully" in verified:
            break
        cluster.thalweg(["produce", "orders"], "one more\n")
    expect("Reassignment of replica orders-0-1 completed successfully.\n" in verified, verified)
    expect_equal(_directories(cluster, "orders"), [(target, False)], "place after the move")
    held = len([line for line in cluster.thalweg(["consume", "orders"]).splitlines() if line != "one more"])
    expect_equal(held, (_MEGABYTES + 2) * 1_000_000 // _RECORD_BYTES, "records after the move")
    left = [path.name for path in pathlib.Path(source).iterdir() if path.name == "orders-0"]
    expect_equal(left, [], "the old folder")
    return f"{_MEGABYTES} MB, through a kill"


_RACK_AWARE = "org.apache.kafka.common.replica.RackAwareReplicaSelector"


def _sent(broker) -> int:
    """Bytes of records that the broker has sent to consumers."""
    with urllib.request.urlopen(broker.properties["metrics.listeners"] + "/metrics", timeout=LIMIT_SECONDS) as answer:
        lines = answer.read().decode().splitlines()
    return sum(int(float(line.split()[-1])) for line in lines if line.startswith('kafka_server_brokertopicmetrics_bytesout_total{topic="orders"'))


def _kcat(cluster: Cluster, rack: str, *more: str) -> subprocess.Popen:
    return subprocess.Popen(["kcat", "-C", "-b", cluster.bootstrap, "-t", "orders", "-p", "0", "-u", "-X", f"client.rack={rack}",
                             "-q", *more], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


@in_cluster
def consumers_read_in_their_rack(cluster: Cluster) -> str:
    """librdkafka is sent to the follower of its rack, sees what is written at once, and is not sent there when it has left the in-sync replicas."""
    if not shutil.which("kcat"):
        raise Skip("kcat is not installed")
    for node, broker in cluster.nodes.items():
        broker.properties |= {"broker.rack": f"rack-{node}", "replica.selector.class": _RACK_AWARE, "metrics.listeners": f"http://127.0.0.1:{free_port()}"}
    cluster.start()
    cluster.wait_for_each_other()
    _topic(cluster, "orders", "1:2:3")
    cluster.thalweg(["produce", "orders"], _records(5))
    begun = {node: _sent(broker) for node, broker in cluster.nodes.items()}
    count = 5 * 1_000_000 // _RECORD_BYTES
    consumer = _kcat(cluster, "rack-2", "-o", "beginning")
    for _ in range(count):
        consumer.stdout.readline()
    sent = {node: _sent(broker) - begun[node] for node, broker in cluster.nodes.items()}
    expect(sent[2] >= 5_000_000 and sent[1] < 1_000_000 and sent[3] == 0, f"bytes sent by broker: {sent}")
    slowest = 0.0
    for i in range(10):
        begun_at = time.monotonic()
        cluster.thalweg(["produce", "orders"], f"late {i}\n")
        expect_equal(consumer.stdout.readline(), f"late {i}\n", "what is read at the follower")
        slowest = max(slowest, time.monotonic() - begun_at)
    consumer.kill()
    consumer.wait()
    # One that was sent there may keep asking the dead broker for minutes, as librdkafka 2.0 does; whoever comes now is not sent there.
    cluster.nodes[2].kill()
    for _ in until(LIMIT_SECONDS):
        if 2 not in cluster.partitions("orders")[0]["in_sync"]:
            break
    late = _kcat(cluster, "rack-2", "-o", "beginning", "-c", str(count + 10))
    held = len(late.communicate(timeout=LIMIT_SECONDS)[0].splitlines())
    expect_equal(held, count + 10, "what is read when the replica of the rack is gone")
    return f"bytes by broker {sent}; a record is seen {slowest * 1000:.0f} ms after its command began at most"


def _loads(cluster: Cluster, topic: str) -> tuple[dict[int, int], dict[int, int]]:
    """How many replicas and how many leaders of the topic each broker has."""
    replicas, leaders = dict.fromkeys(cluster.nodes, 0), dict.fromkeys(cluster.nodes, 0)
    for row in json.loads(tool_output(cluster, "thalweg", "partition", "list", topic, "--output", "json")):
        leaders[row["leader"]] += 1
        for broker in row["replicas"]:
            replicas[broker] += 1
    return replicas, leaders


@in_cluster
def a_broker_that_has_nothing_gets_its_share(cluster: Cluster) -> str:
    """The command is killed in the middle, and a second one ends what it began."""
    cluster.start()
    cluster.wait_for_each_other()
    _topic(cluster, "orders", ",".join(["1:2", "2:1"] * 6))
    cluster.thalweg(["produce", "orders"], "".join(f"{i % 100}\t{'x' * 1_000}\n" for i in range(20_000)))
    planned = json.loads(tool_output(cluster, "thalweg", "cluster", "rebalance", "--dry-run", "--output", "json"))
    expect_equal(sum(3 in row["to"] for row in planned if row["topic"] == "orders"), 8, f"replicas for the new broker: {planned}")
    program = paths.thalweg_binary().resolve()
    first = subprocess.Popen([str(program), "cluster", "rebalance", "--throttle", "2000000", "--brokers", cluster.bootstrap],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in until(LIMIT_SECONDS):
        if "adding" in tool_output(cluster, "kafka-reassign-partitions", "--list"):
            break
    first.kill()
    first.wait()
    settings = tool_output(cluster, "kafka-configs", "--describe", "--entity-type", "topics", "--entity-name", "orders")
    expect("throttled.replicas" in settings, f"it was throttled: {settings}")
    tool_output(cluster, "thalweg", "cluster", "rebalance", "--throttle", "50000000")
    replicas, leaders = _loads(cluster, "orders")
    expect_equal(replicas, {1: 8, 2: 8, 3: 8}, "replicas")
    expect_equal(leaders, {1: 4, 2: 4, 3: 4}, "leaders")
    settings = tool_output(cluster, "kafka-configs", "--describe", "--entity-type", "topics", "--entity-name", "orders")
    expect("throttled" not in settings, f"throttles are left: {settings}")
    expect_equal(len(cluster.thalweg(["consume", "orders"]).splitlines()), 20_000, "records")
    return "8 replicas and 4 leaders each"


ALL = {
    "a broker that has nothing gets its share, through a kill of the command": a_broker_that_has_nothing_gets_its_share,
    "consumers read in their rack, and elsewhere when nobody is there": consumers_read_in_their_rack,
    "a replica moves between directories while it serves, and through a kill": a_replica_moves_between_directories,
    "a throttled move takes its time, and nothing else does": a_throttled_move_takes_its_time,
}

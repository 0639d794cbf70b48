"""Starting, stopping and misusing the server as an operator does."""

import collections
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time

from harness import paths
from harness.broker import ThalwegBroker
from harness.outcome import Failure, Skip, expect, expect_equal
from harness.wire import answers_metadata, free_port, wait_for_metadata

_STOP_LIMIT_SECONDS = 10


def _in_folder(body):
    """Gives a test a folder of its own and stops the brokers that it leaves."""
    def test() -> str | None:
        brokers: list[ThalwegBroker] = []

        def new(folder: pathlib.Path, **properties: str) -> ThalwegBroker:
            brokers.append(ThalwegBroker(folder, {k.replace("_", "."): v for k, v in properties.items()}))
            return brokers[-1]
        with tempfile.TemporaryDirectory(prefix="thalweg-system-") as folder:
            try:
                return body(pathlib.Path(folder), new)
            finally:
                for broker in brokers:
                    broker.kill()
    return test


@_in_folder
def stops_cleanly(folder, new):
    for name in (signal.SIGTERM, signal.SIGINT):
        broker = new(folder / name.name)
        broker.start()
        broker.process.send_signal(name)
        try:
            code = broker.process.wait(_STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failure(f"still there {_STOP_LIMIT_SECONDS} s after {name.name}") from None
        expect_equal(code, 0, f"exit code after {name.name}")
        expect((broker.data / ".kafka_cleanshutdown").exists(), f"no clean-shutdown marker after {name.name}")


@_in_folder
def stops_cleanly_when_told_twice(folder, new):
    """`timeout` and some supervisors signal the process and then its group."""
    broker = new(folder)
    broker.start()
    while broker.alive():
        broker.process.send_signal(signal.SIGTERM)
    expect_equal(broker.process.returncode, 0, "exit code after many SIGTERM")
    expect((broker.data / ".kafka_cleanshutdown").exists(), "no clean-shutdown marker after many SIGTERM")


@_in_folder
def stops_while_it_starts(folder, new):
    broker = new(folder)
    for milliseconds in range(0, 24, 2):
        broker.launch()
        time.sleep(milliseconds / 1000)
        broker.process.terminate()
        try:
            code = broker.process.wait(_STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failure(f"SIGTERM {milliseconds} ms after the start: still there {_STOP_LIMIT_SECONDS} s later") from None
        # Before it has begun to listen for signals, the system ends it.
        expect(code in (0, -signal.SIGTERM), f"SIGTERM {milliseconds} ms after the start: exit code {code}, {broker.log_tail()}")
    broker.start()


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        return False
    return True


@_in_folder
def listens_on_every_address(folder, new):
    broker = new(folder)
    broker.properties["listeners"] = f"PLAINTEXT://:{broker.port}"
    broker.start()
    if not _has_ipv6():
        raise Skip("no IPv6; IPv4 answers")
    expect(answers_metadata("::1", broker.port), "an empty host does not listen on ::1")


@_in_folder
def listens_on_an_ipv6_address(folder, new):
    if not _has_ipv6():
        raise Skip("no IPv6")
    broker = new(folder)
    broker.properties["listeners"] = broker.properties["advertised.listeners"] = f"PLAINTEXT://[::1]:{broker.port}"
    broker.launch()
    expect(wait_for_metadata("::1", broker.port, 10, broker.alive) is not None, f"no answer on ::1: {broker.log_tail()}")
    tool = [str(paths.thalweg_binary()), "topic"]
    server = ["--bootstrap-server", f"[::1]:{broker.port}"]
    for command in (["create", "six"], ["describe", "six"]):
        done = subprocess.run([*tool, *command, *server], capture_output=True, text=True, timeout=20)
        expect_equal(done.returncode, 0, f"thalweg topic {command[0]} over [::1]: {done.stdout}{done.stderr}")


@_in_folder
def starts_again_on_its_data(folder, new):
    broker = new(folder)
    broker.start()
    first = (broker.data / "meta.properties").read_text()
    broker.stop()
    broker.start()
    cluster = [line for line in first.splitlines() if line.startswith("cluster.id=")]
    again = (broker.data / "meta.properties").read_text().splitlines()
    expect(bool(cluster) and cluster[0] in again, f"another cluster id after a restart: {again}")


@_in_folder
def refuses_a_folder_in_use(folder, new):
    first = new(folder / "one")
    first.start()
    second = new(folder / "two", log_dirs=str(first.data))
    second.launch()
    try:
        code = second.process.wait(10)
    except subprocess.TimeoutExpired:
        raise Failure("two servers run on one data folder") from None
    expect(code != 0, "the second server exits 0")
    expect("lock" in second.log_tail().lower() or "in use" in second.log_tail(), f"it does not say why: {second.log_tail()}")
    expect(answers_metadata("127.0.0.1", first.port), "the first server was disturbed")


@_in_folder
def refuses_a_taken_port(folder, new):
    first = new(folder / "one")
    first.start()
    second = new(folder / "two", listeners=f"PLAINTEXT://127.0.0.1:{first.port}")
    second.launch()
    try:
        code = second.process.wait(10)
    except subprocess.TimeoutExpired:
        raise Failure("two servers listen on one port") from None
    expect(code != 0 and str(first.port) in second.log_tail(), f"exit code {code}, says {second.log_tail()}")


@_in_folder
def warns_of_unknown_options(folder, new):
    broker = new(folder, num_partitons="3")
    broker.start()
    said = broker.log_path.read_text()
    expect("num.partitons" in said and "num.partitions" in said, f"the misspelt name, and the nearest known one: {said}")


@_in_folder
def says_who_changed_what(folder, new):
    broker = new(folder)
    broker.start()
    server = f"127.0.0.1:{broker.port}"

    def tool(*words: str) -> None:
        done = subprocess.run([str(paths.thalweg_binary()), *words, "--brokers", server], capture_output=True, text=True, timeout=30,
                              input="hello\n")
        expect(done.returncode == 0, f"thalweg {' '.join(words)}: {done.stderr}")

    tool("topic", "create", "orders", "--partitions", "2")
    tool("topic", "alter", "orders", "--partitions", "3")
    tool("config", "set", "--topic", "orders", "retention.ms=60000")
    tool("produce", "orders")
    tool("consume", "orders", "--group", "billing", "--count", "1")
    tool("group", "delete", "billing")
    tool("topic", "delete", "orders")
    lines = broker.log_path.read_text().splitlines()
    for event, name in (("topic created", "topic=orders"), ("partitions added", "partitions=3"), ("configuration changed", "name=orders"),
                        ("group created", "group=billing"), ("group deleted", "group=billing"), ("topic deleted", "topic=orders")):
        said = [line for line in lines if f" {event} " in line and name in line]
        expect(len(said) == 1 and "User:ANONYMOUS@127.0.0.1" in said[0], f"one line of {event!r} with {name} and who did it: {said}")


@_in_folder
def reports_all_bad_values_at_once(folder, new):
    broker = new(folder, num_partitions="many", log_retention_hours="soon")
    broker.launch()
    try:
        code = broker.process.wait(10)
    except subprocess.TimeoutExpired:
        raise Failure("a server starts on a configuration that makes no sense") from None
    said = broker.log_path.read_text()
    expect(code != 0, "exit code 0")
    expect("num.partitions" in said and "log.retention.hours" in said, f"not every bad value is reported: {said}")


# The environments of compose files that people have: the guide's (of Confluent's image, which listens where it advertises), one
# for clients inside and outside the container's network, and one of Apache Kafka's image. PORT and OTHER are free ports.
_COMPOSE = {
    "the guide's": {
        "KAFKA_BROKER_ID": "1", "KAFKA_ZOOKEEPER_CONNECT": "zookeeper:2181", "KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://localhost:PORT",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1", "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "true"},
    "two listeners": {
        "KAFKA_BROKER_ID": "1", "KAFKA_ZOOKEEPER_CONNECT": "zookeeper:2181", "KAFKA_INTER_BROKER_LISTENER_NAME": "PLAINTEXT",
        "KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://kafka:OTHER,PLAINTEXT_HOST://localhost:PORT", "KAFKA_HEAP_OPTS": "-Xmx1g",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT"},
    "KRaft": {
        "KAFKA_NODE_ID": "1", "KAFKA_PROCESS_ROLES": "broker,controller", "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": "PLAINTEXT://0.0.0.0:PORT,CONTROLLER://localhost:OTHER", "KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://localhost:PORT",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:OTHER", "CLUSTER_ID": "MkU3OEVBNTcwNTJENDM2Qg"},
    "Bitnami's": {
        "KAFKA_CFG_NODE_ID": "1", "KAFKA_CFG_PROCESS_ROLES": "broker,controller", "KAFKA_CFG_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CFG_LISTENERS": "PLAINTEXT://:PORT,CONTROLLER://:OTHER", "KAFKA_CFG_ADVERTISED_LISTENERS": "PLAINTEXT://localhost:PORT",
        "KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_CFG_CONTROLLER_QUORUM_VOTERS": "1@localhost:OTHER", "KAFKA_KRAFT_CLUSTER_ID": "MkU3OEVBNTcwNTJENDM2Qg"},
}


def _command_of_the_image() -> list[str]:
    """What the container image runs, with the binary and the configuration file of this tree."""
    image = (paths.REPOSITORY / "packaging" / "docker" / "Dockerfile").read_text()
    entry, arguments = (json.loads(re.search(rf"^{word} (\[.*\])$", image, re.M)[1]) for word in ("ENTRYPOINT", "CMD"))
    here = {"/usr/bin/thalweg": str(paths.thalweg_binary()),
            "/etc/thalweg/server.properties": str(paths.REPOSITORY / "packaging" / "docker" / "server.properties")}
    return [here.get(word, word) for word in entry + arguments]


@_in_folder
def takes_the_environment_of_a_container(folder, new):
    others = {f"KAFKA_{what}_LISTENERS": f"http://127.0.0.1:{free_port()}" for what in ("METRICS", "CONSOLE", "SCHEMA_REGISTRY")}
    for name, variables in _COMPOSE.items():
        port, other = free_port(), free_port()
        environment = {k: v.replace("PORT", str(port)).replace("OTHER", str(other)) for k, v in variables.items()}
        environment |= {"PATH": os.environ["PATH"], "KAFKA_LOG_DIRS": str(folder / name), **others}
        with open(folder / "log", "w") as log:
            server = subprocess.Popen(_command_of_the_image(), stdout=log, stderr=log, env=environment)
            try:
                answered = wait_for_metadata("localhost", port, 60, lambda: server.poll() is None)
                server.terminate()  # a stop in order: one shard may answer before the start is over and told in the log
                server.wait(_STOP_LIMIT_SECONDS)
            finally:
                server.kill()
                server.wait()
        said = (folder / "log").read_text()
        expect(answered is not None, f"compose file '{name}': no answer on the advertised port: {said}")
        if cluster := variables.get("CLUSTER_ID") or variables.get("KAFKA_KRAFT_CLUSTER_ID"):
            expect(f"cluster={cluster}" in said, f"compose file '{name}': another cluster id: {said}")
        warnings = [line for line in said.splitlines() if " WARN " in line and "this host does not know" not in line]
        expect_equal(len(warnings), int("KAFKA_ZOOKEEPER_CONNECT" in variables), f"compose file '{name}': warnings in {said}")


def _environments_of_the_cluster() -> dict[str, dict[str, str]]:
    """The variables of each service of the compose file for a cluster."""
    text = (paths.REPOSITORY / "packaging" / "docker" / "docker-compose-cluster.yml").read_text().partition("\nvolumes:")[0]
    services = re.split(r"^  (kafka\d):\n", text, flags=re.M)[1:]
    return {name: dict(re.findall(r"^      (KAFKA_\w+): (.*)$", body, re.M)) for name, body in zip(services[::2], services[1::2], strict=True)}


@_in_folder
def takes_the_environments_of_a_cluster(folder, new):
    """Addresses of containers become free ports of this machine, alike in every variable of every service."""
    services, ports = _environments_of_the_cluster(), collections.defaultdict(free_port)
    servers = []
    try:
        limit = time.monotonic() + 60
        for name, variables in services.items():
            def here(match, name=name):
                host, port = match.groups()
                return f"127.0.0.1:{ports[(name if host in ('0.0.0.0', 'localhost') else host, port)]}"
            environment = {k: re.sub(r"(0\.0\.0\.0|localhost|kafka\d):(\d+)", here, v) for k, v in variables.items()}
            environment |= {"PATH": os.environ["PATH"], "KAFKA_LOG_DIRS": str(folder / name), "KAFKA_METRICS_LISTENERS": "",
                            "KAFKA_SCHEMA_REGISTRY_LISTENERS": "",
                            "KAFKA_CONSOLE_LISTENERS": f"http://127.0.0.1:{free_port()}"}
            with open(folder / f"{name}.log", "w") as log:
                servers.append(subprocess.Popen(_command_of_the_image(), stdout=log, stderr=log, env=environment))
        first = ports[("kafka1", "9092")]
        answered = wait_for_metadata("127.0.0.1", first, 60, lambda: servers[0].poll() is None)
        expect(answered is not None, f"no answer: {(folder / 'kafka1.log').read_text()}")
        create = [str(paths.thalweg_binary()), "topic", "create", "orders", "--replicas", "3", "--brokers", f"127.0.0.1:{first}"]
        # The others may not be registered yet.
        while (created := subprocess.run(create, capture_output=True, text=True, timeout=60)).returncode:
            logs = (f"{name} ({server.poll()}): {(folder / f'{name}.log').read_text()[-1500:]}" for name, server in zip(services, servers))
            expect(time.monotonic() < limit, f"no topic with three replicas: {created.stderr}\n" + "\n".join(logs))
            time.sleep(0.1)
    finally:
        for server in servers:
            server.kill()
            server.wait()
    return f"{len(services)} services"


_LARGEST, _LARGEST_INT = str(2**63 - 1), str(2**31 - 1)
_EXTREMES = {
    "the largest": {
        **{name: _LARGEST for name in (
            "connections.max.idle.ms", "leader.imbalance.check.interval.seconds", "log.flush.interval.messages",
            "log.flush.interval.ms", "log.message.timestamp.after.max.ms", "log.message.timestamp.before.max.ms",
            "log.retention.bytes", "log.retention.check.interval.ms", "log.retention.ms", "log.roll.jitter.ms", "log.roll.ms",
            "log.segment.delete.delay.ms", "offsets.retention.check.interval.ms", "queued.max.request.bytes")},
        **{name: _LARGEST_INT for name in (
            "fetch.max.bytes", "group.initial.rebalance.delay.ms", "group.max.session.timeout.ms", "group.max.size",
            "initial.broker.registration.timeout.ms", "log.flush.offset.checkpoint.interval.ms",
            "log.flush.start.offset.checkpoint.interval.ms", "log.index.interval.bytes", "log.index.size.max.bytes",
            "log.segment.bytes", "max.connection.creation.rate", "max.connections", "max.connections.per.ip",
            "max.incremental.fetch.session.cache.slots", "offset.metadata.max.bytes", "offsets.retention.minutes",
            "offsets.topic.segment.bytes", "producer.id.expiration.ms", "broker.session.timeout.ms")},
        "default.replication.factor": "1", "thalweg.shards": "3"},
    "the smallest": {
        "connections.max.idle.ms": "-1", "fetch.max.bytes": "1024", "group.initial.rebalance.delay.ms": "-1",
        "group.min.session.timeout.ms": "-1", "leader.imbalance.check.interval.seconds": "1", "log.flush.interval.messages": "1",
        "log.flush.interval.ms": "0", "log.flush.offset.checkpoint.interval.ms": "0", "log.flush.start.offset.checkpoint.interval.ms": "0",
        "log.index.interval.bytes": "0", "log.index.size.max.bytes": "4", "log.retention.bytes": "-1",
        "log.retention.check.interval.ms": "1", "log.retention.ms": "-9223372036854775808", "log.roll.ms": "1",
        "log.segment.bytes": "1048576", "log.segment.delete.delay.ms": "0", "max.incremental.fetch.session.cache.slots": "0",
        "offset.metadata.max.bytes": "0", "offsets.retention.check.interval.ms": "1", "offsets.topic.num.partitions": "1",
        "producer.id.expiration.ms": "1", "queued.max.request.bytes": "-1", "socket.listen.backlog.size": "1",
        "socket.receive.buffer.bytes": "-1", "socket.send.buffer.bytes": "-1", "broker.heartbeat.interval.ms": "1"},
    "around one": {"connections.max.idle.ms": "101", "max.incremental.fetch.session.cache.slots": "1",
                             "queued.max.request.bytes": "104857600", "socket.receive.buffer.bytes": "0", "thalweg.shards": "3"},
}


@_in_folder
def serves_at_the_extremes_of_its_options(folder, new):
    """What was written is read again, also after a restart, and an idle server does nothing."""
    for name, properties in _EXTREMES.items():
        broker = new(folder / name.replace(" ", "-"))
        broker.properties |= properties
        tool = [str(paths.thalweg_binary())]
        for expected in ("one\n", "one\ntwo\n"):
            broker.start()
            word = expected.split()[-1]
            done = subprocess.run([*tool, "produce", "orders", "--brokers", broker.bootstrap], input=word + "\n", text=True,
                                  capture_output=True, timeout=30)
            expect_equal(done.returncode, 0, f"exit code of produce at {name}: {done.stderr}")
            read = subprocess.run([*tool, "consume", "orders", "--brokers", broker.bootstrap], text=True, capture_output=True,
                                  timeout=30)
            expect_equal(read.stdout, expected, f"what is read at {name}, {read.stderr}")
            before = _cpu_seconds(broker.process.pid)
            time.sleep(1)
            busy = _cpu_seconds(broker.process.pid) - before
            expect(busy < 0.7, f"at {name} an idle server used {busy:.2f} s of a second")
            broker.stop()
            said = broker.log_path.read_text()
            expect(" ERROR " not in said, f"errors at {name}: {said}")


def _cpu_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@_in_folder
def says_which_advertised_name_is_unknown(folder, new):
    broker = new(folder)
    broker.properties |= {"advertised.listeners": f"PLAINTEXT://no-such-host.invalid:{broker.port}"}
    broker.start()
    end = time.monotonic() + 20
    while time.monotonic() < end and "this host does not know" not in broker.log_path.read_text():
        time.sleep(0.05)
    said = [line for line in broker.log_path.read_text().splitlines() if "this host does not know" in line]
    expect(len(said) == 1 and " WARN " in said[0] and "advertised.listeners" in said[0] and "no-such-host.invalid" in said[0],
           f"a warning that names the option: {said}")


@_in_folder
def refuses_to_listen_on_an_unknown_name(folder, new):
    broker = new(folder)
    broker.properties |= {"listeners": f"PLAINTEXT://no-such-host.invalid:{broker.port}"}
    broker.launch()
    expect(broker.process.wait(30) != 0, "exit code 0")
    expect("no-such-host.invalid" in broker.log_path.read_text(), f"the name: {broker.log_path.read_text()}")


@_in_folder
def listens_on_a_free_port(folder, new):
    broker = new(folder)
    free = "PLAINTEXT://127.0.0.1:0"
    broker.properties |= {"listeners": free, "advertised.listeners": free, "thalweg.shards": "3"}
    broker.launch()
    end = time.monotonic() + 20
    while time.monotonic() < end and broker.alive() and "broker started" not in broker.log_path.read_text():
        time.sleep(0.02)
    said = broker.log_path.read_text()
    port = re.search(r"listener=PLAINTEXT://127\.0\.0\.1:(\d+) advertised=PLAINTEXT://127\.0\.0\.1:\1\b", said)
    expect(port is not None, f"the port that was found, listened on and advertised: {said}")
    for _ in range(20):  # whichever shard the kernel chooses
        expect(answers_metadata("127.0.0.1", int(port[1])), "an answer on that port")


@_in_folder
def starts_within_100_ms(folder, new):
    """On an empty folder, exec to the first Metadata answer; the best of some, since other work runs here too."""
    seconds = []
    while not seconds or (min(seconds) >= 0.1 and len(seconds) < 30):
        broker = new(folder / str(len(seconds)))
        started = time.monotonic()
        broker.start()
        seconds.append(time.monotonic() - started)
        broker.stop()
    said = f"{1000 * min(seconds):.0f} ms"
    expect(min(seconds) < 0.1, said)
    return said


def _guard(test):
    def guarded():
        if paths.thalweg_binary() is None:
            raise Skip("no thalweg binary")
        return test()
    return guarded


ALL = {name: _guard(test) for name, test in {
    "SIGTERM and SIGINT stop the server cleanly": stops_cleanly,
    "SIGTERM twice is still a clean stop": stops_cleanly_when_told_twice,
    "SIGTERM while the server starts stops it": stops_while_it_starts,
    "an empty host in listeners is every address of IPv4 and IPv6": listens_on_every_address,
    "an IPv6 address in listeners, in advertised.listeners and for the command line": listens_on_an_ipv6_address,
    "the cluster id survives a restart": starts_again_on_its_data,
    "a second server on the same data folder is refused": refuses_a_folder_in_use,
    "a server on a taken port says so": refuses_a_taken_port,
    "an unknown option is a warning with the nearest name": warns_of_unknown_options,
    "the log says what changed the cluster, and by whom": says_who_changed_what,
    "all bad values are reported at once": reports_all_bad_values_at_once,
    "the image's command runs on the variables of compose files": takes_the_environment_of_a_container,
    "the image's command makes a cluster on the variables of its compose file": takes_the_environments_of_a_cluster,
    "port 0 is one free port for every shard": listens_on_a_free_port,
    "options at their extremes: the server serves, and an idle one is idle": serves_at_the_extremes_of_its_options,
    "an advertised name that does not resolve is a warning that says what to set": says_which_advertised_name_is_unknown,
    "a listener's name that does not resolve stops the start": refuses_to_listen_on_an_unknown_name,
    "the server answers within 100 ms of its start": starts_within_100_ms,
}.items()}

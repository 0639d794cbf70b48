"""Three nodes on this machine that are one cluster: Thalweg's, Apache Kafka's, or Apache Kafka's that sync what they acknowledge."""

import pathlib
import subprocess
import time

from harness import kafka_dist
from harness.broker import Broker, KafkaBroker, ThalwegBroker
from harness.outcome import Failure
from harness.process import cpu_seconds, resident_mib
from harness.wire import free_port

NODES = (1, 2, 3)
_CLUSTER_ID = "AAAAAAAAQACAAAAAAAAAAg"
_DIRECTORIES = {node: f"AAAAAAAAQACAAAAAAAAA{node}g" for node in NODES}
_KAFKA_JVM = ["-Xms512m", "-Xmx512m", *(option for option in kafka_dist.BROKER_JVM if not option.startswith("-Xm"))]
_TOOL_LIMIT_SECONDS = 90
KINDS = {"thalweg": {}, "kafka": {}, "kafka-fsync": {"log.flush.interval.messages": "1"}}


class KafkaOfThree(KafkaBroker):
    """One whose voters are listed, in its properties or when its folder is formatted, and not --standalone."""

    initial_controllers = ""

    def command(self) -> list[str]:
        properties = self._write_properties({})
        if not (self.data / "meta.properties").exists():
            founders = ["--initial-controllers", self.initial_controllers] if self.initial_controllers else []
            done = subprocess.run(kafka_dist.tool("kafka-storage", "format", "-t", _CLUSTER_ID, "-c", str(properties), *founders),
                                  capture_output=True, text=True, timeout=_TOOL_LIMIT_SECONDS)
            if done.returncode:
                raise Failure(f"kafka-storage format: {done.stdout}{done.stderr}")
        return kafka_dist.server(properties, self.jvm)


class Three:
    """Brokers and controllers 1, 2 and 3, configured alike: three replicas, two of which must have a record.

    Who votes is said in the file, or with `by_request` by nobody, so that votes can be given and taken (KIP-853). Of
    `properties` NODE becomes the number of the node."""

    def __init__(self, kind: str, folder: pathlib.Path, binary: pathlib.Path | None = None, by_request: bool = False,
                 properties: dict[str, str] | None = None):
        controllers = {node: free_port() for node in NODES}
        self.nodes: list[Broker] = []
        self.controllers = controllers
        for node in NODES:
            home = folder / f"node-{node}"
            broker = ThalwegBroker(home, binary=binary) if kind == "thalweg" else KafkaOfThree(home, jvm=_KAFKA_JVM)
            broker.properties |= self._properties(node, broker, controllers) | KINDS[kind]
            broker.properties |= {name: value.replace("NODE", str(node)) for name, value in (properties or {}).items()}
            if by_request:
                self._vote_by_request(broker, controllers)
            self.nodes.append(broker)
        self.bootstrap = ",".join(broker.bootstrap for broker in self.nodes)

    @staticmethod
    def _vote_by_request(broker: Broker, controllers: dict[int, int]) -> None:
        del broker.properties["controller.quorum.voters"]
        broker.properties["controller.quorum.bootstrap.servers"] = ",".join(f"127.0.0.1:{port}" for port in controllers.values())
        if isinstance(broker, KafkaOfThree):
            broker.initial_controllers = ",".join(f"{node}@127.0.0.1:{port}:{_DIRECTORIES[node]}" for node, port in controllers.items())

    @staticmethod
    def _properties(node: int, broker: Broker, controllers: dict[int, int]) -> dict[str, str]:
        listeners = f"PLAINTEXT://127.0.0.1:{broker.port},CONTROLLER://127.0.0.1:{controllers[node]}"
        own = {"metrics.listeners": "", "schema.registry.listeners": ""} if isinstance(broker, ThalwegBroker) else {}
        return own | {
            "process.roles": "broker,controller",
            "node.id": str(node),
            "controller.quorum.voters": ",".join(f"{n}@127.0.0.1:{port}" for n, port in controllers.items()),
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "listeners": listeners,
            "advertised.listeners": listeners,
            "log.dirs": str(broker.data),
            "default.replication.factor": "3",
            "min.insync.replicas": "2",
            "offsets.topic.replication.factor": "3",
        }

    def start(self) -> float:
        """Seconds from the first process until the last has answered."""
        for broker in self.nodes:
            broker.command()  # formats the folder: not part of a start
        began = time.monotonic()
        for broker in self.nodes:
            broker.launch()
        for broker in self.nodes:
            broker.wait_until_ready()
        return time.monotonic() - began

    def kill(self) -> None:
        for broker in self.nodes:
            broker.kill()

    def create(self, topic: str, partitions: int) -> None:
        """Kafka's own tool, which costs both clusters the same; asked again until all three brokers are there."""
        command = kafka_dist.tool("kafka-topics", "--bootstrap-server", self.bootstrap, "--create", "--topic", topic, "--if-not-exists",
                                  "--partitions", str(partitions), "--replication-factor", str(len(NODES)))
        end = time.monotonic() + _TOOL_LIMIT_SECONDS
        while True:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_TOOL_LIMIT_SECONDS)
            if not done.returncode:
                return
            if time.monotonic() > end:
                raise Failure(f"creating {topic}: {done.stdout}{done.stderr}{self.nodes[0].log_tail()}")
            time.sleep(1)

    def cpu_seconds(self) -> float:
        return sum(cpu_seconds(broker.pid) for broker in self.nodes)

    def resident_mib(self) -> float:
        return sum(resident_mib(broker.pid) for broker in self.nodes)

    def log_tail(self) -> str:
        return "\n".join(broker.log_tail(5) for broker in self.nodes)

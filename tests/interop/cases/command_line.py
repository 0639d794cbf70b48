"""Command lines: Apache Kafka's tools against the broker, and Thalweg's own under the same names, in the same cases."""

import json
import re
from collections.abc import Callable

from harness import kafka_dist, paths
from harness.case import Case, Context, Registry
from harness.outcome import Skip, expect, expect_equal

registry = Registry()


class Tools:
    """One set of command line tools; runs them with --bootstrap-server and returns what they print."""

    def __init__(self, context: Context, command: Callable[..., list[str]]):
        self.context = context
        self.command = command

    def run(self, tool: str, *arguments: str, stdin: str | None = None, check: bool = True):
        command = self.command(tool, "--bootstrap-server", self.context.broker.bootstrap, *arguments)
        return self.context.run(command, stdin=stdin, check=check)

    def out(self, tool: str, *arguments: str, stdin: str | None = None) -> str:
        return self.run(tool, *arguments, stdin=stdin).stdout

    def create(self, topic: str, partitions: int, *arguments: str) -> None:
        self.out("kafka-topics", "--create", "--topic", topic, "--partitions", str(partitions), *arguments)


def _thalweg_command(context: Context) -> Callable[..., list[str]]:
    """The binary answers by the name under which it is called."""
    binary = paths.thalweg_binary()
    if binary is None:
        raise Skip("no thalweg binary")

    def command(tool: str, *arguments: str) -> list[str]:
        link = context.folder / tool
        if not link.exists():
            link.symlink_to(binary.resolve())
        return [str(link), *arguments]
    return command


def topics(context: Context, tools: Tools) -> None:
    topic = context.prefix + "user-events"
    # The guide's two commands.
    created = tools.out("kafka-topics", "--create", "--topic", topic, "--partitions", "3", "--replication-factor", "1")
    expect_equal(created.strip(), f"Created topic {topic}.", "create")
    expect(topic in tools.out("kafka-topics", "--list").split(), "the topic is not listed")
    again = tools.run("kafka-topics", "--create", "--topic", topic, check=False)
    expect_equal(again.returncode, 1, "exit code of creating it again")
    expect("already exists" in again.stdout + again.stderr, f"creating it again says {again.stdout}{again.stderr}")
    described = tools.out("kafka-topics", "--describe", "--topic", topic).splitlines()
    expect(re.match(rf"Topic: {topic}\tTopicId: \S{{22}}\tPartitionCount: 3\tReplicationFactor: 1\tConfigs: ", described[0]),
           f"describe: {described[0]}")
    leader = re.search(r"Leader: (\d+)", described[1])[1]
    for partition, line in enumerate(described[1:4]):
        expect(line.startswith(f"\tTopic: {topic}\tPartition: {partition}\tLeader: {leader}\tReplicas: {leader}\tIsr: {leader}"), line)
    tools.out("kafka-topics", "--alter", "--topic", topic, "--partitions", "5")
    expect("PartitionCount: 5" in tools.out("kafka-topics", "--describe", "--topic", topic), "partitions after --alter")
    tools.out("kafka-topics", "--delete", "--topic", topic)
    expect(topic not in tools.out("kafka-topics", "--list").split(), "a deleted topic is listed")


def console(context: Context, tools: Tools) -> None:
    topic = context.prefix + "console"
    tools.create(topic, 1)
    lines = [f"h1:v{i}\tkey{i % 7}\tvalue {i}" for i in range(500)]
    tools.out("kafka-console-producer", "--topic", topic, "--property", "parse.key=true", "--property", "parse.headers=true",
              "--compression-codec", "zstd", "--producer-property", "acks=all", stdin="\n".join(lines) + "\n")
    read = tools.out("kafka-console-consumer", "--topic", topic, "--from-beginning", "--max-messages", "500", "--timeout-ms", "30000",
                     "--property", "print.key=true", "--property", "print.headers=true", "--property", "print.partition=true",
                     "--property", "print.offset=true", "--property", "print.timestamp=true").splitlines()
    read = [line for line in read if not line.startswith("Option --property is deprecated")]
    for i, (line, want) in enumerate(zip(read, lines, strict=True)):
        match = re.fullmatch(r"CreateTime:\d{13}\tPartition:0\tOffset:(\d+)\t(.*)", line)
        expect(match is not None and match[1] == str(i) and match[2] == want, f"line {i}: {line!r}, want {want!r}")
    some = tools.out("kafka-console-consumer", "--topic", topic, "--partition", "0", "--offset", "498", "--max-messages", "2", "--timeout-ms", "20000")
    expect_equal(some.splitlines(), ["value 498", "value 499"], "from an offset")


def groups(context: Context, tools: Tools) -> None:
    topic, group = context.prefix + "groups", context.prefix + "g"
    tools.create(topic, 2)
    tools.out("kafka-console-producer", "--topic", topic, stdin="".join(f"{i}\n" for i in range(100)))
    read = tools.out("kafka-console-consumer", "--topic", topic, "--group", group, "--from-beginning", "--max-messages", "100", "--timeout-ms", "30000")
    expect_equal(sorted(map(int, read.split())), list(range(100)), "what the group read")
    expect(group in tools.out("kafka-consumer-groups", "--list").split(), "the group is not listed")

    def described() -> dict[str, list[str]]:
        rows = [line.split() for line in tools.out("kafka-consumer-groups", "--describe", "--group", group).splitlines()]
        return {row[2]: row[3:6] for row in rows if row[:2] == [group, topic]}
    ends = described()
    expect_equal(sorted(ends), ["0", "1"], "partitions described")
    expect_equal([row[2] for row in ends.values()], ["0", "0"], "lag")
    expect_equal(sum(int(row[0]) for row in ends.values()), 100, "committed offsets together")
    reset = tools.out("kafka-consumer-groups", "--group", group, "--topic", topic, "--reset-offsets", "--to-earliest", "--execute")
    expect_equal(sorted(line.split()[1:] for line in reset.splitlines() if line.startswith(group)),
                 [[topic, "0", "0"], [topic, "1", "0"]], "reset")
    expect_equal(sum(int(row[2]) for row in described().values()), 100, "lag together after the reset")
    deleted = tools.out("kafka-consumer-groups", "--delete", "--group", group)
    expect("was successful" in deleted, f"delete: {deleted}")
    expect(group not in tools.out("kafka-consumer-groups", "--list").split(), "a deleted group is listed")


def configs(context: Context, tools: Tools) -> None:
    topic = context.prefix + "configs"
    tools.create(topic, 1, "--config", "retention.ms=3600000")
    entity = ["--entity-type", "topics", "--entity-name", topic]
    described = tools.out("kafka-configs", "--describe", *entity)
    expect("retention.ms=3600000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=3600000" in described, f"describe: {described}")
    altered = tools.out("kafka-configs", "--alter", *entity, "--add-config", "cleanup.policy=[compact,delete],max.message.bytes=2000000", "--delete-config", "retention.ms")
    expect_equal(altered.strip(), f"Completed updating config for topic {topic}.", "alter")
    described = tools.out("kafka-configs", "--describe", *entity)
    expect("cleanup.policy=compact,delete" in described and "max.message.bytes=2000000" in described and "retention.ms" not in described,
           f"describe after alter: {described}")
    bad = tools.run("kafka-configs", "--alter", *entity, "--add-config", "retention.ms=soon", check=False)
    expect(bad.returncode == 1, "a bad value is taken")


def offsets(context: Context, tools: Tools) -> None:
    topic = context.prefix + "offsets"
    tools.create(topic, 1)
    tools.out("kafka-console-producer", "--topic", topic, stdin="".join(f"{i}\n" for i in range(50)))
    expect_equal(tools.out("kafka-get-offsets", "--topic", topic).split(), [f"{topic}:0:50"], "latest")
    expect_equal(tools.out("kafka-get-offsets", "--topic", topic, "--time", "earliest").split(), [f"{topic}:0:0"], "earliest")
    expect_equal(tools.out("kafka-get-offsets", "--topic", topic, "--time", "1000").split(), [f"{topic}:0:0"], "for a time long ago")


def delete_records(context: Context, tools: Tools) -> None:
    topic = context.prefix + "delete-records"
    tools.create(topic, 1)
    tools.out("kafka-console-producer", "--topic", topic, stdin="".join(f"{i}\n" for i in range(50)))
    request = context.folder / "delete.json"
    request.write_text(json.dumps({"version": 1, "partitions": [{"topic": topic, "partition": 0, "offset": 20}]}))
    done = tools.out("kafka-delete-records", "--offset-json-file", str(request))
    expect(f"partition: {topic}-0\tlow_watermark: 20" in done, f"delete records: {done}")
    expect_equal(tools.out("kafka-get-offsets", "--topic", topic, "--time", "earliest").split(), [f"{topic}:0:20"], "earliest")
    read = tools.out("kafka-console-consumer", "--topic", topic, "--from-beginning", "--max-messages", "30", "--timeout-ms", "30000")
    expect_equal(read.split(), [str(i) for i in range(20, 50)], "what is left")


def api_versions(context: Context, tools: Tools) -> None:
    out = tools.out("kafka-broker-api-versions")
    for api in ("Produce(0)", "Fetch(1)", "ListOffsets(2)", "Metadata(3)", "ApiVersions(18)", "CreateTopics(19)", "JoinGroup(11)"):
        expect(re.search(rf"{re.escape(api)}: .*usable: \d+", out) is not None, f"{api} is not usable: {out[:500]}")


def _body(case: Callable[[Context, Tools], None], command: Callable[[Context], Callable[..., list[str]]]):
    return lambda context: case(context, Tools(context, command(context)))


_SHARED = {"topics": topics, "console": console, "groups": groups, "configs": configs, "offsets": offsets}
_KAFKA_ONLY = {"delete-records": delete_records, "api-versions": api_versions}

for _name, _case in {**_SHARED, **_KAFKA_ONLY}.items():
    registry.add(Case(f"kafka-tools-{kafka_dist.VERSION}/{_name}", _body(_case, lambda _: kafka_dist.tool), limit_seconds=60))
for _name, _case in _SHARED.items():
    registry.add(Case(f"thalweg-tools/{_name}", _body(_case, _thalweg_command), limit_seconds=60))

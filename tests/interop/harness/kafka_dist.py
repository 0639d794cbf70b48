"""Apache Kafka from Maven Central: its jars are copied once into the cache, then run with plain `java`."""

import contextlib
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

from . import paths
from .once import PREPARING
from .outcome import Skip

_POM = paths.SUITE / "java" / "pom.xml"
VERSION = re.search("<kafka.version>(.*)</kafka.version>", _POM.read_text())[1]

_CLASSES = {
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-console-producer": "org.apache.kafka.tools.ConsoleProducer",
    "kafka-console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-get-offsets": "org.apache.kafka.tools.GetOffsetShell",
    "kafka-delete-records": "org.apache.kafka.tools.DeleteRecordsCommand",
    "kafka-dump-log": "org.apache.kafka.tools.DumpLogSegments",
    "kafka-broker-api-versions": "org.apache.kafka.tools.BrokerApiVersionsCommand",
    "kafka-metadata-quorum": "org.apache.kafka.tools.MetadataQuorumCommand",
    "kafka-reassign-partitions": "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
    "kafka-leader-election": "org.apache.kafka.tools.LeaderElectionCommand",
    "kafka-log-dirs": "org.apache.kafka.tools.LogDirsCommand",
    "kafka-features": "org.apache.kafka.tools.FeatureCommand",
    "kafka-cluster": "org.apache.kafka.tools.ClusterTool",
    "kafka-storage": "kafka.tools.StorageTool",
    "kafka-transactions": "org.apache.kafka.tools.TransactionsCommand",
    "kafka-server": "kafka.Kafka",
}

# Short-lived tools: no second compiler, no parallel collector. It halves their start.
_TOOL_JVM = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Djava.awt.headless=true"]
BROKER_JVM = ["-Xms1g", "-Xmx1g", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-Djava.awt.headless=true"]

_LOG4J = """<Configuration status="WARN"><Appenders><Console name="E" target="{target}">
<PatternLayout pattern="[%d] %p %m (%c)%n"/></Console></Appenders>
<Loggers><Root level="{level}"><AppenderRef ref="E"/></Root></Loggers></Configuration>
"""


def libs() -> pathlib.Path:
    """The folder of jars, fetched on first use."""
    if not shutil.which("java"):
        raise Skip("java is not installed (openjdk-17-jre-headless)")
    folder = paths.cache() / f"kafka-{VERSION}"
    with PREPARING:
        if not (folder / "complete").exists():
            _fetch(folder)
    return folder


def _fetch(folder: pathlib.Path) -> None:
    partial = _copied_jars(_POM, folder, f"Apache Kafka {VERSION}")
    for name, target, level in (("broker", "SYSTEM_OUT", "INFO"), ("tools", "SYSTEM_ERR", "WARN")):
        (partial / f"log4j2-{name}.xml").write_text(_LOG4J.format(target=target, level=level))
    _complete(partial, folder)


def more_libs(pom: str, version: str) -> pathlib.Path:
    """The folder of the jars that java/POM names, in this version: to stand before Kafka's own on a class path."""
    folder = paths.cache() / f"{pom.removesuffix('.pom.xml')}-{version}"
    with PREPARING:
        if not (folder / "complete").exists():
            _complete(_copied_jars(_POM.parent / pom, folder, f"the jars of {pom} {version}", f"-Dclients.version={version}"), folder)
    return folder


def _copied_jars(pom: pathlib.Path, folder: pathlib.Path, what: str, *settings: str) -> pathlib.Path:
    if not shutil.which("mvn"):
        raise Skip("maven is not installed")
    partial = folder.with_name(f"{folder.name}.{os.getpid()}")
    partial.mkdir(parents=True)
    command = ["mvn", "-B", "-q", "-f", str(pom), *settings,
               "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies",
               "-DincludeScope=runtime", f"-DoutputDirectory={partial}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        problem = done.stdout.strip().splitlines()[:1] if done.returncode else []
    except subprocess.TimeoutExpired:
        problem = ["no answer within 10 minutes"]
    if problem:
        shutil.rmtree(partial)
        raise Skip(f"Maven could not fetch {what}: {problem[0]}")
    return partial


def _complete(partial: pathlib.Path, folder: pathlib.Path) -> None:
    (partial / "complete").touch()
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def _read_classes() -> list[str]:
    """Options with which a tool takes Kafka's classes as a first run left them in memory: 0.6 s instead of 0.8, most of it
    processor time. A JVM that cannot use them reads the jars, as it does without."""
    folder = libs()
    machine = pathlib.Path(shutil.which("java") or "java").resolve()
    build = hashlib.sha256(f"{machine} {machine.stat().st_mtime}".encode()).hexdigest()[:16]
    archive = folder / f"classes-{build}.jsa"
    with PREPARING:
        if not archive.exists():
            _write_classes(folder, archive)
    return [f"-XX:SharedArchiveFile={archive}", "-Xlog:cds=off", "-Xlog:cds+dynamic=off"] if archive.stat().st_size else []


def _write_classes(folder: pathlib.Path, archive: pathlib.Path) -> None:
    """By a tool that asks nobody, and so gives up: what it loads by then is nearly all that others need."""
    partial = archive.with_suffix(f".{os.getpid()}")
    impatient = archive.with_suffix(".properties")
    impatient.write_text("default.api.timeout.ms=1000\nrequest.timeout.ms=500\n")
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(["java", f"-XX:ArchiveClassesAtExit={partial}", *_TOOL_JVM, f"-Dlog4j2.configurationFile={folder}/log4j2-tools.xml",
                        "-cp", f"{folder}/*", _CLASSES["kafka-topics"], "--list", "--bootstrap-server", "localhost:1", "--command-config", impatient],
                       capture_output=True, timeout=60)
    if partial.exists():
        partial.rename(archive)
    else:
        archive.touch()  # not with this JVM: it is not tried again


def java(main_class: str, *args: str, jvm: list[str] | None = None, log: str = "tools",
         classpath: str = "") -> list[str]:
    """The command line that runs a Java class with Kafka's jars on the class path."""
    jars = f"{classpath}:{libs()}/*" if classpath else f"{libs()}/*"
    if jvm is None:
        jvm = _TOOL_JVM + ([] if classpath else _read_classes())
    return ["java", *jvm, f"-Dlog4j2.configurationFile={libs()}/log4j2-{log}.xml", "-cp", jars,
            main_class, *args]


def tool(name: str, *args: str) -> list[str]:
    return java(_CLASSES[name], *args)


def server(properties: pathlib.Path, jvm: list[str]) -> list[str]:
    return java(_CLASSES["kafka-server"], str(properties), jvm=jvm, log="broker")

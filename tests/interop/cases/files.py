"""Files: kafka-dump-log, which knows nothing of our code, reads what the broker left in its data folder."""

import collections
import pathlib
import re
import shutil
import time

from harness import clients, kafka_dist
from harness.broker import Broker, KafkaBroker
from harness.case import Context, Registry
from harness.outcome import Failure, expect, expect_equal

registry = Registry()

_RECORDS = 60_000
_COMPLAINTS = re.compile(r"isvalid: false|Mismatches|Non-consecutive|exception|error|Couldn't|not recognized|Found timestamp mismatch|"
                         r"Found out of order timestamp|failed", re.IGNORECASE)

# The tool counts from -1 in each file, so it finds a gap before the first record of every segment but the first.
_FIRST_RECORD = re.compile(r"Non-consecutive offsets in \S+/0*(\d+)\.log\n\s*-1 is followed by \1\n")


def _fill(context: Context) -> Broker:
    """A broker of this case's own, filled by the Java program and stopped."""
    broker = context.new_broker()
    broker.start()
    _java(context, broker, "fill", str(_RECORDS))
    broker.stop()
    return broker


def _java(context: Context, broker: Broker, *arguments: str) -> None:
    context.run(kafka_dist.java("Main", *arguments, classpath=str(clients.java_classes())), env={"BOOTSTRAP": broker.bootstrap})


def _dump(context: Context, files: list[pathlib.Path], *options: str) -> str:
    expect(bool(files), "there are no such files")
    done = context.run(kafka_dist.tool("kafka-dump-log", "--files", ",".join(map(str, files)), *options))
    said = _FIRST_RECORD.sub("", done.stdout + done.stderr)
    if complaint := _COMPLAINTS.search(said):
        raise Failure(f"kafka-dump-log says {said[max(0, complaint.start() - 200):complaint.end() + 200]}")
    return done.stdout


def _files(broker: Broker, context: Context, kind: str) -> list[pathlib.Path]:
    return sorted(broker.data.glob(f"{context.prefix}user-events-0/*.{kind}"))


@registry.case(f"dump-log-{kafka_dist.VERSION}/segments", limit_seconds=180)
def segments(context: Context) -> None:
    broker = _fill(context)
    logs = _files(broker, context, "log")
    expect(len(logs) >= 2, f"only {len(logs)} segments")
    offset = 0
    codecs = set()
    for line in _dump(context, logs, "--deep-iteration").splitlines():
        if batch := re.match(r"baseOffset: (\d+) lastOffset: (\d+) .*compresscodec: (\w+) .*isvalid: true", line):
            expect_equal(int(batch[1]), offset, "base offset of the next batch")
            codecs.add(batch[3])
        elif record := re.match(r"\| offset: (\d+) .*headerKeys: \[sequence,empty\]", line):
            expect_equal(int(record[1]), offset, "next offset")
            offset += 1
    expect_equal(offset, _RECORDS, "records in the segments")
    expect_equal(codecs, {"none", "gzip", "snappy", "lz4", "zstd"}, "codecs in the segments")
    for log, following in zip(logs, logs[1:]):
        expect(log.stat().st_size <= 1 << 20, f"{log.name} is {log.stat().st_size} bytes, segment.bytes is 1 MiB")
        expect(int(log.stem) < int(following.stem), "names of segments")

    indexes = _files(broker, context, "index")
    expect_equal(len(indexes), len(logs), "offset indexes")
    entries = _dump(context, indexes)
    expect(len(re.findall(r"^offset: \d+ position: \d+$", entries, re.MULTILINE)) > 100, "the offset indexes are nearly empty")
    _dump(context, indexes, "--index-sanity-check")
    times = _dump(context, _files(broker, context, "timeindex"))
    expect(len(re.findall(r"^timestamp: \d{13} offset: \d+$", times, re.MULTILINE)) > 100, "the time indexes are nearly empty")
    _snapshots_and_checkpoints(context, broker)


def _snapshots_and_checkpoints(context: Context, broker: Broker) -> None:
    snapshots = _dump(context, _files(broker, context, "snapshot")[-1:])
    expect(re.search(r"producerId: \d+ producerEpoch: 0 coordinatorEpoch: -1 currentTxnFirstOffset: (None|OptionalLong.empty) "
                     r".*lastSequence: \d+", snapshots) is not None, f"producer snapshot: {snapshots}")
    folder = broker.data / f"{context.prefix}user-events-0"
    epochs = (folder / "leader-epoch-checkpoint").read_text().splitlines()
    expect_equal((epochs[0], epochs[1], epochs[2].split()[1]), ("0", "1", "0"), "leader-epoch-checkpoint")
    metadata = dict(line.split(":", 1) for line in (folder / "partition.metadata").read_text().splitlines())
    expect_equal(metadata["version"].strip(), "0", "version in partition.metadata")
    expect(len(metadata["topic_id"].strip()) == 22, f"topic id in partition.metadata: {metadata}")
    expect((broker.data / "meta.properties").exists(), "no meta.properties")
    expect((broker.data / ".kafka_cleanshutdown").exists(), "no clean-shutdown marker after a clean stop")


@registry.case(f"dump-log-{kafka_dist.VERSION}/group-offsets", limit_seconds=120)
def group_offsets(context: Context) -> None:
    broker = _fill(context)
    logs = [log for log in sorted(broker.data.glob("__consumer_offsets-*/*.log")) if log.stat().st_size]
    text = _dump(context, logs, "--offsets-decoder")
    commits: dict[int, int] = collections.defaultdict(int)
    group = re.escape(f"{context.prefix}my-consumer-group")
    for partition, offset in re.findall(rf'"group":"{group}".*?"partition":(\d+).*?"offset":(\d+)', text):
        commits[int(partition)] = int(offset)
    expect_equal(commits[0], _RECORDS, f"last committed offset in {text[-800:]}")
    expect(re.search(rf'"group":"{group}"\}}\}} payload: .*"protocolType":"consumer"', text) is not None, "no group metadata record")
    expect("Failed to decode" not in text, "a record could not be decoded")


@registry.case(f"dump-log-{kafka_dist.VERSION}/after-kill-9", limit_seconds=180)
def after_kill(context: Context) -> None:
    """After a crash and the recovery the files are whole again, and everything acknowledged is there."""
    broker = context.new_broker()
    broker.start()
    _java(context, broker, "fill", str(_RECORDS))
    broker.kill()
    broker.start()
    _java(context, broker, "verify", str(_RECORDS))
    broker.stop()
    logs = _files(broker, context, "log")
    _dump(context, logs, "--deep-iteration")
    _dump(context, _files(broker, context, "index"), "--index-sanity-check")
    _dump(context, _files(broker, context, "timeindex"))


_COMPACTED = "compacted"
_ROUNDS, _KEYS = 40, 50


def _fill_compacted(context: Context) -> Broker:
    """Records of few keys, in every codec, some of them deleted, compacted by our broker and read by Apache Kafka's consumer."""
    broker = context.new_broker()
    broker.properties |= {"log.cleaner.backoff.ms": "100"}
    broker.start()
    options = ["cleanup.policy=compact", "segment.ms=1000", "min.cleanable.dirty.ratio=0.01", "file.delete.delay.ms=100",
               "delete.retention.ms=86400000"]
    context.run(kafka_dist.tool("kafka-topics", "--bootstrap-server", broker.bootstrap, "--create", "--topic", _COMPACTED, "--partitions", "1",
                                *[word for option in options for word in ("--config", option)]))
    for codec in ("none", "gzip", "snappy", "lz4", "zstd", ""):  # each begins a segment, and the last one ends what is compacted
        lines = [f"{codec}-{key}:" + ("NULL" if number == _ROUNDS - 1 and key % 5 == 0 else f"{number}" + "v" * 200)
                 for number in range(_ROUNDS) for key in range(_KEYS)] if codec else ["last:0"]
        context.run(kafka_dist.tool("kafka-console-producer", "--bootstrap-server", broker.bootstrap, "--topic", _COMPACTED,
                                    "--compression-codec", codec or "none", "--reader-property", "parse.key=true",
                                    "--reader-property", "key.separator=:", "--reader-property", "null.marker=NULL"),
                    stdin="\n".join(lines) + "\n")
    end = time.monotonic() + 60
    while (count := len(_consumed(context, broker))) > 5 * _KEYS * 8:
        if time.monotonic() > end:
            raise Failure(f"{count} records are left: {broker.log_tail()}")
    return broker


def _consumed(context: Context, broker: Broker) -> list[str]:
    done = context.run(kafka_dist.tool("kafka-console-consumer", "--bootstrap-server", broker.bootstrap, "--topic", _COMPACTED, "--from-beginning",
                                       "--formatter-property", "print.key=true", "--formatter-property", "print.offset=true",
                                       "--timeout-ms", "4000"))
    return [line for line in done.stdout.splitlines() if line.startswith("Offset:")]


def _newest(lines: list[str]) -> dict[str, str]:
    """Of each key that is there, what comes first in its value: the number of its round."""
    newest = {}
    for line in lines:
        _, key, value = line.split("\t")
        newest[key] = value.rstrip("v")
    return newest


@registry.case(f"dump-log-{kafka_dist.VERSION}/compacted", limit_seconds=300)
def compacted(context: Context) -> None:
    """What our cleaner leaves is read alike by our broker, by kafka-dump-log and by a broker of Apache Kafka that starts on it."""
    broker = _fill_compacted(context)
    wanted = _consumed(context, broker)
    newest = _newest(wanted)
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        for key in range(_KEYS):
            expect_equal(newest.get(f"{codec}-{key}"), "null" if key % 5 == 0 else f"{_ROUNDS - 1}", f"newest value of {codec}-{key}")
    broker.stop()
    folder = broker.data / f"{_COMPACTED}-0"
    logs = sorted(folder.glob("*.log"))
    done = context.run(kafka_dist.tool("kafka-dump-log", "--files", ",".join(map(str, logs)), "--deep-iteration"))
    expect("isvalid: false" not in done.stdout and "deleteHorizonMs: OptionalLong[" in done.stdout, f"kafka-dump-log says {done.stdout[-800:]}")
    dumped = [int(offset) for offset in re.findall(r"^\| offset: (\d+) ", done.stdout, re.MULTILINE)]
    expect_equal(dumped, [int(line.split("\t")[0].removeprefix("Offset:")) for line in wanted], "offsets by kafka-dump-log")
    for kind in ("index", "timeindex"):
        files = [file for file in sorted(folder.glob(f"*.{kind}")) if file.with_suffix(".index").exists()]  # not of a batch alone
        _dump(context, files, *(["--index-sanity-check"] if kind == "index" else []))
    _expect_kafka_reads_alike(context, folder, wanted)


def _expect_kafka_reads_alike(context: Context, folder: pathlib.Path, wanted: list[str]) -> None:
    """A topic of that name is made on Apache Kafka, and its files give way to ours."""
    kafka = KafkaBroker(context.folder / "apache")
    try:
        kafka.start()
        context.run(kafka_dist.tool("kafka-topics", "--bootstrap-server", kafka.bootstrap, "--create", "--topic", _COMPACTED, "--partitions", "1",
                                    "--config", "cleanup.policy=compact", "--config", "min.cleanable.dirty.ratio=1"))
        kafka.stop()
        theirs = kafka.data / folder.name
        for file in theirs.iterdir():
            if file.name != "partition.metadata":
                file.unlink()
        for file in folder.iterdir():
            if file.name != "partition.metadata":
                shutil.copy(file, theirs)
        for name in ("recovery-point-offset-checkpoint", "replication-offset-checkpoint", ".kafka_cleanshutdown"):
            (kafka.data / name).unlink(missing_ok=True)
        kafka.start()
        expect_equal(_consumed(context, kafka), wanted, "records by a broker of Apache Kafka")
    finally:
        kafka.kill()
